// Writes what workers report: journal first, then the word back to the worker and to whoever watches.
import { SluiceError, toWire } from "@sluice/protocol";
import type { RunEvent, RunOp } from "@sluice/protocol";
import { runItself } from "../kernel/inner-actor.ts";
import type { AppendOutcome, Effects, StoreOp } from "../kernel/run-store.ts";
import type { HotRun } from "./hot-runs.ts";
import type { EngineParts } from "./parts.ts";
import type { Tasks } from "./tasks/tasks.ts";
import { hasLarge, keepLarge, prepareOp, refused } from "./prepare.ts";
import type { PrepareWith } from "./prepare.ts";
import { sealOp } from "./sealing.ts";
import type { HotSeal } from "./sealing.ts";
import { publishOps } from "./updates.ts";

export interface AppendWith {
  readonly prepare: PrepareWith;
  /** Told of what has been committed of runs that ask for tasks. */
  readonly tasks: Pick<Tasks, "appended" | "has">;
  /** A run whose commit failed is given to this, to be taken up again from its journal. */
  readonly reload: (hot: HotRun) => void;
}

export class Appender {
  readonly #parts: EngineParts;
  readonly #prepare: PrepareWith;
  readonly #tasks: AppendWith["tasks"];
  readonly #reload: AppendWith["reload"];
  /** Operations that say the same as a worker's, sealed. */
  readonly #ownWords = new WeakSet<StoreOp>();

  constructor(parts: EngineParts, { prepare, tasks, reload }: AppendWith) {
    this.#parts = parts;
    this.#prepare = prepare;
    this.#tasks = tasks;
    this.#reload = reload;
  }

  /** Takes operations of one incarnation, in order. */
  append(hot: HotRun, ops: readonly RunOp[]): void {
    const { watchers, clock, values, limits } = this.#parts;
    const { streamBytesMax } = limits;
    const now = clock.now();
    const prepared: StoreOp[] = [];
    let large = false;
    let slow = false;
    for (const op of ops) {
      const ready = this.#ready(hot, op, { now, streamBytesMax });
      if (ready === undefined) continue;
      const { seal } = hot;
      const limited = seal === undefined ? this.#limit(hot, ready, now) : this.#sealed(hot, seal, { ready, now });
      large ||= hasLarge(limited, values);
      slow ||= large || (limited.op === "event" && limited.match !== undefined);
      hot.tasks ||= limited.op === "task";
      prepared.push(limited);
    }
    const park = ops.find((op) => op.op === "park");
    if (prepared.length === 0 && park === undefined) {
      if (watchers.wants(hot.run)) publishOps(watchers, hot.run, { ops, events: [] });
      return;
    }
    const body = async (): Promise<void> => {
      // One before it in the chain has failed: the run goes on from its journal, without this.
      if (this.#parts.hot.get(hot.run, hot.epoch) === undefined) return;
      if (prepared.length > 0) await this.#write(hot, ops, { prepared, large, now });
      if (park?.op === "park") await this.#park(hot, park.paused);
    };
    this.#inOrder(hot, body, slow);
  }

  #ready(
    { run, workflow, seal, trace }: HotRun,
    op: RunOp,
    at: { readonly now: number; readonly streamBytesMax: number },
  ): StoreOp | undefined {
    return prepareOp(op, { run, workflow, seal, trace, ...at }, this.#prepare);
  }

  /** The operation of a sealed run, unless it is refused: what is said of that is no word of the run's. */
  #sealed(hot: HotRun, { by }: HotSeal, { ready, now }: { readonly ready: StoreOp; readonly now: number }): StoreOp {
    const limited = this.#limit(hot, ready, now);
    if (limited !== ready) return limited;
    const sealed = sealOp(ready, { run: hot.run, by, events: this.#parts.sealer.events ?? by });
    this.#ownWords.add(sealed);
    return sealed;
  }

  /** Appends overtake each other only if one of them may have to wait for blobs (`slow`); then they queue up behind it. */
  #inOrder(hot: HotRun, body: () => Promise<void>, slow: boolean): void {
    const failed = (error: unknown): void => this.#failed(hot, error);
    if (hot.chain === undefined && !slow) {
      body().catch(failed);
      return;
    }
    const before = hot.chain ?? Promise.resolve();
    const chain: Promise<void> = before
      .then(body)
      .catch(failed)
      .then(() => {
        if (hot.chain === chain) hot.chain = undefined;
      });
    hot.chain = chain;
  }

  #limit(hot: HotRun, op: StoreOp, now: number): StoreOp {
    const full = op.op === "emit" ? this.#parts.events.refusal : undefined;
    if (full !== undefined) return refused(op, full, now);
    if (!("seq" in op) || op.op === "started" || op.op === "retry" || op.op === "cache") return op;
    hot.entries++;
    const { journalEntriesMax } = this.#parts.limits;
    if (hot.entries <= journalEntriesMax || op.seq < 0) return op;
    const error = new SluiceError({
      code: "journal_too_long",
      message: `The run has ${journalEntriesMax} journal entries; no more are taken (journalEntriesMax).`,
      hint: "Split the work into child runs, or raise the setting limits.journalEntriesMax.",
    });
    return refused(op, error, now);
  }

