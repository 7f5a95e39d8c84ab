// What the suite of the port needs to speak of runs briefly: a store whose clock the test moves, and short operations.
import { afterEach, beforeEach, expect } from "bun:test";
import {
  decodeErrorValue,
  decodeValue,
  encodeErrorValue,
  encodeValue,
  normalizeRetry,
  type RunEvent,
} from "@sluice/protocol";
import { engineItself } from "../kernel/inner-actor.ts";
import type {
  Actor,
  AppendOutcome,
  ClaimedRun,
  CreateOutcome,
  Effects,
  NewRun,
  RunRecord,
  RunStore,
  StoreOp,
} from "../kernel/run-store.ts";
import type { Store } from "../kernel/store.ts";

/** Opens an empty store. It is closed by the suite; what it leaves behind is the maker's to remove. */
export type MakeStore = () => Store | Promise<Store>;

export type Outcome<T, Name extends string> = Extract<T, { readonly outcome: Name }>;
type Ok<T> = Outcome<T, "ok">;

export const ada: Actor = { kind: "user", id: "ada" };
export const engine = "engine-1";
export const start = 1_700_000_000_000;
export const value = encodeValue;
export const problem = (message: string, code?: string): Uint8Array =>
  encodeErrorValue({ name: "Error", message, code });

export function read(bytes: Uint8Array | undefined): unknown {
  return bytes === undefined ? undefined : decodeValue(bytes);
}

/** An empty store for each test of the group, and the words to work with it. */
export function withStore(makeStore: MakeStore): Desk {
  const desk = new Desk();
  beforeEach(async () => {
    desk.begin(await makeStore());
  });
  afterEach(async () => {
    await desk.store.close();
  });
  return desk;
}

export class Desk {
  #store: Store | undefined;
  /** Milliseconds since 1970; the test moves it. */
  now = start;

  begin(store: Store): void {
    this.#store = store;
    this.now = start;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error("there is a store only while a test runs");
    return this.#store;
  }

  newRun(id: string, more: Partial<NewRun> = {}): NewRun {
    return {
      id,
      workflow: "order",
      version: "v1",
      input: value({ id }),
      priority: 0,
      tags: [],
      createdAt: this.now,
      dueAt: this.now,
      ...more,
    };
  }

  /** Creates a run that waits to be claimed. */
  async create(id: string, more: Partial<NewRun> = {}): Promise<Outcome<CreateOutcome, "created">> {
    const created = await this.store.createRun({ by: ada, run: this.newRun(id, more), now: this.now });
    if (created.outcome !== "created") throw new Error(`${id}: ${created.outcome}`);
    return created;
  }

  /** Creates a run that is at once in the engine's memory. */
  async hot(id: string, more: Partial<NewRun> = {}): Promise<RunRecord> {
    const run = this.newRun(id, more);
    const created = await this.store.createRun({ by: ada, run, claim: { owner: engine }, now: this.now });
    if (created.outcome !== "created" || created.run.owner !== engine) throw new Error(`${id} was not claimed`);
    return created.run;
  }

  async run(id: string): Promise<RunRecord> {
    const run = await this.store.getRun({ run: id });
    if (run === undefined) throw new Error(`there is no run ${id}`);
    return run;
  }

  /** Appends under the current epoch. */
  async append(run: string, ...ops: readonly StoreOp[]): Promise<Ok<AppendOutcome>> {
    const { epoch } = await this.run(run);
    const outcome = await this.store.append({ by: engineItself, run, epoch, ops, now: this.now });
    if (outcome.outcome !== "ok") throw new Error(`the append to ${run} was ${outcome.outcome}`);
    return outcome;
  }

  async park(run: string, paused?: boolean): Promise<"parked" | "ready" | "stale"> {
    const { epoch } = await this.run(run);
    return (await this.store.parkRun({ by: engineItself, run, epoch, now: this.now, paused })).outcome;
  }

