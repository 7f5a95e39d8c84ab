// What the recorder holds against the commits besides runs: breakers let in whom they may, nothing of a paused queue begins,
// starts that become one lose no input, and what triggers were told of has one run each.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { BreakerMark, BreakerPlan } from "@sluice/protocol";
import type { RunRecord, RunStore, StoreOp } from "../../kernel/run-store.ts";
import type { TriggerStore } from "../../kernel/trigger-store.ts";

type Fail = (what: string) => void;
type Params<V extends keyof RunStore> = Parameters<RunStore[V]>[0];
type Outcome<V extends keyof RunStore> = Awaited<ReturnType<RunStore[V]>>;

/** Verbs that the recorder listens to for these alone. */
export const watchedVerbs = ["enterBreaker", "resetBreaker", "putFlow", "setQueuePaused"] as const;
type WatchedVerb = (typeof watchedVerbs)[number];

interface Breaker {
  state: "closed" | "open" | "half_open";
  failures: number;
  round: number;
  opened: number;
  openUntil: number;
  /** Let in while half-open and not heard of. */
  probing: number;
  probedAt: number;
  /** Attempts let in, and begun. */
  let: number;
  begun: number;
}

export class Watches {
  /** Runs that triggers have started, with their input as it is stored. */
  readonly triggered: { readonly trigger: string; readonly run: string; readonly input: Uint8Array }[] = [];
  readonly #fail: Fail;
  readonly #breakers = new Map<string, Breaker>();
  readonly #queueOf = new Map<string, string>();
  readonly #paused = new Set<string>();
  /** Inputs that a run stands for, of runs that starts have become part of or may become part of. */
  readonly #joined = new Map<string, { readonly gathers: boolean; inputs: Uint8Array[] }>();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  saw(verb: WatchedVerb, params: unknown, outcome: unknown): void {
    switch (verb) {
      case "enterBreaker":
        this.#entered(params as Params<"enterBreaker">, outcome as Outcome<"enterBreaker">);
        break;
      case "resetBreaker": {
        const row = this.#breakers.get((params as Params<"resetBreaker">).name);
        if (row !== undefined) close(row);
        break;
      }
      case "putFlow": {
        const { workflows, queues } = params as Params<"putFlow">;
        for (const workflow of workflows) this.#queueOf.delete(workflow);
        for (const { workflow, queue } of queues) this.#queueOf.set(workflow, queue);
        break;
      }
      default: {
        const { queue, paused } = params as Params<"setQueuePaused">;
        if (outcome === undefined) break;
        if (paused) this.#paused.add(queue);
        else this.#paused.delete(queue);
      }
    }
  }

  #entered({ plan, now }: Params<"enterBreaker">, answer: Outcome<"enterBreaker">): void {
    const row = this.#breakers.get(plan.name) ?? fresh();
    this.#breakers.set(plan.name, row);
    const may = this.#mayEnter(row, plan, now);
    if (may !== (answer.outcome === "in"))
      this.#fail(`breaker ${plan.name}, which is ${row.state}, answered ${answer.outcome} at ${now}: ${show(row)}`);
    if (answer.outcome !== "in") return;
    row.let++;
    if (answer.round !== row.round)
      this.#fail(`breaker ${plan.name} is in round ${row.round} and said ${answer.round}`);
    if (row.state === "closed") return;
    if (row.state === "open" || now >= row.probedAt + plan.recovery) row.probing = 0;
    row.state = "half_open";
    row.probing++;
    row.probedAt = now;
  }

  #mayEnter(row: Breaker, plan: BreakerPlan, now: number): boolean {
    if (row.state === "closed") return true;
    if (row.state === "open") return now >= row.openUntil;
    return row.probing < plan.probes || now >= row.probedAt + plan.recovery;
  }

  /** The operations of a write that was taken; those whose entry had settled or been given up before teach nothing. */
  wrote(ops: readonly StoreOp[], p: { readonly now: number; readonly counts: (op: StoreOp) => boolean }): void {
    for (const op of ops) {
      if ((op.op !== "done" && op.op !== "retry") || op.breaker === undefined || !p.counts(op)) continue;
      this.#told(op.breaker, p.now);
    }
  }

  #told(mark: BreakerMark, now: number): void {
    const row = this.#breakers.get(mark.name);
    if (row === undefined) {
      this.#fail(`breaker ${mark.name} was told of an attempt before any was let in`);
      return;
    }
    if (mark.round !== row.round || row.state === "open") return;
    if (mark.outcome === "ignored") {
      if (row.state === "half_open") row.probing = Math.max(0, row.probing - 1);
    } else if (mark.outcome === "ok") {
      if (row.state === "half_open") close(row);
      row.failures = 0;
    } else if (++row.failures >= mark.threshold || row.state === "half_open") {
      Object.assign(row, { state: "open", openUntil: now + mark.recovery, probing: 0 });
      row.round++;
      row.opened++;
    }
  }

  /** An attempt of a step behind a breaker begins. */
  begins(breaker: string): void {
    const row = this.#breakers.get(breaker);
    if (row === undefined || ++row.begun > row.let)
      this.#fail(`an attempt behind breaker ${breaker} begins and was not let in: ${show(row)}`);
  }

  /** A run begins that had never begun. */
  first(run: RunRecord): void {
    const queue = this.#queueOf.get(run.workflow);
    if (queue !== undefined && this.#paused.has(queue))
      this.#fail(`run ${run.id} of ${run.workflow} begins though its queue ${queue} is paused`);
    const joined = this.#joined.get(run.id);
    if (joined === undefined) return;
    const { gathers, inputs } = joined;
    const meant = gathers ? encodeValue(inputs.map((input) => decodeValue(input))) : inputs.at(-1);
    if (!isSame(run.input, meant))
      this.#fail(`run ${run.id} stands for ${inputs.length} starts and does not have their input`);
  }

  /** A client's start. */
  started({ run }: Params<"createRun">, outcome: Outcome<"createRun">): void {
    const { batch, debounce } = run.flow?.admission ?? {};
    if (batch === undefined && debounce === undefined) return;
    if (outcome.outcome === "created") this.#joined.set(run.id, { gathers: batch !== undefined, inputs: [run.input] });
    // Without a trailing edge the first start's input counts.
    if (outcome.outcome !== "joined" || outcome.run.epoch > 0 || debounce?.trailing === false) return;
    const joined = this.#joined.get(outcome.run.id);
    if (joined === undefined) this.#fail(`a start became part of run ${outcome.run.id}, which nobody had created`);
    else joined.inputs.push(run.input);
  }

  advanced({ trigger }: Parameters<TriggerStore["advanceTrigger"]>[0], created: readonly RunRecord[]): void {
    for (const { id: run, input } of created) this.triggered.push({ trigger, run, input });
  }

  /** Holds what is stored in the end against it. */
  async check(store: RunStore): Promise<void> {
    for (const { name, state, failures, round, opened } of await store.listBreakers()) {
      const row = this.#breakers.get(name);
      const same = row?.state === state && row.failures === failures && row.round === round && row.opened === opened;
      if (!same) this.#fail(`breaker ${name} is ${show({ state, failures, round, opened })} and not ${show(row)}`);
    }
  }
}

function fresh(): Breaker {
  return {
    state: "closed",
    failures: 0,
    round: 0,
    opened: 0,
    openUntil: 0,
    probing: 0,
    probedAt: 0,
    let: 0,
    begun: 0,
  };
}

function close(row: Breaker): void {
  Object.assign(row, { state: "closed", failures: 0, openUntil: 0, probing: 0 });
  row.round++;
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, at) => byte === b[at]);
}

function show(row: object | undefined): string {
  return JSON.stringify(row);
}
