// Steps, their attempts, and the entries that settle by themselves.
import type { DoneOp, PatchedOp, StartedOp } from "@sluice/protocol";
import type { StoreOp } from "../../kernel/run-store.ts";
import { attemptsKeptMax, errorMessageOf, keptError } from "../attempts.ts";
import type { Change } from "./change.ts";
import { openEntry } from "./journal.ts";
import type { AttemptRow, RunRow } from "./rows.ts";
import { keepResult } from "./step-cache.ts";
import { acknowledge, completedWith, settle, wait } from "./settle.ts";

type OpOf<K extends StoreOp["op"]> = Extract<StoreOp, { readonly op: K }>;

/** Only the start of a step with an undo is journaled: it has to be known before the step can have had an effect. */
export function appendStarted(change: Change, run: RunRow, op: StartedOp): void {
  if (!op.undo) return;
  const row = openEntry(run, { ...op, kind: op.seq < 0 ? "undo" : "step" });
  if (row === undefined) return;
  // The failure of the attempt before says nothing of this one: cut off, it is made again under the same number.
  row.entry.error = undefined;
  if (row.wait !== undefined) change.tables.waits.remove(row.wait);
  change.tell(run, { event: "started", seq: op.seq });
}

export function appendDone(change: Change, run: RunRow, op: DoneOp): void {
  const row = openEntry(run, op);
  if (row === undefined) return;
  teach(change, op);
  acknowledge(change, row, { value: op.value, error: op.error, end: op.end });
  if (op.cache !== undefined) keepResult(change, run, { ...op, cache: op.cache });
}

export function appendRetry(change: Change, run: RunRow, op: OpOf<"retry">): void {
  const due = op.due ?? change.now + op.delay;
  const row = openEntry(run, op);
  if (row === undefined) return;
  teach(change, op);
  row.entry.error = op.error;
  row.attempts = withAttempt(row.attempts ?? [], { op, end: change.now, due });
  if (row.wait !== undefined) change.tables.waits.remove(row.wait);
  wait(change, row, { kind: "retry", due });
}

/** A circuit breaker hears of an attempt that it let in. */
function teach({ tables, now }: Change, { breaker, error }: Pick<DoneOp, "breaker" | "error">): void {
  if (breaker !== undefined) tables.breakers.record(breaker, { error: errorMessageOf(error), now });
}

/** The attempts that are kept, with one more that failed. */
export function withAttempt(
  before: readonly AttemptRow[],
  {
    op,
    end,
    due,
  }: {
    readonly op: Pick<OpOf<"retry">, "attempt" | "at" | "error">;
    readonly end: number;
    readonly due: number;
  },
): readonly AttemptRow[] {
  const { attempt } = op;
  const at = before.find((other) => other.attempt === attempt - 1)?.due ?? op.at;
  const others = before.filter((other) => other.attempt !== attempt && other.attempt > attempt - attemptsKeptMax);
  return [...others, { attempt, at, end, due, error: keptError(op.error) }];
}

export function appendPatched(change: Change, run: RunRow, op: PatchedOp): void {
  const row = openEntry(run, { ...op, kind: "patched", at: change.now });
  if (row !== undefined) acknowledge(change, row, completedWith(undefined));
}

export function appendSleep(change: Change, run: RunRow, op: OpOf<"sleep">): void {
  const due = op.due ?? op.until ?? change.now + (op.delay ?? 0);
  const row = openEntry(run, { ...op, kind: "sleep", at: change.now });
  if (row === undefined || row.wait !== undefined) return;
  if (due <= change.now) settle(change, row, completedWith(undefined));
  else wait(change, row, { kind: "sleep", due });
}
