// Exports traces and metrics over OTLP/HTTP. A run's spans are made when it has ended, from its journal, one run after the other:
// a run never waits for this, and what there is no room or no answer for is let go and counted.
import { traceIdOf } from "@sluice/protocol";
import type { JournalEntry, TraceSpan } from "@sluice/protocol";
import type { Clock, CounterName, Engine, JournalCursor, Logger, RunRecord, Store } from "@sluice/core";
import type { TelemetryLimits, TelemetrySettings } from "./limits.ts";
import { metricsBody, tracesBody } from "./otlp.ts";
import type { Figure, Teller } from "./otlp.ts";
import { isSampled } from "./root-trace.ts";
import { beganIn, spansOf } from "./spans.ts";
import type { Span } from "./spans.ts";

export interface TelemetryParts {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: TelemetryLimits;
  readonly settings: TelemetrySettings;
  readonly teller: Teller;
}

/** Times a request is made before what it holds is let go. */
const attemptsMax = 4;
/** Ancestors looked at for the trace that a run is part of. */
const ancestorsMax = 64;
const journalBytesMax = 1_048_576;
/** Answers after which another attempt may succeed. Source: OTLP/HTTP, failures. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Counts under the names that `/metrics` has, and reports the same figures itself. */
export class Telemetry {
  readonly #parts: TelemetryParts;
  readonly #runs: string[] = [];
  readonly #startedAt: number;
  readonly #stops: (() => void)[] = [];
  #spans: Span[] = [];
  #working: Promise<void> | undefined;
  readonly #stopped = new AbortController();
  /** Aborted when there is no more time for answers. */
  readonly #late = new AbortController();

  constructor(parts: TelemetryParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** Listens from now on. */
  start(): void {
    this.#stops.push(this.#parts.engine.watchers.onEveryEnd(({ run }) => this.#ended(run)));
    this.#reportLater();
  }

  /** Tells what is left, as far as that succeeds at once, and ends. */
  async stop(): Promise<void> {
    const { clock, limits } = this.#parts;
    for (const stop of this.#stops.splice(0)) stop();
    this.#stopped.abort();
    const cancel = clock.after(limits.telemetryStopMs, () => this.#late.abort());
    await this.#working;
    await this.#send();
    await this.#report();
    cancel();
  }

  #ended(run: string): void {
    if (this.#runs.length >= this.#parts.limits.telemetryRunsMax) {
      this.#count("telemetry_runs_dropped");
      return;
    }
    this.#runs.push(run);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    const { limits, log } = this.#parts;
    for (let run = this.#runs.shift(); run !== undefined; run = this.#runs.shift()) {
      if (this.#late.signal.aborted) {
        this.#count("telemetry_runs_dropped", 1 + this.#runs.splice(0).length);
        return;
      }
      try {
        this.#spans.push(...(await this.#spansOf(run)));
      } catch (error) {
        this.#count("telemetry_runs_dropped");
        log("warn", "the spans of a run could not be made", { run, error: String(error) });
      }
      if (this.#spans.length >= limits.telemetryBatchSpansMax || this.#runs.length === 0) await this.#send();
    }
  }

  async #spansOf(id: string): Promise<readonly Span[]> {
    const { store, limits, settings } = this.#parts;
    const run = await store.getRun({ run: id });
    if (run === undefined) return [];
    const began = await this.#began(run);
    // Whoever began the trace has decided for all of it.
    if (began === undefined ? !isSampled(traceIdOf(id), settings.sample) : !began.sampled) return [];
    const journal = await this.#journal(id);
    const again = journal.some(({ attempt }) => attempt > 1);
    const attempts = again ? await store.figures.listAttempts({ run: id }) : [];
    return spansOf({ run, journal, attempts, began, spansMax: limits.telemetryRunSpansMax });
  }

  /** The span that began a run. Where no header told of a trace, it is the one that the first of its ancestors makes. */
  async #began(run: RunRecord): Promise<TraceSpan | undefined> {
    const { store, settings } = this.#parts;
    const began = beganIn(run);
    if (began === undefined || began.traceId !== "") return began;
    let oldest = run;
    for (let i = 0; i < ancestorsMax && oldest.parent !== undefined; i++) {
      const parent = await store.getRun({ run: oldest.parent.run });
      if (parent === undefined) break;
      oldest = parent;
      const told = beganIn(parent);
      if (told !== undefined && told.traceId !== "") return { ...began, traceId: told.traceId, sampled: told.sampled };
    }
    const traceId = traceIdOf(oldest.id);
    return { ...began, traceId, sampled: isSampled(traceId, settings.sample) };
  }

  async #journal(run: string): Promise<readonly JournalEntry[]> {
    const { store, limits } = this.#parts;
    const entries: JournalEntry[] = [];
    let from: JournalCursor | undefined;
    do {
      const where = from === undefined ? {} : { from };
      const piece = await store.readJournal({ run, bytesMax: journalBytesMax, ...where });
      entries.push(...piece.entries);
      from = entries.length < limits.telemetryRunSpansMax ? piece.next : undefined;
    } while (from !== undefined);
    return entries;
  }

