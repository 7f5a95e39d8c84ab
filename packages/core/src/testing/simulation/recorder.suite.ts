// Sits between the faults and the store and writes down every change in the order of commits: who holds which run, what has
// settled, what has ended. It survives crashes, and calls out what no store may do.
import type { RunEvent } from "@sluice/protocol";
import type { Delivery, Effects, FinishedRun, RunRecord, RunStore, StoreOp } from "../../kernel/run-store.ts";
import type { TriggerStore } from "../../kernel/trigger-store.ts";
import { brief, isWatched, verbs } from "./recorder-verbs.suite.ts";
import type { RecordedVerb } from "./recorder-verbs.suite.ts";
import { TaskPlaces } from "./task-places.suite.ts";
import { watchedVerbs, Watches } from "./watches.suite.ts";

/** What is known of a run from the commits alone. */
export interface RunModel {
  readonly id: string;
  readonly workflow: string;
  readonly createdAt: number;
  attempt: number;
  epoch: number;
  owner: string | undefined;
  final: string | undefined;
  /** How it ended, each time. */
  readonly ends: string[];
  deleted: boolean;
  /** Numbers of the entries that have settled, and how. */
  settled: Map<number, "completed" | "failed">;
  /** What its waits for events asked for. */
  readonly wanted: Map<number, Wanted>;
}

/** What is asked of an event. */
export interface Wanted {
  readonly name: string;
  readonly key: string | undefined;
  readonly match: Uint8Array | undefined;
}

type Params<V extends keyof RunStore> = Parameters<RunStore[V]>[0];
type Outcome<V extends keyof RunStore> = Awaited<ReturnType<RunStore[V]>>;
type AnyVerb = (params: unknown) => Promise<unknown>;

