// What builds need of their surroundings, and what the runner and the cache of this room agree on.

/** Lower-case hex of a SHA-256, 64 characters. */
export type Digest = string;

/** One thing that a task left, in the order of paths. Paths are relative to the task's package, with slashes, and never climb out. */
export type OutputEntry = { readonly path: string } & (
  | { readonly type: "file"; readonly digest: Digest; /** Bytes. */ readonly size: number; readonly mode: number }
  | { readonly type: "link"; /** As it is written in the link, not followed. */ readonly target: string }
  | { readonly type: "dir"; readonly mode: number }
);

/** What a finished task left: kept under the task's key, and written after everything that it names. */
export interface ActionResult {
  /** The task's key, a digest of all that its result may depend on. */
  readonly key: Digest;
  /** Only what succeeded is kept. */
  readonly exitCode: 0;
  readonly outputs: readonly OutputEntry[];
  /** Of the bytes that the task wrote, in the order in which they came. */
  readonly log: Digest;
  readonly durationMs: number;
  readonly createdAtMs: number;
  /** Words for people: the task, where it ran. Nothing in here decides anything. */
  readonly meta: Readonly<Record<string, string>>;
  /** Of who executed it, where they sign: `ed25519/NAME:base64`. */
  readonly signature?: string;
}

/**
 * What the runner asks of a cache. Nothing of it rejects because the cache is down, full or wrong: an outage is a miss when asked,
 * and "incomplete" when told. An abort of the build is the caller's to see to.
 */
export interface BuildCache {
  /** With a good signature, from a scope that the caller may read. Undefined also where a blob that it names is not there. */
  find(key: Digest): Promise<ActionResult | undefined>;
  /** `into`: an absolute path in a folder that is there; the file appears whole under its name, or not at all. Its mode is the caller's. */
  fetch(digest: Digest, into: string): Promise<"ok" | "missing" | "corrupt">;
  /** Those of the digests that are there. */
  has(digests: readonly Digest[]): Promise<ReadonlySet<Digest>>;
  /** The file is read once and may change meanwhile: digest and size are of what was kept. */
  put(file: { readonly path: string } | { readonly bytes: Uint8Array }): Promise<{ digest: Digest; size: number }>;
  /** "kept-first": another result is kept under this key. "incomplete": a blob that it names is not there, or the cache does not answer. */
  commit(result: ActionResult): Promise<"stored" | "kept-first" | "incomplete">;
}

/** What an entry of a folder is, without following links. */
export type FileKind = "file" | "dir" | "link" | "other";

export interface FileStat {
  readonly kind: FileKind;
  /** Bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly ino: number;
  /** Milliseconds since 1970, with what there is of fractions. The second changes with every write, also where the first is set back. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** Files of this machine, looked at in place: a build looks at thousands, and each of them is quicker than a promise. Paths are absolute. */
export interface Files {
  /** Undefined where there is no such file, or it is none. */
  readText(path: string): string | undefined;
  /** Undefined where there is nothing. */
  stat(path: string): FileStat | undefined;
  /** Entries of a folder in order of names; empty where there is none. */
  list(path: string): readonly { readonly name: string; readonly kind: FileKind }[];
  /** SHA-256 of a file's bytes; undefined where there is none that can be read. */
  digest(path: string): Digest | undefined;
  /** Undefined where it is no link. */
  readLink(path: string): string | undefined;
  makeFolder(path: string): void;
  /** The file appears whole or not at all. */
  write(path: string, bytes: Uint8Array | string): void;
  makeLink(path: string, target: string): void;
  setMode(path: string, mode: number): void;
  /** A file, link or empty folder; nothing where it is not there, or the folder is not empty. */
  remove(path: string): void;
  readBytes(path: string): Uint8Array | undefined;
}

export interface Git {
  /** Paths from the folder on that are tracked, or neither tracked nor ignored, sorted by code units. Undefined where git does not know the folder. */
  files(folder: string): Promise<readonly string[] | undefined>;
  /** Paths from the folder on whose content differs from that of a commit or branch, untracked ones included. Undefined where there is no such commit. */
  changed(
    folder: string,
    p: { readonly from: string; readonly to?: string | undefined },
  ): Promise<readonly string[] | undefined>;
  /** Of these paths, those that are tracked. */
  tracked(folder: string, paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** Undefined where there is none. */
  head(folder: string): Promise<{ readonly sha: string; readonly branch: string } | undefined>;
}

interface ProcessSpec {
  /** Program and arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly output: (bytes: Uint8Array) => void;
}

export interface ProcessEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

export interface RunningProcess {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** Tells the process and all that came of it. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface Processes {
  /** Fails with words where there is no such program. */
  spawn(
    spec: ProcessSpec,
  ): { readonly ok: true; readonly process: RunningProcess } | { readonly ok: false; readonly why: string };
}

/** Remembers what is running, so that what a killed build has left behind can be ended before it writes into the next one. */
export interface RunningNotes {
  began(pid: number): void;
  ended(pid: number): void;
}

/** Where what a build consists of is done: as steps of a run, or at once. A step that was done before gives what it gave then. */
export interface Journal {
  step<T>(name: string, body: (signal: AbortSignal) => Promise<T>): Promise<T>;
}
