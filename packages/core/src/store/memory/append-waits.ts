// Waiting for somebody outside: events, approvals and callbacks, and sending events.
import type { StoreOp, Undecided } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { emitEvent, receiveEvent } from "./events.ts";
import { isRedo, openEntry } from "./journal.ts";
import type { RunRow } from "./rows.ts";
import { completedWith, settle, timedOut, wait } from "./settle.ts";
import { isOpen, resultOf } from "./tokens.ts";

type OpOf<K extends StoreOp["op"]> = Extract<StoreOp, { readonly op: K }>;

/** What it answers cannot be decided yet; nothing has been written then. */
export function appendEvent(
  change: Change,
  run: RunRow,
  op: OpOf<"event">,
): Pick<Undecided, "event" | "payload"> | undefined {
  const { due, key, match, name } = op;
  const known = run.entries.get(op.seq);
  if (known !== undefined && !isRedo(known)) return undefined;
  const found = change.tables.events.oldestFor(run, op);
  if (found?.undecided === true) return { event: found.event.id, payload: found.event.payload };
  const row = openEntry(run, { ...op, kind: "event", at: change.now });
  if (row === undefined) return undefined;
  if (found !== undefined) receiveEvent(change, row, found.event);
  else if (due !== undefined && due <= change.now) settle(change, row, timedOut());
  else wait(change, row, { kind: "event", due, ref: name, key, match });
  return undefined;
}

export function appendApproval(change: Change, run: RunRow, op: OpOf<"approval">): void {
  if (op.linked === true) {
    appendWaitForToken(change, run, { op, kind: "approval" });
    return;
  }
  const { due, seq, token } = op;
  const row = openEntry(run, { ...op, kind: "approval", at: change.now });
  if (row === undefined || row.wait !== undefined) return;
  row.token = change.tables.tokens.add(run, {
    token,
    kind: "approval",
    run: run.record.id,
    workflow: run.record.workflow,
    seq,
    name: op.name,
    description: op.description,
    data: op.data,
    createdAt: change.now,
    expiresAt: due,
    status: "open",
  });
  wait(change, row, { kind: "approval", due, ref: token });
}

/** The token settles at once with what the workflow hands out; nothing waits for it yet. */
export function appendToken(change: Change, run: RunRow, op: OpOf<"token">): void {
  const row = openEntry(run, { ...op, kind: "token", at: change.now });
  if (row === undefined) return;
  change.tables.tokens.add(run, {
    token: op.token,
    kind: op.terms === undefined ? "callback" : "approval",
    run: run.record.id,
    workflow: run.record.workflow,
    seq: op.seq,
    name: op.title ?? op.name,
    description: op.description,
    data: op.data,
    createdAt: change.now,
    expiresAt: op.due,
    status: "open",
    terms: op.terms,
    group: op.group,
  });
  settle(change, row, { value: op.value });
}

export function appendCallback(change: Change, run: RunRow, op: OpOf<"callback">): void {
  appendWaitForToken(change, run, { op, kind: "callback" });
}

interface TokenWait {
  readonly op: OpOf<"callback" | "approval">;
  readonly kind: "callback" | "approval";
}

/** The wait ends with its own time limit or with the token's, whichever comes first: after that nobody could complete it. */
function appendWaitForToken(change: Change, run: RunRow, { op, kind }: TokenWait): void {
  const token = change.tables.tokens.get(op.token);
  const due = earlierOf(op.due, token?.record.expiresAt);
  const row = openEntry(run, { seq: op.seq, name: op.name, n: op.n, kind, at: change.now });
  if (row === undefined || row.wait !== undefined) return;
  // What has been decided holds for a fork too; nobody decides for another run.
  const ours = kind === "callback" || token?.run === run || token?.record.status === "used";
  const known = token?.record.kind === kind && ours ? token : undefined;
  const open = known !== undefined && isOpen(known, change.now);
  if (open && !(due !== undefined && due <= change.now)) {
    if (kind === "approval") row.linked = known;
    wait(change, row, { kind, due, ref: op.token });
    return;
  }
  settle(change, row, known?.record.status === "used" ? resultOf(known) : timedOut());
}

export function appendEmit(change: Change, run: RunRow, op: OpOf<"emit">): void {
  const row = openEntry(run, { ...op, kind: "emit", at: change.now });
  if (row === undefined) return;
  const { name, key, payload, content, id } = op;
  const { event } = emitEvent(change, { name, key, payload, content, callerId: id });
  settle(change, row, completedWith(event));
}

function earlierOf(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
