// What was deleted leaves the chunks: those that hold some of it are written again without it. Until then it is masked.
import type { StoredEntry } from "../entry.ts";
import { compileFilter } from "../query/match.ts";
import type { Matcher } from "../query/match.ts";
import { parseQuery } from "../query/parse.ts";
import { decodeChunk, encodeChunk, sumOf } from "./chunk.ts";
import type { Chunk } from "./chunk.ts";
import { LogDatabase } from "./database.ts";
import { bodyOf, chunksIn, daysIn, replaceChunks } from "./day.ts";
import type { ChunkRow } from "./day.ts";
import { dayFile, dayOf, timeMsMax } from "./head.ts";
import type { Tombstone } from "./head.ts";
import { entryAt } from "./rows.ts";
import type { Rows } from "./rows.ts";
import type { Damage } from "./sealing.ts";
import type { StepTold } from "./steps.ts";

export interface Rewritten {
  /** Entries that are gone from the disk. */
  readonly entries: number;
  readonly chunks: number;
  /** Chunks that could not be read stay as they are, masked. */
  readonly damaged: readonly Damage[];
}

/** Rewrites what a tombstone is about in the days of a folder, a day in one commit. Everything it means is sealed. */
export function rewriteDays(p: {
  readonly folder: string;
  readonly tombstone: Tombstone;
  readonly sealed: number;
  readonly step?: StepTold | undefined;
}): Rewritten {
  const { folder, tombstone, sealed, step } = p;
  const { tenant, fromMs, toMs } = tombstone;
  const matcher = compileFilter(parseQuery(tombstone.query, 0).filter);
  const [first, last] = [dayOf(Math.max(0, fromMs)), dayOf(Math.max(0, Math.min(toMs, timeMsMax)))];
  const done = { entries: 0, chunks: 0, damaged: [] as Damage[] };
  for (const { day } of daysIn(folder)) {
    if (day < first || day > last) continue;
    const db = new LogDatabase(dayFile(folder, day), "read");
    const replaced: { readonly id: number; readonly by: Chunk | undefined }[] = [];
    try {
      const span = { fromMs: Math.max(0, fromMs), toMs: Math.min(toMs, timeMsMax + 1) };
      // What an archive has and is still here goes too: to write it again does no harm.
      for (const chunk of chunksIn(db, { tenant, ...span, sealed })) {
        const found = rewriteChunk(db, {
          chunk,
          tombstone,
          matcher,
          damaged: (why) => done.damaged.push({ file: day, id: chunk.id, why }),
        });
        if (found === undefined) continue;
        replaced.push({ id: chunk.id, by: found.by });
        done.entries += found.gone;
      }
    } finally {
      db.close();
    }
    done.chunks += replaced.length;
    if (replaced.length > 0) replaceChunks({ folder, day, replaced, step });
  }
  return done;
}

/** What takes the place of a chunk; undefined where it stays as it is. */
function rewriteChunk(
  db: LogDatabase,
  p: {
    readonly chunk: ChunkRow;
    readonly tombstone: Tombstone;
    readonly matcher: Matcher;
    readonly damaged: (why: string) => void;
  },
): { readonly by: Chunk | undefined; readonly gone: number } | undefined {
  const { chunk, matcher, tombstone } = p;
  if (chunk.minSeq > tombstone.upToSeq || !matcher.mayFit(chunk)) return undefined;
  try {
    const found = bodyOf(db, chunk.id);
    if (found === undefined || sumOf(found.body) !== found.sum) throw new RangeError("the checksum is wrong");
    const rows = decodeChunk(found.body, chunk.streams);
    const kept = withoutBuried(rows, tombstone, matcher);
    if (kept === undefined) return undefined;
    return { by: kept.length === 0 ? undefined : encodeChunk(chunk.tenant, kept), gone: rows.count - kept.length };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    p.damaged(error.message);
    return undefined;
  }
}

/** What stays of some rows; undefined where that is all of them. */
export function withoutBuried(rows: Rows, tombstone: Tombstone, matcher: Matcher): StoredEntry[] | undefined {
  const hits = matcher.rows(rows);
  const [times, seqs] = [rows.timeMs(), rows.seq()];
  const kept: StoredEntry[] = [];
  for (let row = 0; row < rows.count; row++) {
    const timeMs = times[row] ?? 0;
    const isMeant = timeMs >= tombstone.fromMs && timeMs < tombstone.toMs && (seqs[row] ?? 0) <= tombstone.upToSeq;
    if (!isMeant || hits[row] === 0) kept.push(entryAt(rows, row));
  }
  return kept.length === rows.count ? undefined : kept;
}
