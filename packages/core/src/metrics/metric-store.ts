// Metrics as the rest of the product uses them: what is recorded is written every few seconds, samples come in, queries and reports
// come out of threads.
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/log.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { Readings } from "./ingest/readings.ts";
import type { MetricLimits } from "./limits.ts";
import { selectorsIn } from "./promql/ast.ts";
import type { PromQlAnswer, Steps } from "./promql/evaluate.ts";
import { parsePromQl } from "./promql/parse.ts";
import type { Matcher } from "./promql/source.ts";
import { Recorder } from "./recorder.ts";
import { makeReport } from "./report.ts";
import type { MetricReport, StoredSlot } from "./report.ts";
import { nameLabel } from "./sample.ts";
import type { MetricAbout, MetricLabels, MetricSeries } from "./sample.ts";
import type { Kept } from "./storage/database.ts";
import { MetricCalls } from "./storage/metric-calls.ts";
import type { Refused, ThreadQuery } from "./storage/metric-service.ts";

export interface MetricStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: MetricLimits;
}

/** How often what is old is made coarser. */
const thinEveryMs = 10 * 60_000;

export class MetricStore {
  readonly recorder: Recorder;
  readonly cache: AnswerCache;
  readonly #options: MetricStoreOptions;
  readonly #writer = new MetricCalls();
  #reader: Promise<MetricCalls> | undefined;
  #readerDue: () => void = () => undefined;
  #flushDue: () => void = () => undefined;
  #thinDue: () => void = () => undefined;
  #flushing: Promise<void> = Promise.resolve();
  #counted: { atMs: number; operations: number } | undefined;
  #closed = false;

  private constructor(options: MetricStoreOptions) {
    const { clock, limits } = options;
    this.#options = options;
    this.recorder = new Recorder(options);
    this.cache = new AnswerCache({ clock, keptMs: limits.metricCacheMs, entriesMax: limits.metricCacheMax });
  }

  /** Opens the folder, which is made where it is not there. Rejects with `store_failed` or `disk_full`. */
  static async open(options: MetricStoreOptions): Promise<MetricStore> {
    const store = new MetricStore(options);
    try {
      await store.#writer.call("open", { folder: options.folder, limits: options.limits, access: "write" });
    } catch (error) {
      store.#writer.end();
      throw error;
    }
    store.#flushLater();
    store.#thinLater();
    return store;
  }

  get limits(): MetricLimits {
    return this.#options.limits;
  }

