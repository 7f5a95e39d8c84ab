// The runs this engine has in memory: which worker executes which incarnation, and what it is told about it.
import type { RunAssignment, RunEvent } from "@sluice/protocol";
import type { RunRecord } from "../kernel/run-store.ts";
import type { HotSeal, JournalOf } from "./sealing.ts";

/** A run in memory. */
export interface HotRun {
  readonly run: string;
  readonly epoch: number;
  readonly workflow: string;
  /** The span that began it, where it is part of a trace. */
  readonly trace: string | undefined;
  /** What its values are sealed with, where they are. */
  seal: HotSeal | undefined;
  /** Of its code. */
  readonly version: string;
  /** Worker that executes it; undefined while one is being found. */
  worker: string | undefined;
  /** What happened to it before a worker was found; said right after the assignment. */
  early: readonly RunEvent[];
  /** It has, or has had, tasks. */
  tasks: boolean;
  /** True while all it does is wait. */
  idle: boolean;
  /** Journal entries so far. */
  entries: number;
  /** Work on this run that must stay in order, while some of it is asynchronous. */
  chain: Promise<void> | undefined;
  /** Events for the worker that must stay in order, while values are being loaded. */
  sending: Promise<void> | undefined;
  /** Set while the assignment is only a replay check: what to send when it passes. */
  checking: RunAssignment | undefined;
}

/** Whose journal it is, where its values are sealed. */
export function journalOf({ run, seal }: HotRun): JournalOf | undefined {
  return seal === undefined ? undefined : { run, fork: seal.fork };
}

export class HotRuns {
  readonly #runs = new Map<string, HotRun>();
  /** How many each worker has. */
  readonly #counts = new Map<string, number>();
  readonly #trace: ((run: string) => string) | undefined;

  constructor(trace?: (run: string) => string) {
    this.#trace = trace;
  }

  /** What a run is part of: the trace it was started in, or its own where runs have one. */
  traceOf({ id, trace }: Pick<RunRecord, "id" | "trace">): string | undefined {
    return trace ?? this.#trace?.(id);
  }

  get size(): number {
    return this.#runs.size;
  }

  add(
    run: Pick<HotRun, "run" | "epoch" | "workflow" | "version" | "entries"> & Partial<Pick<HotRun, "seal" | "trace">>,
  ): HotRun {
    const hot: HotRun = {
      ...run,
      seal: run.seal,
      trace: this.traceOf({ id: run.run, trace: run.trace }),
      worker: undefined,
      early: [],
      tasks: false,
      idle: false,
      chain: undefined,
      sending: undefined,
      checking: undefined,
    };
    const before = this.#runs.get(run.run)?.worker;
    if (before !== undefined) this.#count(before, -1);
    this.#runs.set(run.run, hot);
    return hot;
  }

  /** The run, when this incarnation of it is in memory. */
  get(run: string, epoch: number): HotRun | undefined {
    const hot = this.#runs.get(run);
    return hot?.epoch === epoch ? hot : undefined;
  }

  has(run: string): boolean {
    return this.#runs.has(run);
  }

  remove(run: string, epoch: number): HotRun | undefined {
    const hot = this.get(run, epoch);
    if (hot === undefined) return undefined;
    this.#runs.delete(run);
    if (hot.worker !== undefined) this.#count(hot.worker, -1);
    return hot;
  }

  /** From now on this worker executes the run. */
  give(hot: HotRun, worker: string): void {
    if (hot.worker !== undefined) this.#count(hot.worker, -1);
    hot.worker = worker;
    this.#count(worker, 1);
  }

  /** How many runs a worker has. */
  countOn(worker: string): number {
    return this.#counts.get(worker) ?? 0;
  }

  #count(worker: string, by: 1 | -1): void {
    const count = this.countOn(worker) + by;
    if (count === 0) this.#counts.delete(worker);
    else this.#counts.set(worker, count);
  }

  /** Runs on a worker. */
  on(worker: string): readonly HotRun[] {
    return [...this.#runs.values()].filter((hot) => hot.worker === worker);
  }

  all(): readonly HotRun[] {
    return [...this.#runs.values()];
  }
}

/** What a worker is told about a run. `rest`: the first piece of its journal, and whether there is more. */
export function assignmentOf(
  { hot, url }: { readonly hot: HotRuns; readonly url: () => string },
  run: RunRecord,
  rest: Pick<RunAssignment, "journal" | "more">,
): RunAssignment {
  const trace = hot.traceOf(run);
  return {
    run: run.id,
    epoch: run.epoch,
    workflow: run.workflow,
    version: run.version,
    input: run.input,
    created: run.createdAt,
    started: run.startedAt ?? run.createdAt,
    attempt: run.attempt,
    generation: run.generation,
    tags: run.tags,
    ord: run.ord,
    url: url(),
    journal: rest.journal,
    ...(rest.more === true ? { more: true } : {}),
    ...(run.attempt > 1 || run.forkedFrom !== undefined ? { gaps: true } : {}),
    ...(run.parent === undefined ? {} : { parent: run.parent.run }),
    ...(run.key === undefined ? {} : { key: run.key }),
    ...(trace === undefined ? {} : { trace }),
    ...(run.cancel === undefined ? {} : { cancel: run.cancel }),
    ...(run.outcome === undefined ? {} : { outcome: run.outcome }),
  };
}
