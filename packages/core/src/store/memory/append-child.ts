// Child runs: called, which waits for them, or started, which does not.
import { encodeErrorValue } from "@sluice/protocol";
import type { StoreOp } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { addRun, findStarted } from "./create.ts";
import { endOf } from "./finish.ts";
import { openEntry } from "./journal.ts";
import type { RunRow } from "./rows.ts";
import { isFinal } from "./runs.ts";
import { completedWith, settle, wait } from "./settle.ts";

type ChildStoreOp = Extract<StoreOp, { readonly op: "call" | "start" }>;

export function appendChild(change: Change, run: RunRow, op: ChildStoreOp): void {
  const row = openEntry(run, { ...op, kind: op.op, at: change.now });
  if (row === undefined || row.wait !== undefined) return;
  const started = findStarted(change, op.child);
  const refusal = started === undefined ? takenId(change, op) : started.same ? undefined : otherInput(op);
  if (refusal !== undefined) {
    settle(change, row, { error: encodeErrorValue({ name: "SluiceError", ...refusal }) });
    return;
  }
  const child = started?.row ?? addRun(change, op.child, { kind: "run", id: run.record.id });
  if (op.op === "start") settle(change, row, completedWith(child.record.id));
  else {
    const last = lastOf(change, child);
    if (isFinal(last)) settle(change, row, endOf(last));
    else wait(change, row, { kind: "child", ref: last.record.id });
  }
}

/** The run that a run, and each it went on as, has gone on as. */
function lastOf(change: Change, run: RunRow): RunRow {
  let last = run;
  for (;;) {
    const later = change.tables.runs.get(last.record.continuedTo ?? "");
    if (later === undefined) return last;
    last = later;
  }
}

interface Refusal {
  readonly code: "idempotency_conflict" | "run_id_taken";
  readonly message: string;
}

function otherInput({ child }: ChildStoreOp): Refusal {
  const message = `A run of ${child.workflow} with the key "${child.key ?? ""}" exists with another input.`;
  return { code: "idempotency_conflict", message };
}

function takenId(change: Change, { child }: ChildStoreOp): Refusal | undefined {
  if (change.tables.runs.get(child.id) === undefined) return undefined;
  return { code: "run_id_taken", message: `There is a run with the id ${child.id} already.` };
}
