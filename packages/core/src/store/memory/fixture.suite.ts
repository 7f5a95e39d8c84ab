// A store with runs in it, for the tests of this adapter's parts.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { RunEvent } from "@sluice/protocol";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { Actor, AppendOutcome, Effects, NewRun, StoreOp } from "../../kernel/run-store.ts";
import { MemoryRunStore } from "./memory-run-store.ts";

export const by: Actor = { kind: "user", id: "ada" };
export const nothing: Effects = { deliveries: [], finished: [], ready: 0, due: undefined, touched: [] };
export const none = encodeValue(undefined);
export const value = encodeValue;
export const read = (bytes: Uint8Array | undefined): unknown => (bytes === undefined ? undefined : decodeValue(bytes));

export function newRun(id: string, more: Partial<NewRun> = {}): NewRun {
  return {
    id,
    workflow: "w",
    version: "v1",
    input: value({ of: id }),
    priority: 0,
    tags: [],
    createdAt: 1000,
    dueAt: 1000,
    ...more,
  };
}

/** A store at time 1000 that the test moves on. */
export class Fixture {
  readonly store = new MemoryRunStore();
  now = 1000;

  async create(id: string, more: Partial<NewRun> = {}): Promise<Effects> {
    const run = newRun(id, { createdAt: this.now, dueAt: this.now, ...more });
    const created = await this.store.createRun({ by, run, now: this.now });
    if (created.outcome !== "created") throw new Error(`not created: ${created.outcome}`);
    return created.effects;
  }

  /** A run in the memory of engine `e1`, with epoch 1. */
  async hot(id: string, more: Partial<NewRun> = {}): Promise<void> {
    const run = newRun(id, { createdAt: this.now, dueAt: this.now, ...more });
    const created = await this.store.createRun({ by, run, claim: { owner: "e1" }, now: this.now });
    if (created.outcome !== "created" || created.run.owner !== "e1") throw new Error("not claimed");
  }

  async append(run: string, ...ops: StoreOp[]): Promise<Extract<AppendOutcome, { outcome: "ok" }>> {
    const epoch = (await this.run(run)).epoch;
    const appended = await this.store.append({ by: engineItself, run, epoch, ops, now: this.now });
    if (appended.outcome !== "ok") throw new Error("stale");
    return appended;
  }

  async park(run: string, paused = false): Promise<string> {
    const { epoch } = await this.run(run);
    return (await this.store.parkRun({ by: engineItself, run, epoch, now: this.now, paused })).outcome;
  }

  async fire(at: number, limit = 100): Promise<Awaited<ReturnType<MemoryRunStore["fireTimers"]>>> {
    this.now = at;
    return this.store.fireTimers({ by: engineItself, now: at, limit });
  }

  async claim(limit = 10): Promise<readonly string[]> {
    const claimed = await this.store.claimRuns({
      by: engineItself,
      owner: "e1",
      limit,
      now: this.now,
      journalBytesMax: 1e6,
    });
    return claimed.map(({ run }) => run.id);
  }

  async run(id: string): Promise<NonNullable<Awaited<ReturnType<MemoryRunStore["getRun"]>>>> {
    const run = await this.store.getRun({ run: id });
    if (run === undefined) throw new Error(`no run ${id}`);
    return run;
  }

  /** `[seq, status, value]` of each entry of a run's journal, in its order. */
  async journal(run: string): Promise<readonly unknown[][]> {
    const { entries } = await this.store.readJournal({ run, bytesMax: 1e9 });
    return entries.map((entry) => [entry.seq, entry.status, read(entry.value ?? entry.error)]);
  }
}

/** Error code a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "not refused",
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

/** `[seq, status, value or error]` of settle events. */
export function settled(events: readonly RunEvent[]): readonly unknown[][] {
  return events.flatMap((event) =>
    event.event === "settle"
      ? [[event.seq, event.status, event.error?.length === 0 ? "time limit" : read(event.value ?? event.error)]]
      : [],
  );
}

