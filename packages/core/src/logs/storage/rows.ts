// Entries as columns in memory: what filters look at, whether they come from a chunk, the head or a request just committed.
import type { FieldValue, Labels, StoredEntry } from "../entry.ts";
import { textColumn } from "./texts.ts";
import type { TextColumn } from "./texts.ts";

/** One field over all rows. */
export interface FieldColumn {
  /** Undefined where the row has no such field. */
  readonly at: (row: number) => FieldValue | undefined;
  /** `whole`: there is nothing but numbers. */
  readonly kind?: "whole" | undefined;
  /** Every value there is, where those are few. */
  readonly values?: readonly FieldValue[] | undefined;
  /** Where all values are texts and not few: those of rows without one are empty. */
  readonly texts?: TextColumn | undefined;
}

/** A set of entries. Columns are unpacked when they are asked for. */
export interface Rows {
  readonly count: number;
  readonly streams: readonly Labels[];
  seq(): Float64Array;
  timeMs(): Float64Array;
  subNs(): Float64Array;
  level(): Uint8Array;
  /** Index in `streams`. */
  stream(): Uint32Array;
  line(): TextColumn;
  readonly fieldNames: readonly string[];
  field(name: string): FieldColumn | undefined;
}

/** One row as an entry. */
export function entryAt(rows: Rows, row: number): StoredEntry {
  const fields = Object.create(null) as Record<string, FieldValue>;
  for (const name of rows.fieldNames) {
    const value = rows.field(name)?.at(row);
    if (value !== undefined) fields[name] = value;
  }
  return {
    seq: rows.seq()[row] ?? 0,
    timeMs: rows.timeMs()[row] ?? 0,
    subNs: rows.subNs()[row] ?? 0,
    level: rows.level()[row] ?? 0,
    labels: rows.streams[rows.stream()[row] ?? 0] ?? {},
    line: rows.line().at(row),
    fields,
  };
}

/** Entries that are in memory anyway. */
export function rowsOf(entries: readonly StoredEntry[]): Rows {
  const streams: Labels[] = [];
  const places = new Map<Labels, number>();
  const stream = Uint32Array.from(entries, ({ labels }) => {
    const known = places.get(labels);
    if (known !== undefined) return known;
    places.set(labels, streams.length);
    return streams.push(labels) - 1;
  });
  const names = new Set<string>();
  for (const { fields } of entries) for (const name of Object.keys(fields)) names.add(name);
  const numbers = (of: (entry: StoredEntry) => number): (() => Float64Array) =>
    once(() => Float64Array.from(entries, of));
  return {
    count: entries.length,
    streams,
    seq: numbers((entry) => entry.seq),
    timeMs: numbers((entry) => entry.timeMs),
    subNs: numbers((entry) => entry.subNs),
    level: once(() => Uint8Array.from(entries, (entry) => entry.level)),
    stream: () => stream,
    line: once(() => textColumn(entries.map((entry) => entry.line))),
    fieldNames: [...names],
    field: (name) => (names.has(name) ? { at: (row) => entries[row]?.fields[name] } : undefined),
  };
}

/** Computes on first use. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
