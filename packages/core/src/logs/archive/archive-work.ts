// What archiving does to one day: its chunks into files of an archive, each read back before anything counts on it; files written
// again without what was deleted; and the way back. Nothing here changes what readers see: that is the catalog's commit.
import type { StoredEntry } from "../entry.ts";
import { compileFilter } from "../query/match.ts";
import { parseQuery } from "../query/parse.ts";
import { decodeChunk, encodeChunk } from "../storage/chunk.ts";
import type { Chunk } from "../storage/chunk.ts";
import { LogDatabase } from "../storage/database.ts";
import { bringBack, wholeChunks } from "../storage/day.ts";
import { dayFile } from "../storage/head.ts";
import type { Tombstone } from "../storage/head.ts";
import { withoutBuried } from "../storage/rewriting.ts";
import { entryAt, rowsOf } from "../storage/rows.ts";
import { untold } from "../storage/steps.ts";
import type { StepTold } from "../storage/steps.ts";
import type { ArchivedBatch, ArchivedDay, ArchiveFormat } from "./catalog.ts";
import { chunksOfBatch, encodeChunkBatch } from "./chunk-batch.ts";
import { decodeJsonBatch, encodeJsonBatch, jsonBatchEntries } from "./json-batch.ts";
import { decodeManifest, encodeManifest, manifestName } from "./manifest.ts";
import type { ArchiveTarget } from "./target.ts";

/** Packed bytes of chunks in one file: what is held in memory at once. */
const batchBytesMax = 16 * 1024 * 1024;

export interface ArchiveTools {
  readonly target: ArchiveTarget;
  readonly format: ArchiveFormat;
  readonly step?: StepTold | undefined;
}

/** Something that is wrong with an archive. */
export interface ArchiveFault {
  readonly file: string;
  readonly why: string;
}

/** A day of which nothing was archived yet. */
export function newDay(day: string): ArchivedDay {
  return { day, upTo: 0, lastBatch: 0, batches: [], restoredMs: null };
}

/**
 * Writes what of a day was sealed and is not archived yet, and the manifest over all of it. Answers with the day as it is to be
 * catalogued; undefined where there is nothing. Throws where a file is not as it was written, or a chunk is damaged.
 */
export async function archiveDay(
  p: { readonly folder: string; readonly known: ArchivedDay; readonly sealed: number },
  tools: ArchiveTools,
): Promise<ArchivedDay | undefined> {
  const { folder, known, sealed } = p;
  const writer = new BatchWriter(known, tools);
  const db = new LogDatabase(dayFile(folder, known.day), "read");
  try {
    // All as it is at one moment: what is written again meanwhile is not met half.
    db.run("BEGIN");
    const counted = { sealed, archived: known.upTo };
    for (const made of tools.format === "chunks"
      ? chunkBatches(wholeChunks(db, counted))
      : jsonBatches(wholeChunks(db, counted))) {
      await writer.put(made);
    }
  } finally {
    db.close();
  }
  if (writer.made.length === 0) return undefined;
  return writer.done({ upTo: sealed, batches: [...known.batches, ...writer.made] });
}

/** Files without what was deleted in the place of those that hold some of it; undefined where none do. */
export async function rewriteArchived(
  known: ArchivedDay,
  tombstone: Tombstone,
  tools: ArchiveTools,
): Promise<{ readonly day: ArchivedDay; readonly garbage: readonly string[]; readonly gone: number } | undefined> {
  const matcher = compileFilter(parseQuery(tombstone.query, 0).filter);
  const writer = new BatchWriter(known, tools);
  const kept: ArchivedBatch[] = [];
  const garbage: string[] = [];
  let gone = 0;
  for (const batch of known.batches) {
    const isMeant =
      batch.tenants.includes(tombstone.tenant) && batch.maxMs >= tombstone.fromMs && batch.minMs < tombstone.toMs;
    if (!isMeant) {
      kept.push(batch);
      continue;
    }
    let changed = false;
    const chunks: Chunk[] = [];
    for (const { chunk, entries } of await contentsOf(batch, tools.target)) {
      const rows = chunk === undefined ? rowsOf(entries ?? []) : decodeChunk(chunk.body, chunk.head.streams);
      const tenant = chunk?.head.tenant ?? batch.tenants[0] ?? "";
      const left = tenant === tombstone.tenant ? withoutBuried(rows, tombstone, matcher) : undefined;
      if (left === undefined && chunk !== undefined) chunks.push(chunk);
      if (left === undefined) continue;
      changed = true;
      gone += rows.count - left.length;
      if (left.length > 0) chunks.push(encodeChunk(tenant, left));
    }
    if (!changed) {
      kept.push(batch);
      continue;
    }
    garbage.push(batch.file);
    for (const made of batch.format === "json" ? jsonBatches(chunks) : chunkBatches(chunks)) await writer.put(made);
  }
  if (garbage.length === 0) return undefined;
  const day = await writer.done({ upTo: known.upTo, batches: [...kept, ...writer.made] });
  return { day, garbage, gone };
}

