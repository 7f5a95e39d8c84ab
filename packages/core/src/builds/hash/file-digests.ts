// Digests of files, taken once and remembered for as long as a file is the same by everything the system says of it.
import { digestOfTexts, sha256 } from "./fingerprint.ts";
import type { Digest, Files, FileStat } from "../ports.ts";

/** A digest with how the file looked when it was taken. */
export interface KnownFile {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
  readonly digest: Digest;
}

/** Keeps them between builds; to lose it costs time only. */
export interface FileMemory {
  all(): Map<string, KnownFile>;
  put(files: ReadonlyMap<string, KnownFile>): void;
}

/**
 * Clocks of file systems go in steps: a write in the same step as a look leaves no trace in the times. Only what was last changed so
 * long before the look is remembered. The longest step in use is that of FAT, 2 s; of the others it is 10 ms.
 */
const settledAfterMs = 50;

export class FileDigests {
  readonly #files: Files;
  readonly #memory: FileMemory;
  readonly #root: string;
  readonly #now: () => number;
  #known: Map<string, KnownFile> | undefined;
  readonly #fresh = new Map<string, KnownFile>();
  /** How many files were read. */
  read = 0;

  constructor(p: {
    readonly files: Files;
    readonly memory: FileMemory;
    readonly root: string;
    readonly now: () => number;
  }) {
    this.#files = p.files;
    this.#memory = p.memory;
    this.#root = p.root;
    this.#now = p.now;
  }

  /** Of a path from the root on: what it holds and whether it can be executed, or where a link leads. Undefined where there is nothing. */
  of(path: string): Digest | undefined {
    const absolute = `${this.#root}/${path}`;
    const stat = this.#files.stat(absolute);
    if (stat === undefined || stat.kind === "dir" || stat.kind === "other") return undefined;
    if (stat.kind === "link") return sha256(`link\0${this.#files.readLink(absolute) ?? ""}`);
    const content = this.content(path, stat);
    return content !== undefined && (stat.mode & 0o111) !== 0 ? `${content}+x` : content;
  }

  /** SHA-256 of a file's bytes. */
  content(path: string, stat: FileStat): Digest | undefined {
    this.#known ??= this.#memory.all();
    const known = this.#fresh.get(path) ?? this.#known.get(path);
    if (known !== undefined && isSame(known, stat)) return known.digest;
    const lookedAtMs = this.#now();
    this.read++;
    const digest = this.#files.digest(`${this.#root}/${path}`);
    if (digest === undefined) return undefined;
    const { size, mtimeMs, ctimeMs, ino } = stat;
    if (Math.max(mtimeMs, ctimeMs) + settledAfterMs < lookedAtMs)
      this.#fresh.set(path, { size, mtimeMs, ctimeMs, ino, digest });
    return digest;
  }

  /** Remembers what was taken since the last time. */
  save(): void {
    if (this.#fresh.size === 0) return;
    this.#memory.put(this.#fresh);
    for (const [path, known] of this.#fresh) this.#known?.set(path, known);
    this.#fresh.clear();
  }
}

function isSame(known: KnownFile, stat: FileStat): boolean {
  return (
    known.ctimeMs === stat.ctimeMs &&
    known.mtimeMs === stat.mtimeMs &&
    known.size === stat.size &&
    known.ino === stat.ino
  );
}

/** Of files by path; what is not there any more is left out. Paths have to be sorted. */
export function digestOfFiles(entries: Iterable<readonly [path: string, digest: Digest]>): Digest {
  return digestOfTexts([...entries].flat());
}