  /** A run that waits for what the operations say and is not in memory. */
  async parked(id: string, ops: readonly StoreOp[], more: Partial<NewRun> = {}): Promise<void> {
    await this.hot(id, more);
    await this.append(id, ...ops, idle("sleeping"));
    const outcome = await this.park(id);
    if (outcome !== "parked") throw new Error(`${id} was not parked but ${outcome}`);
  }

  async claim(limit = 100): Promise<readonly ClaimedRun[]> {
    return this.store.claimRuns({ by: engineItself, owner: engine, limit, now: this.now, journalBytesMax: 1_000_000 });
  }

  async claimIds(limit = 100): Promise<readonly string[]> {
    return (await this.claim(limit)).map(({ run }) => run.id);
  }

  async fire(atMs: number, limit = 1_000, soonMs = 0): Promise<Awaited<ReturnType<RunStore["fireTimers"]>>> {
    this.now = atMs;
    return this.store.fireTimers({ by: engineItself, now: atMs, limit, soonMs });
  }

  async emit(name: string, payload: unknown, more: { readonly key?: string; readonly id?: string } = {}) {
    return this.store.emitEvent({ by: ada, name, payload: value(payload), now: this.now, ...more });
  }

  /** `[seq, status, result]` of a whole journal in its order. */
  async journal(run: string): Promise<readonly unknown[][]> {
    const { entries, next } = await this.store.readJournal({ run, bytesMax: 100_000_000 });
    expect(next).toBeUndefined();
    return entries.map((entry) => [entry.seq, entry.status, resultOf(entry)]);
  }

  /** What becomes of a run that has to end. */
  async end(run: string, status: "completed" | "failed" = "completed"): Promise<Ok<AppendOutcome>> {
    return this.append(run, status === "completed" ? finish() : fail());
  }
}

function resultOf(result: {
  readonly value?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
}): unknown {
  if (result.error !== undefined)
    return result.error.length === 0 ? "time limit" : decodeErrorValue(result.error).message;
  return read(result.value);
}

/** `[run, seq, status, result]` of the settled entries among deliveries. */
export function delivered(effects: Effects): readonly unknown[][] {
  return effects.deliveries.map(({ run, event }) => [run, ...shown(event)]);
}

/** `[seq, status, result]` of settle events; others by their name. */
function shown(event: RunEvent): readonly unknown[] {
  return event.event === "settle" ? [event.seq, event.status, resultOf(event)] : [event.event];
}

export function ordered(events: readonly RunEvent[]): readonly unknown[][] {
  return events.map((event) => [...shown(event)]);
}

/** The code a verb is refused with. */
export async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "it was not refused",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}

const placed = (seq: number, name: string) => ({ seq, name, n: 0 });
type StepMore = { readonly attempt?: number; readonly undo?: boolean };