/** Writes what is archived of a day into its file, where it counts once the catalog says so. Throws where a file is damaged. */
export async function restoreDay(
  { folder, known }: { readonly folder: string; readonly known: ArchivedDay },
  { target, step }: Pick<ArchiveTools, "target" | "step">,
): Promise<void> {
  const { day, upTo } = known;
  for (const [index, batch] of known.batches.entries()) {
    const chunks: Chunk[] = [];
    for (const { chunk, entries = [] } of await contentsOf(batch, target)) {
      if (chunk !== undefined) chunks.push(chunk);
      else if (entries.length > 0) chunks.push(encodeChunk(batch.tenants[0] ?? "", entries));
    }
    // What an archiving before has left there, or a restore that was cut short, goes first.
    bringBack({ folder, day, upTo, chunks, isFirst: index === 0, step });
  }
}

/** Reads everything of a day and holds it against catalog and manifest. */
export async function verifyArchived({ day, batches }: ArchivedDay, target: ArchiveTarget): Promise<ArchiveFault[]> {
  const faults: ArchiveFault[] = [];
  const told = (file: string, error: unknown): void =>
    void faults.push({ file, why: error instanceof Error ? error.message : String(error) });
  try {
    const bytes = await target.get(manifestName(day));
    if (bytes === undefined) throw new RangeError("the manifest is not there");
    const listed = new Map(decodeManifest(bytes).batches.map(({ file, sha256 }) => [file, sha256]));
    for (const { file, sha256 } of batches) {
      if (listed.get(file) !== sha256) told(manifestName(day), new RangeError(`${file} is not in it as it is`));
    }
  } catch (error) {
    told(manifestName(day), error);
  }
  for (const batch of batches) {
    try {
      let entries = 0;
      for (const each of await contentsOf(batch, target))
        entries += each.chunk?.head.entries ?? each.entries?.length ?? 0;
      if (entries !== batch.entries) throw new RangeError(`it has ${entries} entries, not ${batch.entries}`);
    } catch (error) {
      told(batch.file, error);
    }
  }
  return faults;
}

/** Throws a `RangeError` for a file that is not there, or not as it was written. */
async function contentsOf(
  batch: ArchivedBatch,
  target: ArchiveTarget,
): Promise<readonly { readonly chunk?: Chunk; readonly entries?: StoredEntry[] }[]> {
  const bytes = await target.get(batch.file);
  if (bytes === undefined) throw new RangeError(`${batch.file} is not there`);
  if (sha256Of(bytes) !== batch.sha256) throw new RangeError(`the checksum of ${batch.file} is wrong`);
  if (batch.format === "json") return [{ entries: decodeJsonBatch(bytes).entries }];
  return chunksOfBatch(bytes).map((chunk) => ({ chunk }));
}

