// A file of entries as JSON packed with gzip, for whoever reads archives without Sluice.
import type { FieldValue, StoredEntry } from "../entry.ts";
import { levelNumber, logLevels } from "../level.ts";
import { isoTime } from "../query/row.ts";

const jsonBatchVersion = 1;
const gzipLevel = 6;
/** Entries of one file. */
export const jsonBatchEntries = 5_000;

interface JsonEntry {
  readonly seq: number;
  readonly time: string;
  readonly level: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly line: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** `{metadata:{archiveDate,batch,tenant,totalLogs,compression,version},logs}`. */
export function encodeJsonBatch(p: {
  readonly day: string;
  readonly batch: number;
  readonly tenant: string;
  readonly entries: readonly StoredEntry[];
}): Uint8Array<ArrayBuffer> {
  const { day, batch, tenant, entries } = p;
  const metadata = {
    archiveDate: day,
    batch,
    tenant,
    totalLogs: entries.length,
    compression: "gzip",
    version: jsonBatchVersion,
  };
  const logs = entries.map(({ seq, timeMs, subNs, level, labels, line, fields }): JsonEntry => ({
    seq,
    time: isoTime(timeMs, subNs),
    level: logLevels[level] ?? "unknown",
    labels,
    line,
    fields,
  }));
  return new Uint8Array(Bun.gzipSync(Buffer.from(JSON.stringify({ metadata, logs })), { level: gzipLevel }));
}

/** Throws a `RangeError` for bytes that are none. */
export function decodeJsonBatch(bytes: Uint8Array<ArrayBuffer>): {
  readonly tenant: string;
  readonly entries: StoredEntry[];
} {
  let read: { readonly metadata: { readonly version: number; readonly tenant: string }; readonly logs: JsonEntry[] };
  try {
    read = JSON.parse(new TextDecoder().decode(Bun.gunzipSync(bytes))) as typeof read;
  } catch (error) {
    throw new RangeError(`the file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (read.metadata.version !== jsonBatchVersion) throw new RangeError("the file is of another version");
  return { tenant: read.metadata.tenant, entries: read.logs.map(entryOf) };
}

function entryOf({ seq, time, level, labels, line, fields }: JsonEntry): StoredEntry {
  // Up to the millisecond as dates have it, then up to six digits more.
  const [, upToMs = "", below = ""] = /^(.{23})(\d*)Z$/.exec(time) ?? [];
  const timeMs = Date.parse(`${upToMs}Z`);
  if (!Number.isFinite(timeMs)) throw new RangeError("an entry has no time");
  return {
    seq,
    timeMs,
    subNs: Number(below.padEnd(6, "0")),
    level: levelNumber(level),
    labels: bare(labels),
    line,
    fields: bare(fields),
  };
}

/** Without a prototype: labels and fields may have any name. */
function bare<T>(pairs: Readonly<Record<string, T>>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, pairs);
}
