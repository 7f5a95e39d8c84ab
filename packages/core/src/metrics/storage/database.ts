// Metrics in one SQLite file: series, their samples, and slots of what was recorded. What grows old is kept coarser, then not at all.
import { Database } from "bun:sqlite";
import type { SQLQueryBindings, Statement } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { MetricLimits } from "../limits.ts";
import type { Matcher, SeriesSpan } from "../promql/source.ts";
import { compileMatchers } from "../promql/source.ts";
import type { RecordedKind, Slot } from "../recorder.ts";
import type { StoredSlot } from "../report.ts";
import { labelsOfKey, nameLabel, seriesKey } from "../sample.ts";
import type { MetricAbout, MetricLabels, MetricSeries } from "../sample.ts";
import { Sketch } from "../sketch.ts";
import type { SketchData } from "../sketch.ts";

const schema = `
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, last_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS series_name ON series(name);
CREATE TABLE IF NOT EXISTS points (
  series INTEGER NOT NULL, at INTEGER NOT NULL, value ANY, PRIMARY KEY (series, at)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS slots (
  series INTEGER NOT NULL, width INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (series, width, at)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS about (
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, help TEXT NOT NULL, unit TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** What a slot is merged into as it grows older. */
const widths = { fine: 10_000, middle: 300_000, coarse: 3_600_000 } as const;
/** A value that says that a series has ended. NULL is a value that is no number. */
const staleBytes = new Uint8Array([1]);

export interface Kept {
  readonly series: number;
  readonly points: number;
  readonly bytes: number;
  /** Statements since the file was opened. */
  readonly operations: number;
}

export class MetricDatabase {
  readonly #db: Database;
  readonly #limits: MetricLimits;
  readonly #statements = new Map<string, Statement<unknown, SQLQueryBindings[]>>();
  readonly #ids = new Map<string, number>();
  #operations = 0;
  /** Series there are, once somebody has counted them. */
  #count: number | undefined;

  /** Opens the file of a folder; `write` makes it where it is not there. */
  constructor(folder: string, limits: MetricLimits, access: "read" | "write") {
    this.#limits = limits;
    if (access === "write") mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, "metrics.db");
    this.#db = new Database(file, access === "read" ? { readonly: true } : { readwrite: true, create: true });
    this.#db.run("PRAGMA busy_timeout = 5000");
    if (access === "read") return;
    this.#db.run("PRAGMA journal_mode = WAL");
    // A sample that a loss of power takes along is one among many: whoever sends them keeps none longer either.
    this.#db.run("PRAGMA synchronous = NORMAL");
    this.#db.run("PRAGMA journal_size_limit = 8388608");
    this.#db.run(schema);
  }

  #sql<Row>(text: string): Statement<Row, SQLQueryBindings[]> {
    this.#operations++;
    const known = this.#statements.get(text);
    if (known !== undefined) return known as Statement<Row, SQLQueryBindings[]>;
    const made = this.#db.prepare<Row, SQLQueryBindings[]>(text);
    this.#statements.set(text, made);
    return made;
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#db.close();
  }

  /** Writes all of it in one commit. Of one series and moment the last value holds. */
  put(p: {
    readonly series: readonly MetricSeries[];
    readonly slots?: readonly Slot[];
    readonly about?: readonly MetricAbout[];
  }): void {
    this.#whole(() => {
      for (const { labels, points } of p.series) this.#putPoints(seriesKey(labels), labels, points);
      for (const slot of p.slots ?? []) this.#putSlot(slot);
      for (const { name, kind, help, unit } of p.about ?? []) {
        this.#sql("INSERT OR REPLACE INTO about VALUES (?, ?, ?, ?)").run(name, kind, help, unit);
      }
    });
  }

  #whole(body: () => void): void {
    this.#db.run("BEGIN IMMEDIATE");
    try {
      body();
      this.#db.run("COMMIT");
    } catch (error) {
      this.#forget();
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      throw error;
    }
  }

  #forget(): void {
    this.#ids.clear();
    this.#count = undefined;
  }

  /** Statements since the file was opened. */
  get operations(): number {
    return this.#operations;
  }

  #putPoints(key: string, labels: MetricLabels, points: MetricSeries["points"]): void {
    const id = this.#idOf(key, labels);
    let lastMs = 0;
    for (const { timeMs, value } of points) {
      lastMs = Math.max(lastMs, timeMs);
      const stored = value === "stale" ? staleBytes : Number.isNaN(value) ? null : value;
      this.#sql("INSERT OR REPLACE INTO points VALUES (?, ?, ?)").run(id, timeMs, stored);
    }
    this.#sql("UPDATE series SET last_ms = max(last_ms, ?) WHERE id = ?").run(lastMs, id);
  }

  #putSlot({ key, kind, atMs, data }: Slot): void {
    const id = this.#idOf(key, labelsOfKey(key));
    this.#mergeSlot({ id, width: widths.fine, atMs, kind, data });
    this.#sql("UPDATE series SET last_ms = max(last_ms, ?) WHERE id = ?").run(atMs, id);
  }

  #mergeSlot(p: { id: number; width: number; atMs: number; kind: string; data: SketchData }): void {
    const found = this.#sql<{ data: string }>("SELECT data FROM slots WHERE series = ? AND width = ? AND at = ?");
    const row = found.get(p.id, p.width, p.atMs);
    let { data } = p;
    if (row !== null) {
      const sketch = Sketch.of(JSON.parse(row.data) as SketchData);
      sketch.merge(data);
      data = sketch.data();
    }
    const put = this.#sql("INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, ?)");
    put.run(p.id, p.width, p.atMs, p.kind, JSON.stringify(data));
  }

  #idOf(key: string, labels: MetricLabels): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const row = this.#sql<{ id: number }>("SELECT id FROM series WHERE key = ?").get(key);
    const id = row?.id ?? this.#newSeries(key, labels);
    this.#ids.set(key, id);
    return id;
  }

  #newSeries(key: string, labels: MetricLabels): number {
    const count = (this.#count ??= this.#sql<{ n: number }>("SELECT count(*) AS n FROM series").get()?.n ?? 0);
    if (count >= this.#limits.metricSeriesMax) {
      throw new SluiceError({
        code: "too_many_requests",
        message: `There are ${count} series already (metricSeriesMax).`,
        hint: "Send fewer different values of labels, or raise the limit.",
      });
    }
    this.#count = count + 1;
    const insert = this.#sql("INSERT INTO series (key, name, last_ms) VALUES (?, ?, 0)");
    return Number(insert.run(key, labels[nameLabel] ?? "").lastInsertRowid);
  }

  /** Series that fit and were told anything from this moment on. */
  find(matchers: readonly Matcher[], fromMs = 0): readonly { readonly id: number; readonly labels: MetricLabels }[] {
    const name = matchers.find((each) => each.name === nameLabel && each.op === "=")?.value;
    const fits = compileMatchers(matchers);
    const rows =
      name === undefined
        ? this.#sql<{ id: number; key: string }>("SELECT id, key FROM series WHERE last_ms >= ?").all(fromMs)
        : this.#sql<{ id: number; key: string }>("SELECT id, key FROM series WHERE name = ? AND last_ms >= ?").all(
            name,
            fromMs,
          );
    return rows.flatMap(({ id, key }) => {
      const labels = labelsOfKey(key);
      return fits(labels) ? [{ id, labels }] : [];
    });
  }

  /** Samples of the series that fit, both ends of the span included. `spend` is told how many, and throws where it is too many. */
  select(matchers: readonly Matcher[], span: SeriesSpan, spend: (samples: number) => void): readonly MetricSeries[] {
    const read = this.#sql<{ at: number; value: unknown }>(
      "SELECT at, value FROM points WHERE series = ? AND at BETWEEN ? AND ? ORDER BY at",
    );
    return this.find(matchers, span.fromMs).flatMap(({ id, labels }) => {
      const rows = read.all(id, span.fromMs, span.toMs);
      spend(rows.length);
      return rows.length === 0
        ? []
        : [{ labels, points: rows.map(({ at, value }) => ({ timeMs: at, value: valueOf(value) })) }];
    });
  }

  about(name?: string): readonly MetricAbout[] {
    if (name === undefined)
      return this.#sql<MetricAbout>("SELECT name, kind, help, unit FROM about ORDER BY name").all();
    return this.#sql<MetricAbout>("SELECT name, kind, help, unit FROM about WHERE name = ?").all(name);
  }

  /** Slots that begin within a span, before its end. */
  history(p: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly name?: string | undefined;
  }): readonly StoredSlot[] {
    const rows = this.#sql<{ key: string; kind: RecordedKind; width: number; at: number; data: string }>(
      `SELECT series.key, slots.kind, slots.width, slots.at, slots.data FROM slots JOIN series ON series.id = slots.series
       WHERE slots.at >= ? AND slots.at < ? AND (? IS NULL OR series.name = ?) ORDER BY series.key, slots.at`,
    ).all(p.fromMs, p.toMs, p.name ?? null, p.name ?? null);
    return rows.map(({ key, kind, width, at, data }) => ({
      key,
      kind,
      atMs: at,
      widthMs: width,
      data: JSON.parse(data) as SketchData,
    }));
  }

  /**
   * Makes what is older coarser, and takes out what is too old: of each five minutes, and later of each hour, the last sample stays,
   * and slots are merged. A commit for each series.
   */
  thin(nowMs: number): void {
    const { metricFineKeptMs, metricMiddleKeptMs, metricCoarseKeptMs } = this.#limits;
    const floor = (ms: number, width: number): number => Math.floor(ms / width) * width;
    const middle = floor(nowMs - metricFineKeptMs, widths.middle);
    const coarse = floor(nowMs - metricMiddleKeptMs, widths.coarse);
    const gone = nowMs - metricCoarseKeptMs;
    for (const { id } of this.#sql<{ id: number }>("SELECT id FROM series").all()) {
      this.#whole(() => {
        this.#sql("DELETE FROM points WHERE series = ? AND at < ?").run(id, gone);
        this.#sql("DELETE FROM slots WHERE series = ? AND at < ?").run(id, gone);
        this.#thinPoints(id, widths.middle, middle);
        this.#thinPoints(id, widths.coarse, coarse);
        this.#mergeSlots(id, { from: widths.fine, to: widths.middle, before: middle });
        this.#mergeSlots(id, { from: widths.middle, to: widths.coarse, before: coarse });
      });
    }
    this.#whole(() => {
      this.#sql(
        `DELETE FROM series WHERE last_ms < ? AND NOT EXISTS (SELECT 1 FROM points WHERE series = series.id)
         AND NOT EXISTS (SELECT 1 FROM slots WHERE series = series.id)`,
      ).run(gone);
      this.#forget();
    });
  }

  #thinPoints(id: number, width: number, before: number): void {
    this.#sql(
      `DELETE FROM points WHERE series = ?1 AND at < ?2 AND at NOT IN
       (SELECT max(at) FROM points WHERE series = ?1 AND at < ?2 GROUP BY at / ?3)`,
    ).run(id, before, width);
  }

  #mergeSlots(id: number, p: { readonly from: number; readonly to: number; readonly before: number }): void {
    const rows = this.#sql<{ at: number; kind: string; data: string }>(
      "SELECT at, kind, data FROM slots WHERE series = ? AND width = ? AND at < ?",
    ).all(id, p.from, p.before);
    for (const { at, kind, data } of rows) {
      const atMs = Math.floor(at / p.to) * p.to;
      this.#mergeSlot({ id, width: p.to, atMs, kind, data: JSON.parse(data) as SketchData });
    }
    this.#sql("DELETE FROM slots WHERE series = ? AND width = ? AND at < ?").run(id, p.from, p.before);
  }

  kept(): Kept {
    const count = (table: "series" | "points"): number =>
      this.#sql<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0;
    const pages = this.#sql<{ bytes: number }>(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
    ).get();
    return { series: count("series"), points: count("points"), bytes: pages?.bytes ?? 0, operations: this.#operations };
  }
}

function valueOf(stored: unknown): number | "stale" {
  if (stored === null) return NaN;
  return typeof stored === "number" ? stored : "stale";
}
