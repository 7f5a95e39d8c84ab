// Blobs by the SHA-256 of their content, kept as one file or, where they are long, as pieces that versions of them share. Files are
// packed where that pays. What is read was verified when it was written, and again whenever its file does not look as it did then.
import { createReadStream, lstatSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { SluiceError } from "@sluice/protocol";
import type { CacheIndex, PieceRow } from "./cache-index.ts";
import { chunkBytesMax, cutAt } from "./chunking.ts";
import type { PieceFolder } from "./piece-folder.ts";
import { isMissing } from "./piece-folder.ts";

/** Shorter pieces are not packed: what is saved is less than what opening costs. */
const packedBytesMin = 4 * 1024;
/** What packing has to save. */
const packedShareMax = 0.9;
const zstdLevel = 1;
/** Short pieces are packed and unpacked at once, others by a thread of the runtime. */
const atOnceBytesMax = 64 * 1024;
const readBytes = 256 * 1024;

export type BlobSource =
  | { readonly bytes: Uint8Array }
  | { readonly path: string }
  | { readonly pieces: AsyncIterable<Uint8Array> };

export interface BlobShelfParts {
  readonly index: CacheIndex;
  readonly files: PieceFolder;
  readonly now: () => number;
  readonly newId: () => string;
  readonly blobBytesMax: number;
  readonly uploadsMax: number;
}

/** A blob whose files are there and are what they were. */
export interface OpenBlob {
  readonly digest: string;
  readonly size: number;
  readonly pieces: readonly PieceRow[];
  readonly usedAt: number;
}

export class BlobShelf {
  readonly #parts: BlobShelfParts;
  /** Files that are written, and that no blob names yet. */
  readonly #writing = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #storing = 0;

  constructor(parts: BlobShelfParts) {
    this.#parts = parts;
  }

  /** True for a file that somebody is about to name. */
  isWriting(piece: string): boolean {
    return this.#writing.has(piece);
  }

  /**
   * Keeps content, and notes that this scope has shown it; without a scope it is only looked at. Throws `payload_too_large` and
   * what the disk or the source says; nothing can be found of it then.
   */
  async put(
    source: BlobSource,
    holder: { readonly scope: string; readonly by: string } | undefined,
  ): Promise<{ digest: string; size: number }> {
    // Each holds some pieces in memory: the sources of those that wait are not read.
    if (this.#storing >= this.#parts.uploadsMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#storing++;
    try {
      return await this.#put(source, holder);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#storing--;
      else next();
    }
  }

  async #put(
    source: BlobSource,
    holder: { readonly scope: string; readonly by: string } | undefined,
  ): Promise<{ digest: string; size: number }> {
    const whole = new Bun.CryptoHasher("sha256");
    const rows: PieceRow[] = [];
    const pending = new Pending();
    let size = 0;
    const cut = async (atEnd: boolean): Promise<void> => {
      // What is not longer than the longest piece stays whole: most blobs are one file.
      while (pending.length > (atEnd ? 0 : chunkBytesMax)) {
        const isOnly = rows.length === 0 && pending.length <= chunkBytesMax;
        const piece = isOnly ? pending.take(pending.length) : pending.take(cutAt(pending.joined()));
        if (holder !== undefined) rows.push(await this.#keep(piece));
        else rows.push({ hash: "", coding: "raw", bytes: piece.length });
      }
    };
    try {
      for await (const piece of piecesOf(source)) {
        size += piece.length;
        if (size > this.#parts.blobBytesMax) throw tooLong(this.#parts.blobBytesMax);
        whole.update(piece);
        pending.add(piece);
        if (pending.length >= 2 * chunkBytesMax) await cut(false);
      }
      await cut(true);
      const digest = whole.digest("hex");
      if (holder !== undefined) this.#name({ digest, size, rows, holder });
      return { digest, size };
    } finally {
      for (const { hash } of rows) this.#release(hash);
    }
  }

  /** All pieces are there: the blob is, from here on. */
  #name(p: {
    readonly digest: string;
    readonly size: number;
    readonly rows: readonly PieceRow[];
    readonly holder: { readonly scope: string; readonly by: string };
  }): void {
    const { index, files, now } = this.#parts;
    const { digest, size, rows, holder } = p;
    index.together(() => {
      if (!rows.every(({ hash }) => files.stampOf(hash) !== undefined)) {
        throw new SluiceError({
          code: "store_failed",
          message: "A file of the cache was taken away while it was written.",
        });
      }
      index.putBlob({ digest, size, pieces: rows, now: now() });
      index.hold({ digest, ...holder });
    });
  }

  async #keep(bytes: Uint8Array): Promise<PieceRow> {
    const { index, files } = this.#parts;
    const packed = await packedOf(bytes);
    const stored = packed ?? bytes;
    const hash = sha256(stored);
    this.#writing.set(hash, (this.#writing.get(hash) ?? 0) + 1);
    const row: PieceRow = { hash, coding: packed === undefined ? "raw" : "zstd", bytes: bytes.length };
    if (this.#looksGood(hash)) return row;
    const part = files.part(stored);
    try {
      // One transaction around file and row: an eviction in another process comes before or after both.
      index.together(() => index.putPiece({ hash, bytes: stored.length, stamp: files.place(part, hash) }));
    } catch (error) {
      files.drop(part);
      this.#release(hash);
      throw error;
    }
    return row;
  }

  #release(hash: string): void {
    const left = (this.#writing.get(hash) ?? 1) - 1;
    if (left > 0) this.#writing.set(hash, left);
    else this.#writing.delete(hash);
  }

  #looksGood(hash: string): boolean {
    const stamp = this.#parts.files.stampOf(hash);
    return stamp !== undefined && stamp === this.#parts.index.stampOf(hash);
  }

  /** A blob whose files are there and verified; those that are not what they should be are put aside, and the blob is forgotten. */
  open(digest: string): OpenBlob | "missing" | "corrupt" {
    const { index, files } = this.#parts;
    const blob = index.blob(digest);
    if (blob === undefined) return "missing";
    for (const { hash } of blob.pieces) {
      const stamp = files.stampOf(hash);
      if (stamp !== undefined && stamp === index.stampOf(hash)) continue;
      const found = stamp === undefined ? "missing" : this.#verify(hash, stamp);
      if (found === "ok") continue;
      index.together(() => {
        // Somebody may have written it anew meanwhile.
        if (files.stampOf(hash) === stamp) {
          if (found === "corrupt") files.quarantine(hash);
          index.dropPiece(hash);
        }
      });
      return found;
    }
    return blob;
  }

  #verify(hash: string, stamp: string): "ok" | "missing" | "corrupt" {
    const { index, files } = this.#parts;
    let bytes: Uint8Array;
    try {
      bytes = files.read(hash);
    } catch (error) {
      if (isMissing(error)) return "missing";
      throw error;
    }
    if (sha256(bytes) !== hash) return "corrupt";
    // Only how it looked before it was read is known to be good.
    index.together(() => index.putPiece({ hash, bytes: bytes.length, stamp }));
    return "ok";
  }

  /** The content, piece by piece. Rejects where a file goes or turns out to be another while it is read. */
  async *content({ pieces }: OpenBlob): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) yield await this.#bytesOf(piece);
  }

  async #bytesOf({ hash, coding, bytes }: PieceRow): Promise<Uint8Array> {
    const stored = await Bun.file(this.#parts.files.fileOf(hash)).bytes();
    const plain = coding === "raw" ? stored : await unpacked(stored);
    if (plain.length === bytes) return plain;
    throw new SluiceError({
      code: "store_failed",
      message: `A file of the cache (${hash}) has another length than it had.`,
    });
  }

  /** The one file that holds these bytes as they are, or packed; undefined where there are several. */
  fileOf({ pieces }: OpenBlob): { readonly path: string; readonly coding: "raw" | "zstd" } | undefined {
    const [only] = pieces;
    if (only === undefined || pieces.length !== 1) return undefined;
    return { path: this.#parts.files.fileOf(only.hash), coding: only.coding };
  }

  /** Makes a file of it that appears whole or not at all, by reflink where that is possible. */
  async restore(blob: OpenBlob, into: string): Promise<"ok" | "missing" | "corrupt"> {
    const part = `${into}.${this.#parts.newId()}.part`;
    const { pieces, digest } = blob;
    const [only] = pieces;
    try {
      if (only !== undefined && pieces.length === 1 && only.coding === "raw") this.#parts.files.copy(only.hash, part);
      else if ((await this.#writeOut(blob, part)) !== digest) {
        rmSync(part, { force: true });
        return "corrupt";
      }
      renameSync(part, into);
      return "ok";
    } catch (error) {
      rmSync(part, { force: true });
      // It went, or changed, while it was read; what the place of the copy says is for the caller.
      const found = this.open(digest);
      if (typeof found === "string") return found;
      if (error instanceof SluiceError) return "corrupt";
      throw error;
    }
  }

  async #writeOut(blob: OpenBlob, path: string): Promise<string> {
    const sum = new Bun.CryptoHasher("sha256");
    const file = await open(path, "wx", 0o600);
    try {
      for await (const piece of this.content(blob)) {
        sum.update(piece);
        for (let at = 0; at < piece.length;) at += (await file.write(piece, at, piece.length - at)).bytesWritten;
      }
    } finally {
      await file.close();
    }
    return sum.digest("hex");
  }
}