export class Recorder {
  readonly store: RunStore;
  readonly runs = new Map<string, RunModel>();
  /** Runs that have not ended. */
  unfinished = 0;
  commits = 0;
  staleWrites = 0;
  /** Sum of what was added to counters that are only ever added to, by scope and key. */
  readonly sums = new Map<string, number>();
  /** What each verb did, for coverage. */
  readonly counts = new Map<string, number>();
  /** Children that ended before anything else was heard of them. */
  readonly endedUnseen = new Set<string>();
  /** Of seeds that have something for it. */
  readonly watches: Watches | undefined;
  readonly #settledTasks = new Set<string>();
  readonly #taskPlaces = new TaskPlaces();
  readonly #inner: RunStore;
  readonly #fail: (what: string) => void;
  readonly #trace: ((line: () => string) => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    inner: RunStore,
    fail: (what: string) => void,
    { trace, extras }: { readonly trace: ((line: () => string) => void) | undefined; readonly extras: boolean },
  ) {
    this.#inner = inner;
    this.#fail = fail;
    this.#trace = trace;
    this.watches = extras ? new Watches(fail) : undefined;
    const target = inner as unknown as Record<string, AnyVerb>;
    const wrapped: Record<string, AnyVerb> = {};
    for (const verb of verbs) wrapped[verb] = (params) => this.#call(verb, params, target);
    for (const verb of extras ? watchedVerbs : []) wrapped[verb] = (params) => this.#watched(verb, params, target);
    this.store = new Proxy(inner, {
      get: (_, verb) => {
        const call = wrapped[verb as string];
        if (call !== undefined) return call;
        const plain = target[verb as string];
        return (params: unknown) => (plain as AnyVerb).call(target, params);
      },
    });
  }

  /** True when some run may wait for an event. */
  get waitsForEvents(): boolean {
    for (const run of this.runs.values()) {
      if (run.final !== undefined) continue;
      for (const seq of run.wanted.keys()) if (!run.settled.has(seq)) return true;
    }
    return false;
  }

  /** The trigger port, with the runs that it starts recorded. */
  triggers(inner: TriggerStore): TriggerStore {
    const advanceTrigger: TriggerStore["advanceTrigger"] = async (p) => {
      const pending = inner.advanceTrigger(p);
      return this.#inTurn(pending, (outcome) => {
        if (outcome.outcome !== "ok") return;
        for (const run of outcome.created) this.#add(run);
        this.watches?.advanced(p, outcome.created);
        this.#effects(outcome.effects);
        this.#trace?.(() => `store advanceTrigger ${brief(p)} -> ${brief(outcome)}`);
      });
    };
    return new Proxy(inner, {
      get: (_, verb) => {
        if (verb === "advanceTrigger") return advanceTrigger;
        const plain = (inner as unknown as Record<string, AnyVerb>)[verb as string];
        return (params: unknown) => (plain as AnyVerb).call(inner, params);
      },
    });
  }

  /** Notes what became of a verb after what became of those before it: the store had carried them out in that order. */
  #inTurn<T>(pending: Promise<T>, note: (outcome: T) => void | Promise<void>): Promise<T> {
    const turn = Promise.allSettled([this.#turn, pending]).then(async () => {
      const outcome = await pending;
      this.commits++;
      await note(outcome);
      return outcome;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #call(verb: (typeof verbs)[number], params: unknown, target: Record<string, AnyVerb>): Promise<unknown> {
    if (this.watches !== undefined) return this.#watched(verb, params, target);
    const outcome = await (target[verb] as AnyVerb).call(target, params);
    this.commits++;
    this.#count(verb, outcome);
    await this.#saw(verb, params, outcome);
    return outcome;
  }

  #watched(verb: RecordedVerb, params: unknown, target: Record<string, AnyVerb>): Promise<unknown> {
    const { watches } = this;
    const append = verb === "append" ? (params as Params<"append">) : undefined;
    const teaches = append?.ops.some((op) => (op.op === "done" || op.op === "retry") && op.breaker !== undefined);
    const before =
      append === undefined || teaches !== true
        ? undefined
        : this.#inner.readJournal({ run: append.run, bytesMax: Number.MAX_SAFE_INTEGER });
    return this.#inTurn((target[verb] as AnyVerb).call(target, params), async (outcome) => {
      this.#count(verb, outcome);
      if (append !== undefined && before !== undefined && (outcome as Outcome<"append">).outcome === "ok") {
        const closed = new Set(
          (await before).entries.filter(({ status }) => status !== "running").map(({ seq }) => seq),
        );
        const { undecided } = outcome as Extract<Outcome<"append">, { readonly outcome: "ok" }>;
        const counts = (op: StoreOp): boolean => !("seq" in op) || !closed.has(op.seq);
        watches?.wrote(append.ops.slice(0, undecided?.at), { now: append.now, counts });
      }
      if (isWatched(verb)) watches?.saw(verb, params, outcome);
      else await this.#saw(verb, params, outcome);
    });
  }

  #count(verb: string, outcome: unknown): void {
    const how = (outcome as { outcome?: string } | undefined)?.outcome;
    const name = how === undefined ? verb : `${verb} ${how}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  async #saw(verb: (typeof verbs)[number], params: unknown, outcome: unknown): Promise<void> {
    if (verb === "createRun") this.watches?.started(params as Params<"createRun">, outcome as Outcome<"createRun">);
    switch (verb) {
      case "createRun":
      case "forkRun":
        await this.#created(params as Params<"createRun">, outcome as Outcome<"forkRun">, verb === "forkRun");
        break;
      case "claimRuns":
        for (const { run } of outcome as Outcome<"claimRuns">) this.#held(run);
        break;
      case "append":
        this.#appended(params as Params<"append">, outcome as Outcome<"append">);
        this.#taskPlaces.made(params as Params<"append">);
        if ((outcome as Outcome<"append">).outcome === "ok") await this.#children((params as Params<"append">).ops);
        break;
      case "parkRun":
        this.#parked(params as Params<"parkRun">, outcome as Outcome<"parkRun">);
        break;
      case "releaseRuns":
        for (const run of (outcome as Outcome<"releaseRuns">).released) this.#let(run.id, "release");
        break;
      case "recover":
        for (const run of this.runs.values())
          if (run.owner !== undefined && run.owner !== (params as Params<"recover">).owner) run.owner = undefined;
        break;
      case "retryRun":
        await this.#retried(params as Params<"retryRun">, outcome as Outcome<"retryRun">);
        break;
      case "blockRun":
        if ((outcome as Outcome<"blockRun">).outcome === "ok") this.#let((params as Params<"blockRun">).run, "block");
        break;
      case "deleteRuns":
        for (const id of (outcome as Outcome<"deleteRuns">).deleted) this.#deleted(id);
        break;
      case "claimTasks":
        for (const { task } of (outcome as Outcome<"claimTasks">).claimed)
          if (this.#settledTasks.has(task)) this.#fail(`task ${task} was given out again after it had settled`);
        break;
      case "settleTask":
        this.#settledTask((params as Params<"settleTask">).task, outcome as Outcome<"settleTask">);
        this.#taskPlaces.settled(params as Params<"settleTask">, outcome as Outcome<"settleTask">, this.runs);
        break;
      case "fireSchedule": {
        const fired = outcome as Outcome<"fireSchedule">;
        if (fired.outcome === "ok") for (const run of fired.created) this.#add(run);
        break;
      }
      default:
        break;
    }
    this.#effects((outcome as { effects?: Effects } | undefined)?.effects);
    this.#trace?.(() => `store ${verb} ${brief(params)} -> ${brief(outcome)}`);
  }

  #add(run: RunRecord): RunModel {
    const model: RunModel = {
      id: run.id,
      workflow: run.workflow,
      createdAt: run.createdAt,
      attempt: run.attempt,
      epoch: run.epoch,
      owner: run.owner,
      final: undefined,
      ends: [],
      deleted: false,
      settled: new Map(),
      wanted: new Map(),
    };
    if (run.owner !== undefined) this.watches?.first(run);
    if (this.runs.has(run.id)) this.#fail(`run ${run.id} was created twice`);
    this.runs.set(run.id, model);
    this.unfinished++;
    if (this.endedUnseen.delete(run.id)) {
      model.final = run.status;
      model.ends.push(endOf({ ...run, status: run.status as FinishedRun["status"] }));
      this.unfinished--;
    }
    return model;
  }

  async #created(_: Params<"createRun">, outcome: Outcome<"forkRun">, forked: boolean): Promise<void> {
    if (outcome.outcome !== "created") return;
    const model = this.#add(outcome.run);
    if (forked) model.settled = await this.#settledOf(model.id);
  }

  async #settledOf(run: string): Promise<RunModel["settled"]> {
    const { entries } = await this.#inner.readJournal({ run, bytesMax: Number.MAX_SAFE_INTEGER });
    const settled: RunModel["settled"] = new Map();
    for (const { seq, status } of entries) if (status === "completed" || status === "failed") settled.set(seq, status);
    return settled;
  }

  #held(run: RunRecord): void {
    const model = this.runs.get(run.id) ?? this.#add({ ...run, epoch: 0, owner: undefined });
    if (model.owner !== undefined) this.#fail(`run ${run.id} was given to ${run.owner} while ${model.owner} held it`);
    if (run.epoch <= model.epoch) this.#fail(`run ${run.id} was claimed with epoch ${run.epoch} after ${model.epoch}`);
    if (model.final !== undefined) this.#fail(`run ${run.id} was claimed after it had ended`);
    if (model.epoch === 0) this.watches?.first(run);
    model.epoch = run.epoch;
    model.owner = run.owner;
  }

  #let(run: string, why: string): void {
    const model = this.runs.get(run);
    if (model === undefined) this.#fail(`${why} of run ${run}, which nobody had created`);
    else model.owner = undefined;
  }

  #appended(p: Params<"append">, outcome: Outcome<"append">): void {
    const model = this.runs.get(p.run);
    const current = model !== undefined && model.owner !== undefined && model.epoch === p.epoch && !model.deleted;
    if (outcome.outcome === "stale") {
      this.staleWrites++;
      if (current)
        this.#fail(`a write of run ${p.run} epoch ${p.epoch} was refused although that incarnation holds it`);
      return;
    }
    if (!current) {
      this.#fail(
        `a write of run ${p.run} epoch ${p.epoch} was taken although ${model?.owner ?? "nobody"} holds epoch ${model?.epoch}`,
      );
      return;
    }
    for (const op of p.ops.slice(0, outcome.undecided?.at)) this.#op(model, op, outcome.events);
    for (const event of outcome.events) this.#event(model, event);
  }

  #op(model: RunModel, op: StoreOp, events: readonly RunEvent[]): void {
    this.counts.set(`op ${op.op}`, (this.counts.get(`op ${op.op}`) ?? 0) + 1);
    if (op.op === "state" && op.verb === "incr" && op.key.startsWith("sum")) {
      const settled = events.some(
        (event) => event.event === "settle" && event.seq === op.seq && event.status === "completed",
      );
      const slot = `${op.scope}/${op.key}`;
      if (settled) this.sums.set(slot, (this.sums.get(slot) ?? 0) + (op.amount ?? 1));
    }
    if (op.op === "event") model.wanted.set(op.seq, { name: op.name, key: op.key, match: op.match });
    if (op.op === "blocked") model.owner = undefined;
  }

  /** A child may or may not have been created: one with its key may have been there. */
  async #children(ops: readonly StoreOp[]): Promise<void> {
    for (const op of ops) {
      const child = op.op === "call" || op.op === "start" || op.op === "finish" ? op.child : undefined;
      if (child === undefined || this.runs.has(child.id)) continue;
      const record = await this.#inner.getRun({ run: child.id });
      if (record !== undefined && !this.runs.has(child.id)) this.#add({ ...record, epoch: 0, owner: undefined });
    }
  }

  #event(model: RunModel, event: RunEvent): void {
    if (event.event !== "settle") return;
    if (model.settled.has(event.seq)) this.#fail(`entry ${event.seq} of run ${model.id} settled twice`);
    model.settled.set(event.seq, event.status);
  }

  #settledTask(task: string, { outcome }: Outcome<"settleTask">): void {
    if (outcome !== "ok") return;
    if (this.#settledTasks.has(task)) this.#fail(`task ${task} settled twice`);
    this.#settledTasks.add(task);
  }

  #parked(p: Params<"parkRun">, { outcome }: Outcome<"parkRun">): void {
    const model = this.runs.get(p.run);
    const current = model !== undefined && model.owner !== undefined && model.epoch === p.epoch;
    if (outcome !== "stale" && !current)
      this.#fail(`run ${p.run} was parked by epoch ${p.epoch}, which did not hold it`);
    if (model !== undefined && outcome !== "stale") model.owner = undefined;
  }

  async #retried(p: Params<"retryRun">, outcome: Outcome<"retryRun">): Promise<void> {
    const model = this.runs.get(p.run);
    if (outcome.outcome !== "ok" || model === undefined) return;
    model.settled = await this.#settledOf(p.run);
    if (model.final !== undefined) this.unfinished++;
    model.final = undefined;
    model.owner = undefined;
    model.attempt = outcome.run.attempt;
  }

  #deleted(id: string): void {
    const model = this.runs.get(id);
    if (model === undefined) return;
    if (model.final === undefined) this.#fail(`run ${id} was deleted before it had ended`);
    model.deleted = true;
  }

  #effects(effects: Effects | undefined): void {
    if (effects === undefined) return;
    for (const delivery of effects.deliveries) this.#delivered(delivery);
    for (const end of effects.finished) this.#finished(end);
  }

  #delivered({ run, epoch, owner, event }: Delivery): void {
    const model = this.runs.get(run);
    if (model === undefined || model.owner !== owner || model.epoch !== epoch) {
      this.#fail(
        `run ${run} got ${event.event} for epoch ${epoch} of ${owner}, but ${model?.owner} holds epoch ${model?.epoch}`,
      );
      return;
    }
    this.#event(model, event);
    // The run had only waited, and its place was gone when that was over.
    if (event.event === "drop") model.owner = undefined;
  }

  #finished(end: FinishedRun): void {
    const model = this.runs.get(end.run);
    if (model === undefined) {
      this.endedUnseen.add(end.run);
      return;
    }
    if (model.final !== undefined)
      this.#fail(`run ${end.run} ended as ${end.status} after it had ended as ${model.final}`);
    else this.unfinished--;
    model.final = end.status;
    model.ends.push(endOf(end));
    model.owner = undefined;
  }
}

/** The end of a run in a form that can be compared. */
export function endOf(end: Pick<FinishedRun, "status" | "output" | "error">): string {
  return `${end.status} ${sumOf(end.output)} ${sumOf(end.error)}`;
}

/** FNV-1a (Fowler, Noll, Vo) and the length. */
function sumOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "none";
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${hash >>> 0}/${bytes.length}`;
}
