// The part of the store port about tasks: functions that runs call on whichever worker can do them. A task is what an open entry
// waits for; it goes with its wait, whatever ends that.
import type { LogOp, TaskPlan } from "@sluice/protocol";
import type { InnerActor } from "./inner-actor.ts";
import type { Effects } from "./run-records.ts";

/** A task that has not ended. Times are milliseconds since 1970. */
export interface TaskRecord {
  readonly task: string;
  /** Grows with every task that is made. */
  readonly place: number;
  readonly run: string;
  readonly workflow: string;
  /** Of the code of the run. */
  readonly version: string;
  readonly seq: number;
  readonly name: string;
  readonly input: Uint8Array;
  readonly plan: TaskPlan;
  /** How often it was given out at most: a worker reports under the number it was given with. */
  readonly epoch: number;
  /** Number of the attempt under way or to come, from 1. */
  readonly attempt: number;
  readonly createdAt: number;
  /** Not to be given out before. */
  readonly notBefore?: number | undefined;
  /** When the call fails, whatever has become of the task. */
  readonly deadline?: number | undefined;
}

/** One giving out of a task. */
export interface TaskTicket {
  readonly task: string;
  readonly epoch: number;
}

/** What came of a word about a task: `stale` when it was given out again or is not there any more. */
export type TaskOutcome = { readonly outcome: "ok"; readonly effects: Effects } | { readonly outcome: "stale" };

/** The verbs about tasks. A task begins with the operation `task` of its run, given out once (epoch 1). */
export interface TaskStore {
  /** Tasks that have not ended, in the order in which they were made; `after` is the place of the last one before. */
  listTasks(p: { readonly after?: number | undefined; readonly limit: number }): Promise<readonly TaskRecord[]>;
  /** Gives tasks out once more: epoch + 1 of each that is there and has this epoch. */
  claimTasks(p: {
    readonly by: InnerActor;
    readonly tasks: readonly TaskTicket[];
    readonly now: number;
  }): Promise<{ readonly claimed: readonly TaskTicket[] }>;
  /** Settles the entry that waits for a task, once. Neither value nor error: a value of nothing. */
  settleTask(
    p: TaskTicket & {
      readonly by: InnerActor;
      readonly value?: Uint8Array | undefined;
      readonly error?: Uint8Array | undefined;
      /** Number of the attempt that ended it. */
      readonly attempt: number;
      readonly now: number;
    },
  ): Promise<TaskOutcome>;
  /** Notes an attempt that failed; the next one is due then. What the attempt still reports is stale from here on. */
  retryTask(
    p: TaskTicket & {
      readonly by: InnerActor;
      readonly error: Uint8Array;
      readonly attempt: number;
      readonly startedAt: number;
      readonly due: number;
      readonly now: number;
    },
  ): Promise<TaskOutcome>;
  /** Writes lines of a task to the log of its run, and how far it is. */
  noteTask(
    p: TaskTicket & {
      readonly by: InnerActor;
      readonly lines: readonly LogOp[];
      readonly progress?: Uint8Array | undefined;
      readonly now: number;
    },
  ): Promise<TaskOutcome>;
}
