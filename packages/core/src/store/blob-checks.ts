// Which blobs have been held against their names, and how their files looked then: one that still looks so is not read again. A change
// that leaves size and times as they were, as a disk that rots makes it, is found once the server has started anew.
import type { Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** Blobs that are remembered, at some 200 bytes each. */
const rememberedMax = 10_000;
/** Files up to this are read at once and hashed off this thread; longer ones in pieces. */
const readWholeBytesMax = 4 * 1_048_576;

/** How a file looks to `stat`. */
interface Look {
  readonly inode: number;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
}

export interface Checked {
  readonly outcome: "intact" | "other_content";
  /** Of the file that was looked at. */
  readonly inode: number;
  readonly bytes: number;
}

export class BlobChecks {
  readonly #known = new Map<string, Look>();
  readonly #underWay = new Map<string, Promise<Checked>>();

  /** The file was just written, whole and verified. */
  async wrote(hash: string, path: string): Promise<void> {
    this.#remember(hash, lookOf(await stat(path)));
  }

  /** Holds a file against its name, unless it looks as it did when it last was. Rejects with what the disk says. */
  async check(hash: string, path: string): Promise<Checked> {
    const look = lookOf(await stat(path));
    if (this.#isKnown(hash, look)) return checked("intact", look);
    // Many want a blob at once, and it is read once.
    const underWay = this.#underWay.get(hash) ?? this.#sum(hash, path).finally(() => this.#underWay.delete(hash));
    this.#underWay.set(hash, underWay);
    return underWay;
  }

  /** The same with what the file holds. */
  async read(hash: string, path: string): Promise<Checked & { readonly content: Uint8Array }> {
    const file = await open(path, "r");
    try {
      const look = lookOf(await file.stat());
      const content = new Uint8Array(await file.readFile());
      const intact = this.#isKnown(hash, look) || (await sha256(content)) === hash;
      return { ...this.#judge(hash, look, intact), content };
    } finally {
      await file.close();
    }
  }

  async #sum(hash: string, path: string): Promise<Checked> {
    const file = await open(path, "r");
    try {
      const look = lookOf(await file.stat());
      return this.#judge(hash, look, (await sumOf(file, look.bytes)) === hash);
    } finally {
      await file.close();
    }
  }

  #judge(hash: string, look: Look, intact: boolean): Checked {
    if (intact) this.#remember(hash, look);
    return checked(intact ? "intact" : "other_content", look);
  }

  #isKnown(hash: string, look: Look): boolean {
    const known = this.#known.get(hash);
    if (known === undefined || !isSame(known, look)) return false;
    this.#remember(hash, look);
    return true;
  }

  /** As the newest; the one that nobody has asked for for longest goes. */
  #remember(hash: string, look: Look): void {
    this.#known.delete(hash);
    this.#known.set(hash, look);
    const [oldest] = this.#known.keys();
    if (this.#known.size > rememberedMax && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Of bytes that nobody else can change, in hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

async function sumOf(file: FileHandle, bytes: number): Promise<string> {
  if (bytes <= readWholeBytesMax) return sha256(new Uint8Array(await file.readFile()));
  const { sumOfFile } = await import("./blob-intake.ts");
  return sumOfFile(file);
}

function checked(outcome: Checked["outcome"], { inode, bytes }: Look): Checked {
  return { outcome, inode, bytes };
}

function lookOf({ ino: inode, size: bytes, mtimeMs: modifiedMs, ctimeMs: changedMs }: Stats): Look {
  return { inode, bytes, modifiedMs, changedMs };
}

function isSame(a: Look, b: Look): boolean {
  return a.inode === b.inode && a.bytes === b.bytes && a.modifiedMs === b.modifiedMs && a.changedMs === b.changedMs;
}
