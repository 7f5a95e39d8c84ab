// Archives as queries read them: a footer, then the few chunks that may fit, from a folder or, by whoever cannot wait, through
// somebody who can. Footers are kept for a while: the next query over the same days needs them again.
import { join } from "node:path";
import { decodeChunk, sumOf } from "../storage/chunk.ts";
import type { ChunkRow } from "../storage/day.ts";
import { rowsOf } from "../storage/rows.ts";
import type { Rows } from "../storage/rows.ts";
import type { ArchivedBatch } from "./catalog.ts";
import { readFooter } from "./chunk-batch.ts";
import type { FootedChunk } from "./chunk-batch.ts";
import { decodeJsonBatch } from "./json-batch.ts";
import { folderRange } from "./target.ts";
import type { ArchivePlace } from "./target.ts";

/** Bytes of packed footers that are kept unpacked. */
const footerBytesKept = 16 * 1024 * 1024;

/** Bytes of a file of archives, while whoever asks waits. Throws where they cannot be had. */
export type ReadRange = (name: string, at: { readonly from: number; readonly length: number }) => Uint8Array;

/** The usual place, for folders of logs of which nobody says another. */
export function usualPlace(folder: string): Extract<ArchivePlace, { readonly kind: "folder" }> {
  return { kind: "folder", path: join(folder, "archives") };
}

export class ArchiveReads {
  readonly #range: ReadRange;
  readonly #footers: FooterCache;

  constructor(range: ReadRange, footers: FooterCache = new FooterCache()) {
    this.#range = range;
    this.#footers = footers;
  }

  static of(path: string): ArchiveReads {
    return new ArchiveReads((name, at) => folderRange(path, name, at));
  }

  /** Chunks of a file of a tenant that may hold entries from `fromMs` to before `toMs`. */
  chunks(
    batch: ArchivedBatch,
    { tenant, fromMs, toMs }: { readonly tenant: string; readonly fromMs: number; readonly toMs: number },
  ): { readonly row: ChunkRow; readonly counts: Uint8Array; readonly rows: () => Rows }[] {
    const footer = this.#footers.of(batch.sha256, batch.bytes - batch.footerAt, () =>
      readFooter(this.#range(batch.file, { from: batch.footerAt, length: batch.bytes - batch.footerAt })),
    );
    return footer.flatMap((each, id) => {
      const { head, counts, tokens } = each;
      if (head.tenant !== tenant || head.maxMs < fromMs || head.minMs >= toMs) return [];
      return [{ row: { ...head, id, tokens }, counts, rows: () => this.#rows(batch, each) }];
    });
  }

  #rows({ file }: ArchivedBatch, { head, at, length, sum }: FootedChunk): Rows {
    const body = this.#range(file, { from: at, length });
    if (sumOf(body) !== sum) throw new RangeError("the checksum is wrong");
    return decodeChunk(body, head.streams);
  }

  /** All rows of a file of JSON. */
  entries({ file, bytes }: ArchivedBatch): Rows {
    return rowsOf(decodeJsonBatch(new Uint8Array(this.#range(file, { from: 0, length: bytes }))).entries);
  }
}

/** The latest footers that were read, by the checksum of their file. */
export class FooterCache {
  readonly #known = new Map<string, { readonly chunks: readonly FootedChunk[]; readonly bytes: number }>();
  #bytes = 0;

  of(sha256: string, bytes: number, read: () => readonly FootedChunk[]): readonly FootedChunk[] {
    const known = this.#known.get(sha256);
    if (known !== undefined) {
      this.#known.delete(sha256);
      this.#known.set(sha256, known);
      return known.chunks;
    }
    const chunks = read();
    this.#known.set(sha256, { chunks, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: gone }] of this.#known) {
      if (this.#bytes <= footerBytesKept || oldest === sha256) break;
      this.#known.delete(oldest);
      this.#bytes -= gone;
    }
    return chunks;
  }
}
