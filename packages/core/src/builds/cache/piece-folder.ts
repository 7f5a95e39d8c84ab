// Files named by the SHA-256 of their bytes: a name that exists was whole when it appeared. Nothing is synced, since a cache may lose
// what it has but not be wrong: a file is trusted while it looks as it did when it was written or read to its end, in this life of the
// machine; otherwise it is read again first.
import {
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const prefixCharacters = 2;
const partFolder = "parts";
const quarantineFolder = "quarantine";
const hashPattern = /^[0-9a-f]{64}$/;

export interface PieceFolderParts {
  readonly folder: string;
  /** Names this life of the machine: what was written in an earlier one may never have reached the disk. */
  readonly boot: string;
  readonly newId: () => string;
}

export class PieceFolder {
  readonly #parts: PieceFolderParts;

  constructor(parts: PieceFolderParts) {
    this.#parts = parts;
    mkdirSync(join(parts.folder, partFolder), { recursive: true, mode: 0o700 });
  }

  fileOf(hash: string): string {
    return join(this.#parts.folder, hash.slice(0, prefixCharacters), hash.slice(prefixCharacters));
  }

  /** How the file looks; undefined where there is none. The time of its last change of any kind is in it: no edit can keep that. */
  stampOf(hash: string): string | undefined {
    const found = statSync(this.fileOf(hash), { bigint: true, throwIfNoEntry: false });
    return found === undefined
      ? undefined
      : `${found.size}:${found.mtimeNs}:${found.ctimeNs}:${found.ino}:${this.#parts.boot}`;
  }

  /** Writes a file that has no name yet; for `place` or `drop`. */
  part(bytes: Uint8Array): string {
    const part = join(this.#parts.folder, partFolder, this.#parts.newId());
    writeFileSync(part, bytes, { flag: "wx", mode: 0o600 });
    return part;
  }

  drop(part: string): void {
    rmSync(part, { force: true });
  }

  /** Moves a part to the place of its name, whatever was there. Answers how the file then looks. */
  place(part: string, hash: string): string {
    mkdirSync(join(this.#parts.folder, hash.slice(0, prefixCharacters)), { recursive: true, mode: 0o700 });
    renameSync(part, this.fileOf(hash));
    return this.stampOf(hash) ?? "";
  }

  /** Throws what the disk says. */
  read(hash: string): Uint8Array {
    return readFileSync(this.fileOf(hash));
  }

  /** Takes a file out of service and keeps it for whoever wants to know what became of it. Replaces the one that was kept before. */
  quarantine(hash: string): void {
    const kept = join(this.#parts.folder, quarantineFolder);
    mkdirSync(kept, { recursive: true, mode: 0o700 });
    try {
      renameSync(this.fileOf(hash), join(kept, hash));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Every file that has been taken out of service. */
  quarantined(): readonly string[] {
    return namesIn(join(this.#parts.folder, quarantineFolder)).filter((name) => hashPattern.test(name));
  }

  remove(hash: string): void {
    rmSync(this.fileOf(hash), { force: true });
  }

  /** Copies a file to one that is not there yet, by reflink where the disk can. */
  copy(hash: string, to: string): void {
    copyFileSync(this.fileOf(hash), to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }

  /** Every file there is, with when it was last written; milliseconds since 1970. */
  *list(): Generator<{ readonly hash: string; readonly changedAt: number }> {
    for (const prefix of namesIn(this.#parts.folder)) {
      if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
      for (const rest of namesIn(join(this.#parts.folder, prefix))) {
        const hash = prefix + rest;
        const found = statSync(this.fileOf(hash), { throwIfNoEntry: false });
        if (hashPattern.test(hash) && found !== undefined) yield { hash, changedAt: found.mtimeMs };
      }
    }
  }

  /** Removes what writers left behind that died, and what was taken out of service, as far as it is older. */
  sweep(p: { readonly partsBefore: number; readonly quarantineBefore: number }): void {
    const { folder } = this.#parts;
    removeOlder(join(folder, partFolder), p.partsBefore);
    removeOlder(join(folder, quarantineFolder), p.quarantineBefore);
  }
}

function removeOlder(folder: string, than: number): void {
  for (const each of namesIn(folder)) {
    const found = statSync(join(folder, each), { throwIfNoEntry: false });
    if (found !== undefined && found.mtimeMs < than) rmSync(join(folder, each), { force: true });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
