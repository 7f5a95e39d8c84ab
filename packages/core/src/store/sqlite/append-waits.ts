// Operations that wait for somebody else: events, approvals, callbacks and child runs.
import { encodeErrorValue, encodeValue, isFinalStatus, type CallbackOp } from "@sluice/protocol";
import type { Actor, StoreOp, TokenRecord, Undecided } from "../../kernel/run-store.ts";
import { childRefusal, type ChildRefusal } from "../child-refusals.ts";
import { noted, openEntry, settleNow, type Appending } from "./placing.ts";
import { childSettlement } from "./change.ts";
import { insertRun } from "./creation.ts";
import { readiness, runFlags, timedOut, type Run } from "./run-row.ts";

type Op<Name extends StoreOp["op"]> = Extract<StoreOp, { op: Name }>;
type Due = { readonly due?: number | undefined };

/** What it answers cannot be decided yet; nothing has been written then. */
export function awaitEvent(a: Appending, op: Op<"event">): Pick<Undecided, "event" | "payload"> | undefined {
  const { cx, run } = a;
  const { seq, name, n, key, match, large } = op;
  const placed = { seq, name, n, kind: "event" } as const;
  const found = cx.t.events.find({ run: run.id, name, key, match, large });
  if (found?.undecided === true) return { event: found.event.id, payload: found.event.payload };
  if (found !== undefined) {
    cx.t.events.consume(run.id, found.event.id, seq);
    cx.t.runs.mark(run, runFlags.consumed);
    settleNow(a, placed, { failed: false, bytes: found.event.payload });
  } else if (op.due !== undefined && op.due <= cx.now) {
    settleNow(a, placed, { failed: true, bytes: timedOut });
  } else {
    openEntry(a, placed, { wait: "event", due: op.due, ref: name, key, match });
  }
  return undefined;
}

export function awaitApproval(a: Appending, op: Op<"approval">): void {
  if (op.linked === true) {
    awaitToken(a, op, "approval");
    return;
  }
  addToken(a, { ...op, kind: "approval" });
  const placed = { seq: op.seq, name: op.name, n: op.n, kind: "approval" } as const;
  openEntry(a, placed, { wait: "approval", due: op.due, ref: op.token });
}

export function makeToken(a: Appending, op: Op<"token">): void {
  addToken(a, { ...op, name: op.title ?? op.name, kind: op.terms === undefined ? "callback" : "approval" });
  settleNow(a, { seq: op.seq, name: op.name, n: op.n, kind: "token" }, { failed: false, bytes: op.value });
}

type NewToken = Pick<TokenRecord, "token" | "kind" | "seq" | "name" | "description" | "data" | "terms" | "group"> & Due;

function addToken(a: Appending, { token, kind, seq, name, description, data, due, terms, group }: NewToken): void {
  const { cx, run } = a;
  if (data !== undefined) noted(a, data);
  // prettier-ignore
  cx.t.tokens.insert({ token, kind, run: run.id, workflow: run.workflow, seq, name, description, data, createdAt: cx.now,
    expiresAt: due, terms, group });
  cx.t.runs.mark(run, runFlags.tokens);
}

export function awaitCallback(a: Appending, op: CallbackOp & Due): void {
  awaitToken(a, op, "callback");
}

/** Waits for a token that the run made before. */
function awaitToken(a: Appending, op: (CallbackOp | Op<"approval">) & Due, kind: TokenRecord["kind"]): void {
  const { cx, run } = a;
  const placed = { seq: op.seq, name: op.name, n: op.n, kind } as const;
  const found = op.token === undefined ? undefined : cx.t.tokens.get(op.token);
  // What has been decided holds for a fork too; nobody decides for another run.
  const ours = kind === "callback" || found?.run === run.id || found?.status === "used";
  const token = found?.kind === kind && ours ? found : undefined;
  if (token?.status === "used") {
    const failed = token.error !== null;
    settleNow(a, placed, { failed, bytes: token.error ?? token.value ?? encodeValue(undefined) });
    return;
  }
  const over = token === undefined || token.status === "expired" || isPast(token.expiresAt, cx.now);
  if (over || (op.due !== undefined && op.due <= cx.now)) {
    if (token?.status === "open") cx.t.tokens.expire(token.token);
    settleNow(a, placed, { failed: true, bytes: timedOut });
    return;
  }
  openEntry(a, placed, { wait: kind, due: earlier(op.due, token.expiresAt), ref: token.token });
}

function isPast(time: number | null, now: number): boolean {
  return time !== null && time <= now;
}

function earlier(a: number | undefined, b: number | null): number | undefined {
  if (b === null) return a;
  return a === undefined ? b : Math.min(a, b);
}

/** Creates the child unless its key says that it is there; `call` waits for it, `start` has its id. */
export function startChild(a: Appending, op: Op<"call" | "start">): void {
  const { cx, run } = a;
  const { runs } = cx.t;
  const by: Actor = { kind: "run", id: run.id };
  const inserted = insertRun(cx, { by, run: op.child, now: cx.now });
  if (inserted.outcome !== "created" && inserted.outcome !== "existing" && inserted.outcome !== "joined") {
    refuseChild(a, op, inserted);
    return;
  }
  let child: Run | undefined;
  if (inserted.outcome === "created") {
    child = inserted.run;
    if (child.ready === readiness.claimable) cx.ready++;
    runs.mark(run, runFlags.children);
  } else {
    child = runs.get(inserted.id);
  }
  if (child === undefined) throw new Error(`the child ${inserted.outcome} of ${run.id} is not there`);
  awaitChild(a, op, child);
}

function refuseChild(a: Appending, op: Op<"call" | "start">, refused: ChildRefusal): void {
  const error = childRefusal(op.child, refused);
  settleNow(a, { seq: op.seq, name: op.name, n: op.n, kind: op.op }, { failed: true, bytes: encodeErrorValue(error) });
}

/** The run that a run, and each it went on as, has gone on as. */
function lastOf(runs: Appending["cx"]["t"]["runs"], run: Run): Run {
  let last = run;
  for (;;) {
    const next = isFinalStatus(last.status) ? runs.recordOf(last).continuedTo : undefined;
    const later = next === undefined ? undefined : runs.get(next);
    // History from elsewhere may name a run that is not here yet; another one by its name is none of the chain.
    if (later === undefined || runs.recordOf(later).continuedFrom !== last.id) return last;
    last = later;
  }
}

function awaitChild(a: Appending, op: Op<"call" | "start">, made: Run): void {
  const { runs } = a.cx.t;
  const child = op.op === "call" ? lastOf(runs, made) : made;
  const placed = { seq: op.seq, name: op.name, n: op.n, kind: op.op } as const;
  if (op.op === "start") {
    settleNow(a, placed, { failed: false, bytes: encodeValue(child.id) });
  } else if (isFinalStatus(child.status)) {
    const { output, error } = runs.recordOf(child);
    settleNow(a, placed, childSettlement({ status: child.status, output, error }));
  } else {
    runs.mark(child, runFlags.awaited);
    openEntry(a, placed, { wait: "child", ref: child.id });
  }
}
