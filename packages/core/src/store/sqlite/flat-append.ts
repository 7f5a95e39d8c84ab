// The operations that nearly every append consists of, as flat lists: they cross to the writer thread three times as fast.
import type { DoneOp, EntryKind, FinalRunStatus, FinishOp, RunStatusReason } from "@sluice/protocol";
import type { RunStore, StoreOp } from "../../kernel/run-store.ts";

/** Whose operations they are, the run says. */
type AppendParams = Omit<Parameters<RunStore["append"]>[0], "by">;

/** `[run, epoch, now, …]`, then for each operation its fields in order; which operation it is shows in the first. */
export type FlatAppend = readonly unknown[];

const doneMark = 0;
const doneFields = 11;
const finishMark = 1;
const finishFields = 6;
const headFields = 3;

/** The flat form; undefined when an operation has none. */
export function flatten({ run, epoch, now, ops }: AppendParams): FlatAppend | undefined {
  const flat: unknown[] = [run, epoch, now];
  for (const op of ops) {
    // One behind a circuit breaker, or whose result is kept for others, travels as it is.
    if (op.op === "done" && op.breaker === undefined && op.cache === undefined) {
      const { seq, name, n, kind, at, end, attempt, value, error, undo } = op;
      flat.push(doneMark, seq, name, n, kind, at, end, attempt, value, error, undo);
    } else if (op.op === "finish" && op.child === undefined) {
      flat.push(finishMark, op.status, op.reason, op.output, op.error, op.cause);
    } else return undefined;
  }
  return flat;
}

/** What was flattened. */
export function unflatten(flat: FlatAppend): AppendParams {
  const ops: StoreOp[] = [];
  for (let at = headFields; at < flat.length;) {
    if (flat[at] === doneMark) {
      ops.push(doneAt(flat, at + 1));
      at += doneFields;
    } else {
      ops.push(finishAt(flat, at + 1));
      at += finishFields;
    }
  }
  return { run: flat[0] as string, epoch: flat[1] as number, now: flat[2] as number, ops };
}

function doneAt(flat: FlatAppend, at: number): DoneOp {
  return {
    op: "done",
    seq: flat[at] as number,
    name: flat[at + 1] as string,
    n: flat[at + 2] as number,
    kind: flat[at + 3] as EntryKind,
    at: flat[at + 4] as number,
    end: flat[at + 5] as number | undefined,
    attempt: flat[at + 6] as number,
    value: flat[at + 7] as Uint8Array | undefined,
    error: flat[at + 8] as Uint8Array | undefined,
    undo: flat[at + 9] as boolean | undefined,
  };
}

function finishAt(flat: FlatAppend, at: number): FinishOp {
  return {
    op: "finish",
    status: flat[at] as FinalRunStatus,
    reason: flat[at + 1] as RunStatusReason | undefined,
    output: flat[at + 2] as Uint8Array | undefined,
    error: flat[at + 3] as Uint8Array | undefined,
    cause: flat[at + 4] as number | undefined,
  };
}

/** Which incarnation writes with this verb; undefined for verbs of others. */
export function incarnationOf(
  verb: string,
  params: unknown,
): { readonly run: string; readonly epoch: number } | undefined {
  if (verb === "append" || verb === "parkRun") return params as { readonly run: string; readonly epoch: number };
  if (verb !== "appendFlat") return undefined;
  const flat = params as FlatAppend;
  return { run: flat[0] as string, epoch: flat[1] as number };
}