/** Bytes that wait to be cut. */
class Pending {
  #list: Uint8Array[] = [];
  length = 0;

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#list.push(bytes);
    this.length += bytes.length;
  }

  joined(): Uint8Array {
    if (this.#list.length > 1) this.#list = [Buffer.concat(this.#list)];
    return this.#list[0] ?? new Uint8Array(0);
  }

  take(count: number): Uint8Array {
    const all = this.joined();
    const rest = all.subarray(count);
    this.#list = rest.length === 0 ? [] : [rest];
    this.length = rest.length;
    return all.subarray(0, count);
  }
}

async function* piecesOf(source: BlobSource): AsyncGenerator<Uint8Array> {
  if ("bytes" in source) yield source.bytes;
  else if ("pieces" in source) yield* source.pieces;
  else if (lstatSync(source.path).size <= chunkBytesMax) yield await Bun.file(source.path).bytes();
  else yield* createReadStream(source.path, { highWaterMark: readBytes }) as AsyncIterable<Uint8Array>;
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

async function packedOf(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (bytes.length < packedBytesMin) return undefined;
  const options = { level: zstdLevel };
  const packed =
    bytes.length <= atOnceBytesMax ? Bun.zstdCompressSync(bytes, options) : await Bun.zstdCompress(bytes, options);
  return packed.length <= bytes.length * packedShareMax ? packed : undefined;
}

async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes.length <= atOnceBytesMax ? Bun.zstdDecompressSync(bytes) : Bun.zstdDecompress(bytes);
}

function tooLong(bytesMax: number): SluiceError {
  return new SluiceError({
    code: "payload_too_large",
    message: `The blob is longer than ${bytesMax} bytes (cacheBlobBytesMax).`,
    hint: "Raise the setting limits.cacheBlobBytesMax.",
  });
}