  async #write(
    hot: HotRun,
    ops: readonly RunOp[],
    { prepared, large, now }: { prepared: readonly StoreOp[]; large: boolean; now: number },
  ): Promise<void> {
    const { values } = this.#parts;
    const releases: (() => void)[] = [];
    let stored = prepared;
    if (large) {
      const kept = await Promise.all(prepared.map((op) => keepLarge(op, values, now)));
      stored = kept.map((each) => each.op);
      for (const each of kept) releases.push(...each.releases);
    }
    try {
      const refusals = refusalsAmong(stored, ops, this.#ownWords);
      const undoes = stored.some((op, index) => op.op === "undoing" && prepared[index]?.op === "finish");
      const early = undoes || (refusals.size > 0 && stored.some((op) => op.op === "finish"));
      const taken = early ? stored.filter((op) => op.op !== "finish") : stored;
      await this.#commit(hot, { ops, stored: taken, refusals, early, now });
    } finally {
      for (const release of releases) release();
    }
  }

  /**
   * Commits operations, most often all at once. A wait that has to look into an event kept as a blob is asked again, with what
   * comes after it, when the blob has been read; what came before it is committed by then.
   */
  async #commit(hot: HotRun, { stored, refusals, early, ...given }: Writing): Promise<void> {
    const { store, values, clock } = this.#parts;
    let ops = given.ops;
    // They may have waited for a blob, or for what the run wrote before: what others have stored meanwhile came first.
    let now = clock.now();
    let left = madeAt(stored, { from: given.now, to: now });
    for (;;) {
      const outcome = await store.append({ by: runItself(hot.run), run: hot.run, epoch: hot.epoch, ops: left, now });
      if (outcome.outcome === "stale") {
        this.#stale(hot);
        return;
      }
      const { undecided } = outcome;
      if (hot.tasks || this.#tasks.has(hot.run))
        this.#tasks.appended(hot, undecided === undefined ? left : left.slice(0, undecided.at));
      const written = { ...outcome, events: withErrors(outcome.events, refusals) };
      if (undecided === undefined) {
        if (early) await this.#startOver(hot, outcome.effects);
        else this.#written(hot, ops, written);
        return;
      }
      const { at, seq, event, payload } = undecided;
      const cut = ops.findIndex((op) => op.op === "event" && op.seq === seq);
      this.#written(hot, ops.slice(0, cut), written);
      const large = { event, content: await values.load(payload) };
      ops = ops.slice(cut);
      const from = now;
      now = clock.now();
      left = madeAt(
        left.slice(at).map((op) => (op.op === "event" && op.seq === seq ? { ...op, large } : op)),
        { from, to: now },
      );
    }
  }

  #written(hot: HotRun, ops: readonly RunOp[], outcome: Extract<AppendOutcome, { outcome: "ok" }>): void {
    const { watchers, changes, tell, route, left, hot: hots } = this.#parts;
    // The store says how the run stands now, and only the engine how it stood before.
    if (hot.idle && outcome.status === "running" && changes.heard) changes.note("runs", hot.run);
    if (watchers.wants(hot.run)) publishOps(watchers, hot.run, { ops, events: outcome.events });
    if (ops.some((op) => op.op === "chunk")) watchers.streamed(hot.run);
    this.#count(ops);
    hot.idle = outcome.status === "waiting";
    if (outcome.events.length > 0) tell(hot, outcome.events);
    if (ops.some((op) => op.op === "undoing")) this.#beginUndo(hot);
    const over =
      ops.some((op) => op.op === "finish" || op.op === "blocked") &&
      outcome.status !== "running" &&
      outcome.status !== "undoing";
    if (over && outcome.effects.finished.some((end) => end.run === hot.run)) tell(hot, [{ event: "drop" }]);
    if (over && hots.remove(hot.run, hot.epoch) !== undefined) left(hot);
    route(outcome.effects);
  }

  /** Its undos begin when all that is to be taken back has stopped. */
  #beginUndo(hot: HotRun): void {
    const { hot: hots, tell, stopped } = this.#parts;
    const stopping = stopped(hot.run);
    if (stopping === undefined) tell(hot, [{ event: "undoing" }]);
    else
      void stopping.then(() => {
        if (hots.get(hot.run, hot.epoch) === hot) tell(hot, [{ event: "undoing" }]);
      });
  }

  /** The run ended on a result that was then refused, its own or a step's: it meets the refusal when it is taken up again. */
  async #startOver(hot: HotRun, effects: Effects): Promise<void> {
    const { hot: hots, tell, left, route, release } = this.#parts;
    tell(hot, [{ event: "drop" }]);
    if (hots.remove(hot.run, hot.epoch) !== undefined) left(hot);
    route(effects);
    await release(hot);
  }

  #count(ops: readonly RunOp[]): void {
    for (const op of ops) {
      if (op.op === "done") this.#parts.count("steps");
      else if (op.op === "retry") this.#parts.count("step_retries");
      else if (op.op === "emit") this.#parts.events.added(1);
    }
  }

  async #park(hot: HotRun, paused: boolean): Promise<void> {
    const { store, clock, hot: hots, left, queued, route, watchers } = this.#parts;
    const { run, epoch } = hot;
    const now = clock.now();
    const { outcome, effects } = await store.parkRun({ by: runItself(run), run, epoch, now, paused });
    if (hots.remove(hot.run, hot.epoch) !== undefined) left(hot);
    if (outcome === "ready") queued(1);
    if (effects !== undefined) route(effects);
    if (outcome === "parked" && paused) {
      watchers.publish({ run: hot.run, type: "run", at: clock.now(), data: { status: "paused" } });
    }
  }

  #stale(hot: HotRun): void {
    const { hot: hots, tell, left, log, count } = this.#parts;
    count("stale_writes");
    log("warn", "refused a write of an incarnation that no longer owns its run", { run: hot.run, epoch: hot.epoch });
    tell(hot, [{ event: "drop" }]);
    if (hots.remove(hot.run, hot.epoch) !== undefined) left(hot);
  }

  #failed(hot: HotRun, error: unknown): void {
    const { hot: hots, tell, left, log, count } = this.#parts;
    if (hots.get(hot.run, hot.epoch) === undefined) return;
    const wire = toWire(error);
    count("commit_failures");
    log("error", "a commit failed; the run goes on from its journal", {
      run: hot.run,
      code: wire.code,
      error: error instanceof Error ? error.message : String(error),
    });
    tell(hot, [{ event: "drop" }]);
    hots.remove(hot.run, hot.epoch);
    left(hot);
    this.#reload(hot);
  }
}

