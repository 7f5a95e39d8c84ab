// Child runs: called, which waits for them, or started, which does not.
import { encodeErrorValue } from "@sluice/protocol";
import type { StoreOp } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { childRefusal } from "../child-refusals.ts";
import { startRun } from "./create.ts";
import { endOf } from "./finish.ts";
import { openEntry } from "./journal.ts";
import type { RunRow } from "./rows.ts";
import { isFinal } from "./runs.ts";
import { completedWith, settle, wait } from "./settle.ts";

type ChildStoreOp = Extract<StoreOp, { readonly op: "call" | "start" }>;

export function appendChild(change: Change, run: RunRow, op: ChildStoreOp): void {
  const row = openEntry(run, { ...op, kind: op.op, at: change.now });
  if (row === undefined || row.wait !== undefined) return;
  const by = { kind: "run", id: run.record.id } as const;
  const started = startRun(change, { by, run: op.child });
  if (started.outcome !== "created" && started.outcome !== "existing" && started.outcome !== "joined") {
    settle(change, row, { error: encodeErrorValue(childRefusal(op.child, started)) });
    return;
  }
  const child = started.row;
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
    // History from elsewhere may name a run that is not here yet; another one by its name is none of the chain.
    if (later?.record.continuedFrom !== last.record.id) return last;
    last = later;
  }
}