  async #send(): Promise<void> {
    const { limits, teller } = this.#parts;
    const spans = this.#spans;
    this.#spans = [];
    for (let at = 0; at < spans.length; at += limits.telemetryBatchSpansMax) {
      const some = spans.slice(at, at + limits.telemetryBatchSpansMax);
      const sent = await this.#post("traces", tracesBody(teller, some));
      this.#count(sent ? "telemetry_spans_exported" : "telemetry_spans_dropped", some.length);
    }
  }

  #reportLater(): void {
    const { clock, limits } = this.#parts;
    this.#stops.push(
      clock.after(limits.telemetryMetricsMs, () => {
        this.#stops.splice(1);
        void this.#report().finally(() => {
          if (!this.#stopped.signal.aborted) this.#reportLater();
        });
      }),
    );
  }

  async #report(): Promise<void> {
    const { clock, log, teller } = this.#parts;
    try {
      const p = { figures: await this.#figures(), start: this.#startedAt, now: clock.now() };
      if (!(await this.#post("metrics", metricsBody(teller, p)))) this.#count("telemetry_reports_dropped");
    } catch (error) {
      log("warn", "figures could not be reported", { error: String(error) });
    }
  }

  async #figures(): Promise<readonly Figure[]> {
    const { engine } = this.#parts;
    const { runs, ready } = await engine.store.stats();
    const gauge = (name: string, value: number): Figure => ({ name, unit: "1", kind: "gauge", points: [{ value }] });
    const byStatus = Object.entries(runs).map(([status, value]) => ({ value, attributes: { status } }));
    return [
      ...Object.entries(engine.counters).map(([name, value]): Figure => ({
        name: `sluice.${name}`,
        unit: "1",
        kind: "sum",
        points: [{ value }],
      })),
      { name: "sluice.runs", unit: "1", kind: "gauge", points: byStatus },
      gauge("sluice.runs_ready", ready),
      gauge("sluice.runs_hot", engine.hotRuns),
      gauge("sluice.workers", engine.deployments.workers.length),
      { name: "process.memory.usage", unit: "By", kind: "gauge", points: [{ value: process.memoryUsage.rss() }] },
    ];
  }

  /** True when it was taken. Once this ends, nothing is tried again. */
  async #post(signal: "traces" | "metrics", body: string): Promise<boolean> {
    const { settings, limits, log } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      const problem = await this.#postOnce(`${settings.endpoint}/v1/${signal}`, body);
      if (problem === undefined) return true;
      if (!problem.again || attempt >= attemptsMax || this.#stopped.signal.aborted) {
        log("warn", "an export was not taken", { signal, problem: problem.text });
        return false;
      }
      await this.#pause(limits.telemetryRetryMs * 2 ** (attempt - 1));
    }
  }

  async #postOnce(url: string, body: string): Promise<{ readonly text: string; readonly again: boolean } | undefined> {
    const { settings, limits } = this.#parts;
    const headers = { ...settings.headers, "content-type": "application/json" };
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(limits.telemetryTimeoutMs), this.#late.signal]);
      const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
      await response.arrayBuffer();
      if (response.ok) return undefined;
      return { text: `answered ${response.status}`, again: passing.has(response.status) };
    } catch (error) {
      return { text: error instanceof Error ? error.message : String(error), again: true };
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, resolve);
      const { signal } = this.#stopped;
      signal.addEventListener("abort", () => {
        cancel();
        resolve();
      });
      if (signal.aborted) resolve();
    });
  }

  #count(name: CounterName, by = 1): void {
    const { counters } = this.#parts.engine;
    counters[name] = (counters[name] ?? 0) + by;
  }
}
