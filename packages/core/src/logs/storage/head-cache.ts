// Pieces of the head as they were unpacked last: what one query has read, the next one need not.
import type { LogDatabase } from "./database.ts";
import { countedOf, sumOf } from "./chunk.ts";
import { rowsOfFrame } from "./frame-rows.ts";
import { once } from "./rows.ts";
import type { Rows } from "./rows.ts";
import type { Damage } from "./sealing.ts";

/** Raw bytes of pieces that are kept. */
const keptBytesMax = 32 * 1024 * 1024;

/** One batch of the head, unpacked. */
export interface HeadPiece {
  readonly rows: Rows;
  readonly minMs: number;
  readonly maxMs: number;
  readonly counts: () => Uint8Array;
}

interface Kept {
  readonly piece: HeadPiece;
  readonly rawBytes: number;
}

/** Of one folder. Batches never change; those that are sealed are not asked for again. */
export class HeadCache {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** Pieces of a tenant above a number, the latest first. What is damaged is told and left out. */
  *pieces(
    head: LogDatabase,
    p: {
      readonly above: number;
      readonly to: number;
      readonly tenant: string;
      readonly damaged: (damage: Damage) => void;
    },
  ): Generator<HeadPiece> {
    const rows = head
      .sql<{ id: number; sum: string }>(
        "SELECT last_seq AS id, sum FROM batches WHERE last_seq > ? AND last_seq <= ? AND tenant = ? ORDER BY last_seq DESC",
      )
      .all(p.above, p.to, p.tenant);
    for (const { id, sum } of rows) {
      const piece = this.#kept.get(keyOf(id, sum))?.piece ?? this.#read(head, id, p.damaged);
      if (piece !== undefined) yield piece;
    }
  }

  #read(head: LogDatabase, id: number, damaged: (damage: Damage) => void): HeadPiece | undefined {
    const row = head
      .sql<{ first_seq: number; raw_bytes: number; sum: string; body: Uint8Array }>(
        "SELECT first_seq, raw_bytes, sum, body FROM batches WHERE last_seq = ?",
      )
      .get(id);
    if (row === null) return undefined;
    try {
      if (sumOf(row.body) !== row.sum) throw new RangeError("the checksum is wrong");
      const piece = pieceOf(rowsOfFrame(Bun.zstdDecompressSync(row.body), row.first_seq));
      this.#keep(keyOf(id, row.sum), { piece, rawBytes: row.raw_bytes });
      return piece;
    } catch (error) {
      damaged({ file: "head", id, why: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  }

  /** The ones that were read first go first: they are sealed first as well. */
  #keep(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#bytes += kept.rawBytes;
    for (const [oldest, { rawBytes }] of this.#kept) {
      if (this.#bytes <= keptBytesMax) return;
      this.#kept.delete(oldest);
      this.#bytes -= rawBytes;
    }
  }
}

/** A damaged batch whose number is given to another one has another checksum. */
function keyOf(id: number, sum: string): string {
  return `${id} ${sum}`;
}

function pieceOf(rows: Rows): HeadPiece {
  let [minMs, maxMs] = [Infinity, -Infinity];
  for (const timeMs of rows.timeMs()) {
    if (timeMs < minMs) minMs = timeMs;
    if (timeMs > maxMs) maxMs = timeMs;
  }
  return { rows, minMs, maxMs, counts: once(() => countedOf(rows.timeMs(), rows.level())) };
}