/** Throws unless the settle events among these are, in order, these `[seq, status, value or error]`. */
export function expectSettled(events: readonly RunEvent[], ...expected: readonly unknown[][]): void {
  const [found, wanted] = [settled(events), expected].map((rows) =>
    JSON.stringify(rows, (_key, item: unknown) => (item === undefined ? "(undefined)" : item)),
  );
  if (found !== wanted) throw new Error(`settled were ${found} instead of ${wanted}`);
}

const placed = (seq: number, name: string) => ({ seq, name, n: 0 });

/** Operations with little to say. */
export const op = {
  done: (seq: number, result?: unknown): StoreOp => ({
    op: "done",
    kind: "step",
    ...placed(seq, "step"),
    at: 1000,
    attempt: 1,
    value: value(result),
  }),
  failed: (seq: number): StoreOp => ({
    op: "done",
    kind: "step",
    ...placed(seq, "step"),
    at: 1000,
    attempt: 1,
    error: value({ name: "Error", message: "no" }),
  }),
  undoable: (seq: number): StoreOp => ({ op: "started", ...placed(seq, "step"), at: 1000, attempt: 1, undo: true }),
  undone: (seq: number): StoreOp => ({ op: "done", kind: "undo", ...placed(-seq - 1, "step"), at: 1000, attempt: 1 }),
  retry: (seq: number, due: number): StoreOp => ({
    op: "retry",
    kind: seq < 0 ? "undo" : "step",
    ...placed(seq, "step"),
    at: 1000,
    attempt: 1,
    error: value({ name: "Error", message: "again" }),
    delay: 0,
    due,
  }),
  sleep: (seq: number, due: number): StoreOp => ({ op: "sleep", ...placed(seq, "sleep"), due }),
  event: (
    seq: number,
    name: string,
    more: { readonly key?: string; readonly match?: unknown; readonly due?: number } = {},
  ): StoreOp => ({
    op: "event",
    ...placed(seq, name),
    key: more.key,
    match: more.match === undefined ? undefined : value(more.match),
    due: more.due,
  }),
  emit: (seq: number, name: string, payload: unknown): StoreOp => ({
    op: "emit",
    ...placed(seq, name),
    payload: value(payload),
  }),
  approval: (seq: number, token: string, due?: number): StoreOp => ({
    op: "approval",
    ...placed(seq, "ok?"),
    token,
    due,
  }),
  token: (seq: number, token: string, due?: number): StoreOp => ({
    op: "token",
    ...placed(seq, "token"),
    token,
    due,
    value: value({ token }),
  }),
  callback: (seq: number, token: string, due?: number): StoreOp => ({
    op: "callback",
    ...placed(seq, "callback"),
    token,
    due,
  }),
  call: (seq: number, child: NewRun): StoreOp => ({
    op: "call",
    ...placed(seq, child.workflow),
    input: child.input,
    child,
  }),
  start: (seq: number, child: NewRun): StoreOp => ({
    op: "start",
    ...placed(seq, child.workflow),
    input: child.input,
    child,
  }),
  lock: (seq: number, name: string, more: { readonly ttl?: number; readonly due?: number } = {}): StoreOp => ({
    op: "lock",
    ...placed(seq, name),
    ...more,
  }),
  unlock: (seq: number, name: string, fence: number): StoreOp => ({ op: "unlock", ...placed(seq, name), fence }),
  race: (seq: number, losers: readonly number[]): StoreOp => ({
    op: "race",
    ...placed(seq, "race"),
    value: value("a"),
    losers,
  }),
  finish: (output?: unknown): StoreOp => ({ op: "finish", status: "completed", output: value(output) }),
  fail: (cause?: number): StoreOp => ({
    op: "finish",
    status: "failed",
    reason: "error",
    error: value({ name: "Error", message: "broken" }),
    cause,
  }),
  idle: { op: "idle", reason: "sleeping" } as StoreOp,
};

export function childOf(run: string, seq: number, more: Partial<NewRun> = {}): NewRun {
  return newRun(`${run}.${seq}`, { workflow: "child", parent: { run, seq, detached: false }, ...more });
}
