// Files, as every runtime's provider offers them.

export interface FileStat {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
}

export interface DirEntry {
  readonly name: string;
  readonly kind: FileStat["kind"];
}

/** A file by its name alone: nothing is opened or read until one of these is called. */
export interface LazyFile {
  readonly path: string;
  exists(): Promise<boolean>;
  sizeBytes(): Promise<number>;
  /** The whole file, or from byte `start` up to, without, byte `end`. */
  bytes(range?: { readonly start?: number; readonly end?: number }): Promise<Uint8Array>;
  text(): Promise<string>;
  /** In pieces, as they are asked for. */
  stream(): ReadableStream<Uint8Array>;
}

export interface WriteOptions {
  /** Permission bits of a new file. Default 0o644. */
  readonly mode?: number;
  /** Whether the bytes are on the disk before the file has its name. Default false. */
  readonly sync?: boolean;
}

export interface WatchOptions {
  /** Changes are gathered until there was none for this long. Default 50. */
  readonly debounceMs?: number;
}

export interface FsWatcher {
  /** Nothing is told after this. */
  close(): void;
}

export interface GlobOptions {
  /** Where the pattern begins. Default: the working directory. */
  readonly cwd?: string;
  /** Whether names that begin with a dot can match without being written out. Default false. */
  readonly dot?: boolean;
}

/** Paths are absolute or from the working directory. Whatever fails, fails with a `RuntimeFailure`. */
export interface FsProvider {
  readFile(path: string): Promise<Uint8Array>;
  /** UTF-8; what is none is replaced by U+FFFD. */
  readTextFile(path: string): Promise<string>;
  /** Atomic: whoever reads sees the file before or after, never a part. */
  writeFile(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<void>;
  openFile(path: string): LazyFile;
  /** By name, in the order of their UTF-16 code units. */
  readDir(path: string): Promise<readonly DirEntry[]>;
  /** With the folders above it; one that is there already is fine. */
  mkdir(path: string): Promise<void>;
  /** A folder that is not empty needs `recursive`; what is not there is a failure without `force`. */
  rm(path: string, options?: { readonly recursive?: boolean; readonly force?: boolean }): Promise<void>;
  /** Everything in and below a folder; tells sorted paths relative to it. Resolves when it watches. */
  watch(path: string, onChange: (paths: readonly string[]) => void, options?: WatchOptions): Promise<FsWatcher>;
  /** Of a link, what it points to. */
  stat(path: string): Promise<FileStat>;
  exists(path: string): Promise<boolean>;
  /** One file; its mode goes with it. */
  copy(from: string, to: string): Promise<void>;
  /** A second name for the same file. */
  link(existing: string, path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  /**
   * Files, not folders, whose path from `cwd` matches: `*`, `**`, `?`, `[…]`, `{a,b}`. Links to folders are not followed. In
   * the order of their UTF-16 code units.
   */
  glob(pattern: string, options?: GlobOptions): Promise<readonly string[]>;
  /** A new folder that is nobody else's, in the system's place for such. */
  tempDir(prefix?: string): Promise<string>;
}

const debounceMsDefault = 50;

/** Gathers names until there was no new one for a while, then tells all of them at once. */
export class Debounce {
  readonly #names = new Set<string>();
  readonly #tell: (names: readonly string[]) => void;
  readonly #waitMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (names: readonly string[]) => void, waitMs: number = debounceMsDefault) {
    this.#tell = tell;
    this.#waitMs = waitMs;
  }

  add(name: string): void {
    this.#names.add(name);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const names = [...this.#names].toSorted();
      this.#names.clear();
      this.#tell(names);
    }, this.#waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#names.clear();
  }
}

/** The name under which a file is written before it gets its own: beside it, so that renaming stays on one disk. */
export function besideName(path: string, unique: string): string {
  const cut = path.lastIndexOf("/") + 1;
  return `${path.slice(0, cut)}.${path.slice(cut)}.${unique}.tmp`;
}

export const fileModeDefault = 0o644;
