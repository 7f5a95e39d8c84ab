// Operations on what runs share: events they send, state, locks. Each settles in the commit that has its effect.
import {
  SluiceError,
  decodeValue,
  encodeErrorValue,
  encodeValue,
  type LockOp,
  type StateOp,
  type UnlockOp,
} from "@sluice/protocol";
import { isStandIn } from "../../kernel/blob-ref.ts";
import type { StoreOp } from "../../kernel/run-store.ts";
import { completed, openEntry, settleNow, type Appending } from "./placing.ts";
import { blobOwners } from "./blob-refs.ts";
import type { Settlement } from "./change.ts";
import { emit } from "./emit.ts";
import { nothing, runFlags, timedOut } from "./run-row.ts";
import type { StateRow } from "./state.ts";

type Due = { readonly due?: number | undefined };

export function emitFromRun(a: Appending, op: Extract<StoreOp, { op: "emit" }>): void {
  const by = { kind: "run", id: a.run.id } as const;
  const { name, key, payload, content, id } = op;
  const { event } = emit(a.cx, { by, name, key, payload, content, id });
  settleNow(a, { seq: op.seq, name: op.name, n: op.n, kind: "emit" }, completed(event));
}

type ScopedStateOp = Omit<StateOp, "scope"> & { readonly scope: string };

export function changeState(a: Appending, op: ScopedStateOp): void {
  settleNow(a, { seq: op.seq, name: op.name, n: op.n, kind: "state" }, stateResult(a, op));
}

function stateResult(a: Appending, op: ScopedStateOp): Settlement {
  const { cx } = a;
  const current = cx.t.state.get(op.scope, op.key, cx.now);
  switch (op.verb) {
    case "get":
      return { failed: false, bytes: current?.value ?? nothing };
    case "set":
      putState(a, op, op.value ?? nothing);
      return { failed: false, bytes: nothing };
    case "incr":
      return increased(a, op, current);
    case "delete":
      if (current !== undefined) {
        cx.t.state.delete(op.scope, op.key);
        cx.t.blobs.release(blobOwners.state(op.scope, op.key));
      }
      return completed(current !== undefined);
    default:
      return unknownVerb(op.verb);
  }
}

function unknownVerb(verb: never): never {
  throw new SluiceError({ code: "bad_request", message: `There is no state operation ${String(verb)}.` });
}

function increased(a: Appending, op: ScopedStateOp, current: StateRow | undefined): Settlement {
  const { state, blobs } = a.cx.t;
  const before = current === undefined ? 0 : numberIn(current.value);
  const after = (before ?? Number.NaN) + (op.amount ?? 1);
  if (!Number.isFinite(after)) return notANumber(op.key);
  const expiresAt = op.ttl === undefined ? (current?.expiresAt ?? undefined) : a.cx.now + op.ttl;
  state.put({ scope: op.scope, key: op.key, expiresAt }, encodeValue(after));
  // What has expired may still be there, and may have been kept as a blob.
  if (current === undefined) blobs.release(blobOwners.state(op.scope, op.key));
  return completed(after);
}

function putState(a: Appending, op: ScopedStateOp, value: Uint8Array): void {
  const { state, blobs } = a.cx.t;
  const expiresAt = op.ttl === undefined ? undefined : a.cx.now + op.ttl;
  state.put({ scope: op.scope, key: op.key, expiresAt }, value);
  blobs.release(blobOwners.state(op.scope, op.key));
  blobs.note(blobOwners.state(op.scope, op.key), value);
}

function numberIn(value: Uint8Array): number | undefined {
  if (isStandIn(value)) return undefined;
  const decoded = decodeValue(value);
  return typeof decoded === "number" && Number.isFinite(decoded) ? decoded : undefined;
}

function notANumber(key: string): Settlement {
  const message = `The state ${key} is not a finite number, or would not be one any more.`;
  return { failed: true, bytes: encodeErrorValue({ name: "SluiceError", code: "bad_request", message }) };
}

export function takeLock(a: Appending, op: LockOp & Due): void {
  const { cx, run } = a;
  const { locks, runs } = cx.t;
  const placed = { seq: op.seq, name: op.name, n: op.n, kind: "lock" } as const;
  const again = cx.t.journal.get(run.id, op.seq) !== undefined;
  if (again && cx.t.waits.get(run.id, op.seq) !== undefined) return;
  // It was granted once: what was done under it stands, and goes on when it is granted again, however late.
  const due = again ? undefined : op.due;
  if (locks.isFree(op.name, cx.now)) {
    // One that ran out goes to those who have waited for it.
    cx.grantNext(op.name);
  }
  if (locks.isFree(op.name, cx.now)) {
    const expiresAt = op.ttl === undefined ? undefined : cx.now + op.ttl;
    const fence = locks.grant(op.name, run.id, { expiresAt, no: cx.t.waits.nextNo(cx.now) });
    runs.mark(run, runFlags.locks);
    settleNow(a, placed, completed({ fence }));
  } else if (due !== undefined && due <= cx.now) {
    settleNow(a, placed, { failed: true, bytes: timedOut });
  } else {
    openEntry(a, placed, { wait: "lock", due, ref: op.name, ttl: op.ttl });
    cx.addDue(locks.get(op.name)?.expiresAt);
  }
}

export function returnLock(a: Appending, op: UnlockOp): void {
  const { cx, run } = a;
  const { locks } = cx.t;
  const lock = locks.get(op.name);
  const held = lock?.run === run.id && lock.fence === op.fence && !locks.isFree(op.name, cx.now);
  if (held) {
    locks.free(op.name);
    cx.grantNext(op.name);
  }
  settleNow(a, { seq: op.seq, name: op.name, n: op.n, kind: "unlock" }, completed(held));
}
