// A file of log lines on its way to a server, in batches that are taken once: where it was cut does not depend on when it is read.
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";

const batchBytesMax = 1_000_000;
const batchLinesMax = 5_000;
const readBytes = 256 * 1024;

/** Some whole records of a file. */
export interface ShippedBatch {
  /** The same for the same place of the same file with the same content. */
  readonly key: string;
  readonly records: readonly string[];
}

/** Reads records from a file, from its beginning, past its being replaced by another of the same name. */
export class ShippedFile {
  readonly #path: string;
  readonly #joinsLines: boolean;
  #file: number | undefined;
  #inode = 0;
  /** Where what was read but not given out begins. */
  #at = 0;
  #rest = Buffer.alloc(0);

  /** `joinsLines`: a line that begins with a space belongs to the one before, as those of stack traces do. */
  constructor(path: string, { joinsLines }: { readonly joinsLines: boolean }) {
    this.#path = resolve(path);
    this.#joinsLines = joinsLines;
    this.#open();
  }

  #open(): void {
    this.#file = openSync(this.#path, "r");
    this.#inode = fstatSync(this.#file).ino;
    this.#at = 0;
    this.#rest = Buffer.alloc(0);
  }

  /** What is there now. `last`: nothing will be added, so that what has no end of line is a line too. */
  *batches(last: boolean): Generator<ShippedBatch> {
    for (;;) {
      const more = this.#read();
      const whole = more && this.#rest.length < batchBytesMax;
      if (whole) continue;
      yield* this.#cut(!more && last);
      if (!more) return;
    }
  }

  /** Another file has taken the name, or this one was cut: the next batches are of what is there now. */
  followRotation(): boolean {
    const now = statSync(this.#path, { throwIfNoEntry: false });
    if (now === undefined) return false;
    if (now.ino === this.#inode && now.size >= this.#at + this.#rest.length) return false;
    this.close();
    this.#open();
    return true;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #read(): boolean {
    if (this.#file === undefined) return false;
    const piece = Buffer.alloc(readBytes);
    const count = readSync(this.#file, piece, 0, readBytes, this.#at + this.#rest.length);
    if (count > 0) this.#rest = Buffer.concat([this.#rest, piece.subarray(0, count)]);
    return count > 0;
  }

  *#cut(last: boolean): Generator<ShippedBatch> {
    let end = last ? this.#rest.length : this.#rest.lastIndexOf("\n") + 1;
    // The lines of the last record may still be coming.
    if (!last && this.#joinsLines) end = this.#lastRecord(end);
    if (end <= 0) return;
    const from = this.#at;
    const bytes = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    this.#at += end;
    const records = this.#recordsIn(bytes.toString("utf8"));
    for (let i = 0; i < records.length; i += batchLinesMax) {
      const part = records.slice(i, i + batchLinesMax);
      const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify([this.#path, this.#inode, from, i, part]));
      yield { key: hash.digest("hex"), records: part };
    }
  }

  /** Where the last record begins, before `end`. */
  #lastRecord(end: number): number {
    for (let at = this.#rest.lastIndexOf("\n", end - 2) + 1; at > 0; at = this.#rest.lastIndexOf("\n", at - 2) + 1) {
      if (!isSpace(this.#rest[at])) return at;
      if (at < 2) break;
    }
    return 0;
  }

  #recordsIn(text: string): string[] {
    const records: string[] = [];
    for (const line of text.split("\n")) {
      const clean = line.endsWith("\r") ? line.slice(0, -1) : line;
      if (clean.trim() === "") continue;
      if (this.#joinsLines && /^\s/.test(clean) && records.length > 0) {
        records[records.length - 1] = `${records.at(-1) ?? ""}\n${clean}`;
      } else records.push(clean);
    }
    return records;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** A record as an entry: JSON objects as they are, anything else as a line. */
export function entryOf(record: string): unknown {
  if (!record.startsWith("{")) return record;
  try {
    return JSON.parse(record) as unknown;
  } catch {
    // It only looked like one.
    return record;
  }
}