function sha256Of(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** A file that is to be written. */
interface Made {
  readonly format: ArchiveFormat;
  readonly about: Omit<ArchivedBatch, "file" | "format" | "sha256" | "bytes" | "footerAt">;
  readonly encode: (p: { readonly day: string; readonly batch: number }) => {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly footerAt: number;
  };
}

/** Files of one day, one after the other: put, read back, and the manifest last. */
class BatchWriter {
  readonly made: ArchivedBatch[] = [];
  readonly #day: ArchivedDay;
  readonly #tools: ArchiveTools;
  #last: number;

  constructor(day: ArchivedDay, tools: ArchiveTools) {
    this.#day = day;
    this.#tools = tools;
    this.#last = day.lastBatch;
  }

  async put({ format, about, encode }: Made): Promise<void> {
    const { target, step = untold } = this.#tools;
    const { day } = this.#day;
    const batch = ++this.#last;
    const { bytes, footerAt } = encode({ day, batch });
    const file = `${day}/batch-${String(batch).padStart(4, "0")}.${format === "chunks" ? "chunks" : "json.gz"}`;
    const sha256 = sha256Of(bytes);
    step("batch");
    await target.put(file, bytes);
    step("batch put");
    const found = await target.get(file);
    if (found === undefined || sha256Of(found) !== sha256) {
      throw new RangeError(`${file} is not in the archive as it was written`);
    }
    step("batch verified");
    this.made.push({ ...about, file, format, sha256, bytes: bytes.length, footerAt });
  }

  async done(p: Pick<ArchivedDay, "upTo" | "batches">): Promise<ArchivedDay> {
    const { target, step = untold } = this.#tools;
    const { day, restoredMs } = this.#day;
    const made: ArchivedDay = { day, restoredMs, lastBatch: this.#last, ...p };
    step("manifest");
    await target.put(manifestName(day), encodeManifest(made));
    step("manifest put");
    return made;
  }
}

function* chunkBatches(chunks: Iterable<Chunk>): Generator<Made> {
  let part: Chunk[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (part.length > 0 && bytes + chunk.body.length > batchBytesMax) {
      yield madeOf(part);
      part = [];
      bytes = 0;
    }
    part.push(chunk);
    bytes += chunk.body.length;
  }
  if (part.length > 0) yield madeOf(part);
}

function madeOf(chunks: readonly Chunk[]): Made {
  const heads = chunks.map(({ head }) => head);
  const least = (of: (head: Chunk["head"]) => number): number =>
    heads.reduce((min, each) => Math.min(min, of(each)), Infinity);
  const sum = (of: (head: Chunk["head"]) => number): number => heads.reduce((total, each) => total + of(each), 0);
  return {
    format: "chunks",
    about: {
      entries: sum(({ entries }) => entries),
      rawBytes: sum(({ rawBytes }) => rawBytes),
      minMs: least(({ minMs }) => minMs),
      maxMs: -least(({ maxMs }) => -maxMs),
      maxSeq: -least(({ maxSeq }) => -maxSeq),
      tenants: [...new Set(heads.map(({ tenant }) => tenant))],
    },
    encode: () => encodeChunkBatch(chunks),
  };
}

/** A file of JSON holds entries of one tenant. */
function* jsonBatches(chunks: Iterable<Chunk>): Generator<Made> {
  let tenant = "";
  let [entries, rawBytes]: [StoredEntry[], number] = [[], 0];
  for (const { head, body } of chunks) {
    if (head.tenant !== tenant && entries.length > 0) {
      yield madeOfEntries(tenant, entries, rawBytes);
      [entries, rawBytes] = [[], 0];
    }
    tenant = head.tenant;
    const rows = decodeChunk(body, head.streams);
    for (let row = 0; row < rows.count; row++) {
      entries.push(entryAt(rows, row));
      rawBytes += head.rawBytes / rows.count;
      if (entries.length < jsonBatchEntries) continue;
      yield madeOfEntries(tenant, entries, rawBytes);
      [entries, rawBytes] = [[], 0];
    }
  }
  if (entries.length > 0) yield madeOfEntries(tenant, entries, rawBytes);
}

function madeOfEntries(tenant: string, entries: readonly StoredEntry[], rawBytes: number): Made {
  const least = (of: (entry: StoredEntry) => number): number =>
    entries.reduce((min, each) => Math.min(min, of(each)), Infinity);
  return {
    format: "json",
    about: {
      entries: entries.length,
      rawBytes: Math.round(rawBytes),
      minMs: least(({ timeMs }) => timeMs),
      maxMs: -least(({ timeMs }) => -timeMs),
      maxSeq: -least(({ seq }) => -seq),
      tenants: [tenant],
    },
    encode: ({ day, batch }) => ({ bytes: encodeJsonBatch({ day, batch, tenant, entries }), footerAt: 0 }),
  };
}
