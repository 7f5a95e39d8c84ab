// An engine played by a test: it hands a worker assignments and events, and sees every message the worker sends. Time and
// turns of the event loop pass when the test says so.
import { encodeValue } from "@sluice/protocol";
import type {
  DoneOp,
  EngineToWorker,
  JournalEntry,
  RunAssignment,
  RunEvent,
  RunOp,
  WorkerToEngine,
} from "@sluice/protocol";
import type { Workflow } from "@sluice/sdk";
import { AsyncStepScope } from "./bun-step-scope.ts";
import type { WorkerClock } from "./clock.ts";
import { workerLimits } from "./limits.ts";
import type { WorkerLimits } from "./limits.ts";
import { Worker } from "./worker.ts";
import type { WorkerOptions } from "./worker.ts";

const microtasksMax = 200;

/** Lets every promise that can settle without a timer or a turn do so. */
export async function microtasks(): Promise<void> {
  for (let i = 0; i < microtasksMax; i++) await Promise.resolve();
}

/** Time that passes by `pass`, and turns that begin one at a time. */
export class PlayedClock implements WorkerClock {
  #now = 1_000;
  #timers: { readonly due: number; readonly callback: () => void }[] = [];
  #turns: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { due: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  turn(callback: () => void): void {
    this.#turns.push(callback);
  }

  get turnsWanted(): number {
    return this.#turns.length;
  }

  /** One turn of the event loop, and the microtasks it leads to. */
  async next(): Promise<void> {
    for (const turn of this.#turns.splice(0)) turn();
    await microtasks();
  }

  /** Turns until none is wanted. */
  async rest(): Promise<void> {
    await microtasks();
    while (this.#turns.length > 0) await this.next();
  }

  /** Time passes; what is due by then happens in order. */
  async pass(ms: number): Promise<void> {
    const target = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.due <= target).toSorted((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
      await this.rest();
    }
    this.#now = target;
    await this.rest();
  }
}

/** A settled or open journal entry. */
export function entry(p: Partial<JournalEntry> & Pick<JournalEntry, "seq" | "kind" | "name">): JournalEntry {
  const ord = p.ord ?? 0;
  return {
    n: 0,
    status: ord > 0 ? "completed" : "running",
    ord,
    attempt: 1,
    at: 1_000,
    end: ord > 0 ? 1_000 + ord : 0,
    ...p,
  };
}

export class PlayedEngine {
  readonly clock = new PlayedClock();
  readonly messages: WorkerToEngine[] = [];
  readonly worker: Worker;
  readonly #ords = new Map<string, number>();

  constructor(
    workflows: readonly Workflow[],
    options: Partial<WorkerOptions> & { readonly limit?: Partial<WorkerLimits> } = {},
  ) {
    this.worker = new Worker({
      id: "w",
      version: "v1",
      workflows,
      clock: this.clock,
      limits: { ...workerLimits, ...options.limit },
      stepScope: new AsyncStepScope(),
      send: (message) => void this.messages.push(message),
      ...options,
    });
  }

  async say(...messages: readonly EngineToWorker[]): Promise<void> {
    this.worker.receive(messages);
    await this.clock.rest();
  }

  /** Assigns a run with this journal; the workflow is the one named "flow" unless said otherwise. */
  async assign(p: Partial<RunAssignment> = {}, input?: unknown): Promise<void> {
    const journal = p.journal ?? [];
    const ord = Math.max(0, ...journal.map((each) => each.ord));
    const assignment: RunAssignment = {
      run: "r",
      epoch: 1,
      workflow: "flow",
      version: "v1",
      input: encodeValue(input),
      created: 900,
      started: 1_000,
      attempt: 1,
      generation: 0,
      tags: [],
      ord,
      journal,
      url: "http://127.0.0.1:1",
      ...p,
    };
    this.#ords.set(assignment.run, assignment.ord);
    await this.say({ type: "assign", assignment });
  }

  async events(...events: readonly RunEvent[]): Promise<void> {
    await this.say({ type: "events", run: "r", epoch: 1, events });
  }

  /** Settles entries in this order, each with a value the worker made itself unless one is given. */
  async settle(...seqs: readonly (number | readonly [seq: number, value: unknown])[]): Promise<void> {
    await this.events(
      ...seqs.map((each): RunEvent => {
        const ord = (this.#ords.get("r") ?? 0) + 1;
        this.#ords.set("r", ord);
        const [seq, value] = typeof each === "number" ? [each] : [each[0], encodeValue(each[1])];
        const at = this.clock.now();
        return { event: "settle", seq, ord, status: "completed", at, ...(value === undefined ? {} : { value }) };
      }),
    );
  }

  /** Operations sent so far for the run, and forgets them. */
  ops(): readonly RunOp[] {
    return this.messages.splice(0).flatMap((message) => (message.type === "ops" ? message.ops : []));
  }

  /** The operations as words: what they are and what they are about. */
  said(): readonly string[] {
    return this.ops().map((op) => ("name" in op ? `${op.op} ${op.name}` : op.op));
  }

  /** Answers as an engine would at once: acknowledges what steps and ends say, until the worker says nothing more. */
  async acknowledge(): Promise<readonly RunOp[]> {
    const all: RunOp[] = [];
    for (;;) {
      const ops = this.ops();
      if (ops.length === 0) return all;
      all.push(...ops);
      const starts = ops.flatMap((op): RunEvent[] =>
        op.op === "started" && op.undo ? [{ event: "started", seq: op.seq }] : [],
      );
      if (ops.some((op) => op.op === "undoing")) starts.push({ event: "undoing" });
      const failures = new Set(ops.filter((op): op is DoneOp => op.op === "done" && op.error !== undefined));
      if (starts.length > 0) await this.events(...starts);
      if (ops.some((op) => op.op === "finish")) await this.events({ event: "drop" });
      for (const op of ops) {
        if (op.op === "done" && failures.has(op)) await this.#fail(op.seq);
        else if (op.op === "done" || op.op === "race" || op.op === "patched") await this.settle(op.seq);
      }
    }
  }

  async #fail(seq: number): Promise<void> {
    const ord = (this.#ords.get("r") ?? 0) + 1;
    this.#ords.set("r", ord);
    await this.events({ event: "settle", seq, ord, status: "failed", at: this.clock.now() });
  }
}
