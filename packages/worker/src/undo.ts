// Takes effects back: the undos of a run that will not complete, in reverse order, as durable steps.
import { decodeErrorValue, encodeErrorValue } from "@sluice/protocol";
import type { FinishOp, JournalEntry, TaskPlan, UndoingOp } from "@sluice/protocol";
import { decodeError } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import type { Call } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";
import { Scope } from "./scope.ts";
import { planOf } from "./step-plan.ts";
import { StepExecution } from "./steps.ts";

/** A task that takes the effect of another back. */
interface UndoTask {
  readonly task: string;
  /** `key`: the same for every attempt. */
  readonly plan: (key: string) => TaskPlan;
  readonly input: (result: unknown) => Uint8Array;
}

/** The undo of one step or task. */
export interface UndoRecord {
  readonly seq: number;
  readonly name: string;
  readonly n: number;
  /** True once the step has begun: only then there is something to take back. */
  begun: boolean;
  /** What the step returned; undefined when it left no result. */
  result: unknown;
  readonly undo: ((result: never, step: StepContext) => unknown) | UndoTask;
}

/** An undo is tried this often before the run ends without it. */
export const undoRetry = { attempts: 5, backoff: "exponential", delay: "1s", maxDelay: "1m" } as const;

const undoPlan = planOf(undoRetry, undefined, undefined);

/** Runs what has to be undone and says how the run ends; an undo that keeps failing is named in the run's error. */
export async function runUndos(run: Incarnation, outcome: UndoingOp): Promise<FinishOp> {
  const failures: { step: string; message: string }[] = [];
  const begun = run.undos.filter((record) => record.begun).toSorted((a, b) => b.seq - a.seq);
  for (const record of begun) {
    try {
      await undoOne(run, record);
    } catch (error) {
      failures.push({ step: record.name, message: error instanceof Error ? error.message : String(error) });
    }
  }
  const { status, reason, error } = outcome;
  if (failures.length === 0) return { op: "finish", status, reason, error };
  const original = error === undefined ? { name: "Error", message: "The run ended." } : decodeErrorValue(error);
  const names = failures.map((failure) => failure.step).join(", ");
  return {
    op: "finish",
    status,
    reason: "undo_failed",
    error: encodeErrorValue({
      ...original,
      message: `${original.message} (not undone: ${names})`,
      details: { ...(typeof original.details === "object" ? original.details : {}), notUndone: failures },
    }),
  };
}

async function undoOne(run: Incarnation, record: UndoRecord): Promise<void> {
  const seq = -(record.seq + 1);
  const entry = run.replay.undoEntries.get(seq);
  if (entry?.status === "completed") return;
  if (entry?.status === "failed")
    throw new Error(entry.error === undefined ? "failed" : decodeErrorValue(entry.error).message);
  const { undo } = record;
  if (typeof undo !== "function") {
    await carryOut(run, undo, { seq, n: record.n, entry, result: record.result });
    return;
  }
  await new StepExecution({
    run,
    scope: new Scope(),
    place: { seq, name: record.name, n: record.n, entry },
    kind: "undo",
    plan: () => undoPlan,
    body: (step) => undo(record.result as never, step),
    undoable: false,
  }).start();
}

/** Has a worker that can do it take the effect back; one that was asked in an earlier life of the run is not asked again. */
function carryOut(
  run: Incarnation,
  { task, plan, input }: UndoTask,
  at: {
    readonly seq: number;
    readonly n: number;
    readonly entry: JournalEntry | undefined;
    readonly result: unknown;
  },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { seq, n, entry, result } = at;
    const settle: Call["settle"] = ({ status, error }) => {
      if (status === "completed") resolve();
      else reject(decodeError(error ?? new Uint8Array(0)));
    };
    run.open({ seq, scope: new Scope(), wait: undefined, settle, reject });
    // One with `undo` is of a function that stood here in other code.
    if (entry !== undefined && entry.undo !== true) {
      run.replay.undoEntries.delete(seq);
      return;
    }
    run.live(() => {
      const op = { op: "task", seq, name: task, n, input: input(result), plan: plan(run.idempotencyKey(seq)) } as const;
      run.push(op, false);
    });
  });
}