/** Operations on their way into a journal. */
interface Writing {
  /** As the worker sent them. */
  readonly ops: readonly RunOp[];
  /** As they are stored. */
  readonly stored: readonly StoreOp[];
  /** Errors of operations that were refused, by entry. */
  readonly refusals: ReadonlyMap<number, Uint8Array>;
  /** The run ended on a result that was refused. */
  readonly early: boolean;
  readonly now: number;
}

/** Errors of operations that were refused: the worker does not know them. */
function refusalsAmong(
  stored: readonly StoreOp[],
  ops: readonly RunOp[],
  ownWords: WeakSet<StoreOp>,
): ReadonlyMap<number, Uint8Array> {
  const asked = new Set<RunOp | StoreOp>(ops);
  const refusals = new Map<number, Uint8Array>();
  for (const op of stored)
    if (op.op === "done" && op.error !== undefined && !asked.has(op) && !ownWords.has(op))
      refusals.set(op.seq, op.error);
  return refusals;
}

function withErrors(events: readonly RunEvent[], refusals: ReadonlyMap<number, Uint8Array>): readonly RunEvent[] {
  if (refusals.size === 0) return events;
  return events.map((event) => {
    const error = event.event === "settle" ? refusals.get(event.seq) : undefined;
    return error === undefined ? event : { ...event, error };
  });
}

/** The same operations as of `to`: what they begin, and what they wait for a while for, counts from the moment of their commit. */
function madeAt(
  ops: readonly StoreOp[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly StoreOp[] {
  const later = to - from;
  return later === 0 ? ops : ops.map((op) => postponed(op, later, to));
}

function postponed(op: StoreOp, later: number, now: number): StoreOp {
  if (op.op === "call" || op.op === "start") {
    const { child } = op;
    const timeout = child.timeoutAt === undefined ? {} : { timeoutAt: child.timeoutAt + later };
    return { ...op, child: { ...child, createdAt: now, dueAt: child.dueAt + later, ...timeout } };
  }
  if (!("due" in op) || op.due === undefined || (op.op === "sleep" && op.until !== undefined)) return op;
  return { ...op, due: op.due + later };
}