export const done = (seq: number, result?: unknown, more: StepMore = {}): StoreOp => {
  const step = { op: "done", kind: "step", ...placed(seq, `step ${seq}`), at: start, attempt: 1 } as const;
  return { ...step, value: value(result), ...more };
};
export const failed = (seq: number, message = "broken", more: StepMore = {}): StoreOp => {
  const step = { op: "done", kind: "step", ...placed(seq, `step ${seq}`), at: start, attempt: 1 } as const;
  return { ...step, error: problem(message), ...more };
};
export const started = (seq: number, attempt = 1): StoreOp => {
  return { op: "started", ...placed(seq, `step ${seq}`), at: start, attempt, undo: true };
};
export const undone = (seq: number): StoreOp => {
  return { op: "done", kind: "undo", ...placed(-seq - 1, `step ${seq}`), at: start, attempt: 1 };
};
export const retry = (seq: number, due: number, attempt = 1): StoreOp => {
  const name = `step ${seq < 0 ? -seq - 1 : seq}`;
  const step = { op: "retry", kind: seq < 0 ? "undo" : "step", ...placed(seq, name) } as const;
  return { ...step, at: start, attempt, error: problem("again"), delay: 0, due };
};
export const sleep = (seq: number, due: number): StoreOp => ({ op: "sleep", ...placed(seq, "nap"), due });
type EventMore = { readonly key?: string; readonly match?: unknown; readonly due?: number };
export const waitFor = (seq: number, name: string, more: EventMore = {}): StoreOp => {
  const match = more.match === undefined ? {} : { match: value(more.match) };
  const key = more.key === undefined ? {} : { key: more.key };
  return { op: "event", ...placed(seq, name), ...key, ...match, ...(more.due === undefined ? {} : { due: more.due }) };
};
export const approval = (seq: number, token: string, due?: number): StoreOp => {
  return { op: "approval", ...placed(seq, "manager"), token, ...(due === undefined ? {} : { due }) };
};
export const token = (seq: number, name: string, due?: number): StoreOp => {
  const limit = due === undefined ? {} : { due };
  return { op: "token", ...placed(seq, "paid"), token: name, value: value({ token: name }), ...limit };
};
export const callback = (seq: number, name: string, due?: number): StoreOp => {
  return { op: "callback", ...placed(seq, "paid"), token: name, ...(due === undefined ? {} : { due }) };
};
export const call = (seq: number, child: NewRun): StoreOp => {
  return { op: "call", ...placed(seq, child.workflow), input: child.input, child };
};
export const startChild = (seq: number, child: NewRun): StoreOp => {
  return { op: "start", ...placed(seq, child.workflow), input: child.input, child };
};
export const emit = (
  seq: number,
  name: string,
  payload: unknown,
  more: { key?: string; id?: string } = {},
): StoreOp => {
  return { op: "emit", ...placed(seq, name), payload: value(payload), ...more };
};
type StateMore = { readonly value?: unknown; readonly amount?: number; readonly ttl?: number; readonly scope?: string };
export const state = (seq: number, verb: "get" | "set" | "incr" | "delete", more: StateMore = {}): StoreOp => {
  const { scope = "global", value: given, ...rest } = more;
  return {
    op: "state",
    ...placed(seq, `${scope} ${verb} count`),
    key: "count",
    scope,
    verb,
    ...("value" in more ? { value: value(given) } : {}),
    ...rest,
  };
};
export const lock = (
  seq: number,
  name: string,
  more: { readonly ttl?: number; readonly due?: number } = {},
): StoreOp => {
  return { op: "lock", ...placed(seq, name), ...more };
};
export const unlock = (seq: number, name: string, fence: number): StoreOp => {
  return { op: "unlock", ...placed(seq, name), fence };
};
export const task = (seq: number, id: string, due?: number): StoreOp => {
  const plan = { retry: normalizeRetry({ attempts: 3 }), key: `r:${seq}` };
  const limit = due === undefined ? {} : { due };
  return { op: "task", ...placed(seq, "resize"), task: id, input: value({ width: seq }), plan, ...limit };
};
export const race = (seq: number, losers: readonly number[]): StoreOp => {
  return { op: "race", ...placed(seq, "first"), value: value("a"), losers };
};
export const patched = (seq: number, id: string): StoreOp => ({ op: "patched", ...placed(seq, id) });
export const undoing = (status: "failed" | "cancelled" = "failed"): StoreOp => {
  return { op: "undoing", status, reason: "error", error: problem("undo it") };
};
export const finish = (output?: unknown): StoreOp => ({ op: "finish", status: "completed", output: value(output) });
export const fail = (cause?: number): StoreOp => {
  return {
    op: "finish",
    status: "failed",
    reason: "error",
    error: problem("broken"),
    ...(cause === undefined ? {} : { cause }),
  };
};
export const idle = (reason?: Extract<StoreOp, { op: "idle" }>["reason"]): StoreOp => ({ op: "idle", reason });
export const log = (message: string): StoreOp => ({ op: "log", level: "info", message, at: start });