  #flushLater(): void {
    const { clock, limits, log } = this.#options;
    this.#flushDue = clock.after(limits.metricFlushMs, () => {
      this.flush().catch((error: unknown) => log("warn", "metrics could not be written", { error: String(error) }));
      if (!this.#closed) this.#flushLater();
    });
  }

  #thinLater(): void {
    const { clock, log } = this.#options;
    this.#thinDue = clock.after(thinEveryMs, () => {
      this.thin().catch((error: unknown) => log("warn", "old metrics could not be thinned", { error: String(error) }));
      if (!this.#closed) this.#thinLater();
    });
  }

  /** Writes what was recorded since the last time, after what is being written. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.#flushNow());
    return this.#flushing;
  }

  async #flushNow(): Promise<void> {
    const taken = this.recorder.take();
    if (taken.samples.length === 0 && taken.slots.length === 0) return;
    try {
      await this.#put({ series: taken.samples, slots: taken.slots });
    } catch (error) {
      this.recorder.putBack(taken);
      throw error;
    }
  }

  /** What takes part in a rate: statements of this store a second, since the last time that something was written. */
  #count(operations: number): void {
    const atMs = this.#options.clock.now();
    const before = this.#counted;
    this.#counted = { atMs, operations };
    if (before === undefined || atMs <= before.atMs) {
      if (before !== undefined) this.#counted = { atMs: before.atMs, operations: before.operations };
      return;
    }
    const rate = (operations - before.operations) / ((atMs - before.atMs) / 1_000);
    this.recorder.gauge("sqlite_operations_per_second", Math.max(0, rate), { database: "metrics" });
  }

  async #put(p: {
    readonly series: readonly MetricSeries[];
    readonly slots?: readonly unknown[];
    readonly about?: readonly MetricAbout[];
  }): Promise<void> {
    const operations = await this.#writer.call<number>("put", p);
    this.#count(operations);
    const earliest = new Map<string, number>();
    for (const { labels, points } of p.series) {
      const name = labels[nameLabel] ?? "";
      for (const { timeMs } of points) earliest.set(name, Math.min(timeMs, earliest.get(name) ?? Infinity));
    }
    this.cache.told(earliest);
  }

  /** Resolves when the samples are written; they survive the process, and the machine as far as its disk does. */
  async write({ series, about }: Pick<Readings, "series" | "about">): Promise<void> {
    if (series.length > 0 || about.length > 0) await this.#put({ series, about });
  }

  /** Throws `too_many_requests` where too many ask at once. */
  async #read<T>(verb: Parameters<MetricCalls["call"]>[0], params: unknown): Promise<T> {
    if (this.#closed) throw new SluiceError({ code: "store_failed", message: "The metrics are closed." });
    const { clock, limits, folder } = this.#options;
    this.#readerDue();
    this.#reader ??= (async () => {
      const calls = new MetricCalls();
      await calls.call("open", { folder, limits, access: "read" });
      return calls;
    })();
    const reader = this.#reader;
    try {
      return await (await reader).call<T>(verb, params);
    } finally {
      this.#readerDue();
      this.#readerDue = clock.after(limits.metricReaderIdleMs, () => this.#endReader(reader));
    }
  }

  #endReader(reader: Promise<MetricCalls>): void {
    void reader.then(
      (calls) => {
        if (calls.waiting > 0 || this.#reader !== reader) return;
        this.#reader = undefined;
        calls.end();
      },
      () => (this.#reader = undefined),
    );
  }

  /** An answer in the terms of PromQL, or what is wrong with the question. What was asked lately is answered from memory. */
  async query(text: string, steps: Steps): Promise<PromQlAnswer | Refused> {
    const { clock, limits } = this.#options;
    const startedMs = performance.now();
    const { fromMs, toMs, stepMs } = steps;
    const params: ThreadQuery = { text, steps, nowMs: clock.now(), timeMsMax: limits.metricQueryMsMax };
    const key = JSON.stringify([text, fromMs, toMs, stepMs]);
    const answer = await this.cache.get(key, { names: namesIn(text), toMs: toMs + backwardMs(text) }, () =>
      this.#read<PromQlAnswer | Refused>("query", params),
    );
    this.recorder.recordMetric("query_duration", performance.now() - startedMs, { kind: "promql" });
    return answer;
  }

  /** Labels of series that fit one of the selectors and were told something since. */
  series(matchers: readonly (readonly Matcher[])[], fromMs: number): Promise<readonly MetricLabels[]> {
    return this.#read("series", { matchers, fromMs });
  }

  about(name?: string): Promise<readonly MetricAbout[]> {
    return this.#read("about", { name });
  }

  kept(): Promise<Kept> {
    return this.#writer.call<Kept>("kept", undefined);
  }

  /** What was recorded within a span, those of one name where it is given. */
  async generateReport(p: {
    readonly from: number;
    readonly to: number;
    readonly name?: string | undefined;
  }): Promise<MetricReport> {
    await this.flush();
    const { from, to, name } = p;
    const slots = await this.#read<readonly StoredSlot[]>("history", { fromMs: from, toMs: to, name });
    return makeReport({ from, to, slots, current: this.recorder.all(name) });
  }

  /** Makes what is old coarser, and lets go what is too old. */
  async thin(): Promise<void> {
    await this.#writer.call("thin", { nowMs: this.#options.clock.now() });
    this.cache.told(new Map());
  }

  /** Writes what is left, and ends the threads. */
  async close(): Promise<void> {
    this.#flushDue();
    this.#thinDue();
    this.#readerDue();
    try {
      await this.flush();
    } catch (error) {
      this.#options.log("warn", "metrics could not be written at the end", { error: String(error) });
    }
    this.#closed = true;
    this.cache.close();
    const reader = await this.#reader?.catch(() => undefined);
    reader?.end();
    this.#writer.end();
  }
}

/** Names of the metrics that an expression looks at; undefined where they cannot be told. */
function namesIn(text: string): ReadonlySet<string> | undefined {
  const names = selectorsOf(text).map(
    ({ matchers }) => matchers.find(({ name, op }) => name === nameLabel && op === "=")?.value,
  );
  return names.some((name) => name === undefined) ? undefined : new Set(names.flatMap((name) => name ?? []));
}

/** How far beyond its end an expression looks: where an offset is negative. */
function backwardMs(text: string): number {
  return Math.max(0, ...selectorsOf(text).map(({ offsetMs }) => -offsetMs));
}

function selectorsOf(text: string): ReturnType<typeof selectorsIn> {
  try {
    return selectorsIn(parsePromQl(text));
  } catch {
    // Whoever answers it says what is wrong with it.
    return [];
  }
}
