// Reading and changing keyed state from within a run.
import { decodeValue, encodeErrorValue, encodeValue } from "@sluice/protocol";
import { isStandIn } from "../../kernel/blob-ref.ts";
import type { StoreOp } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { openEntry } from "./journal.ts";
import type { RunRow, Settlement, StateRow } from "./rows.ts";
import { completedWith, settle } from "./settle.ts";

type StateStoreOp = Extract<StoreOp, { readonly op: "state" }>;

export function appendState(change: Change, run: RunRow, op: StateStoreOp): void {
  const row = openEntry(run, { ...op, kind: "state", at: change.now });
  if (row !== undefined) settle(change, row, applyVerb(change, op));
}

function applyVerb(change: Change, op: StateStoreOp): Settlement {
  const { state } = change.tables;
  const { key, scope, verb } = op;
  const current = state.get(scope, key, change.now);
  const expiresAt = op.ttl === undefined ? undefined : change.now + op.ttl;
  if (verb === "get") return current === undefined ? completedWith(undefined) : { value: current.value };
  if (verb === "delete") {
    if (current !== undefined) state.delete(scope, key);
    return completedWith(current !== undefined);
  }
  if (verb === "set") {
    state.set({ scope, key, value: op.value ?? encodeValue(undefined), expiresAt });
    return completedWith(undefined);
  }
  const sum = numberIn(current) + (op.amount ?? 1);
  if (!Number.isFinite(sum)) return notANumber(key);
  state.set({ scope, key, value: encodeValue(sum), expiresAt: expiresAt ?? current?.expiresAt });
  return completedWith(sum);
}

function numberIn(row: StateRow | undefined): number {
  if (row === undefined) return 0;
  const value = !isStandIn(row.value) ? decodeValue(row.value) : undefined;
  return typeof value === "number" ? value : Number.NaN;
}

function notANumber(key: string): Settlement {
  const message = `The state entry "${key}" does not hold a finite number that can be added to.`;
  return { error: encodeErrorValue({ name: "SluiceError", code: "bad_request", message }) };
}
