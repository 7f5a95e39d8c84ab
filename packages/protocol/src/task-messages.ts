// Tasks: functions that a run calls on whichever worker can do them. What an engine and a worker say to each other about one, in
// words that every runtime has: keys are single words, values are bytes made by `encodeValue`.
import type { RetryPlan } from "./backoff.ts";

/** Which workers may do a task: each has to have announced all of this. */
export interface TaskPlace {
  /** `bun`, `node`, `deno` or `python`. */
  readonly runtime?: string | undefined;
  /** `k` or `k=v`. */
  readonly labels?: readonly string[] | undefined;
  readonly capabilities?: readonly string[] | undefined;
}

/** How a task is carried out; kept with it as JSON. */
export interface TaskPlan {
  readonly on?: TaskPlace | undefined;
  /** Amounts it takes of its worker while it runs: `cpu` in cores, `memory_bytes`, or a name of one's own. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  readonly retry: RetryPlan;
  /** Milliseconds one attempt may take. */
  readonly timeout?: number | undefined;
  /** Milliseconds an attempt may be silent: without a note in that time it has failed. */
  readonly beat?: number | undefined;
  /** The same for every attempt of this call of this run. */
  readonly key: string;
}

/** Asks for a task; settles with its result. */
export interface TaskOp {
  readonly op: "task";
  /** Below 0 for a task that takes back what the entry `-(seq + 1)` did. */
  readonly seq: number;
  readonly name: string;
  readonly n: number;
  readonly input: Uint8Array;
  readonly plan: TaskPlan;
  /** Milliseconds until the call fails, whatever has become of the task. */
  readonly timeout?: number | undefined;
  /** Its effect is taken back where the run does not complete. */
  readonly undo?: boolean | undefined;
}

/** A task that a worker can do. */
export interface TaskOffer {
  readonly name: string;
  readonly description?: string | undefined;
}

/** What an engine tells a worker. */
export type TaskOrder =
  /** Do this. What comes back under another epoch than the last one given out is refused. */
  | {
      readonly type: "task";
      readonly task: string;
      readonly epoch: number;
      readonly name: string;
      readonly input: Uint8Array;
      /** From 1. */
      readonly attempt: number;
      readonly key: string;
      readonly run: string;
      readonly workflow: string;
      /** The span of this attempt as a W3C `traceparent`, where the run is part of a trace. */
      readonly trace?: string | undefined;
    }
  /** Nobody wants the result any more. */
  | { readonly type: "revoke"; readonly task: string; readonly epoch: number; readonly reason: string };

/** A task in one worker's hands. */
export interface HeldTask {
  readonly task: string;
  readonly epoch: number;
}

/** What a worker tells its engine. */
export type TaskReport =
  /** It has ended: with a value or an error, both absent for a value of nothing. */
  | {
      readonly type: "result";
      readonly task: string;
      readonly epoch: number;
      readonly value?: Uint8Array | undefined;
      readonly error?: Uint8Array | undefined;
      /** No other attempt makes sense. */
      readonly final?: boolean | undefined;
      /** Milliseconds until another attempt makes sense. */
      readonly after?: number | undefined;
    }
  /** A sign of life, with a line for the run's log (`message`) or how far it is (`progress`) where there is one. */
  | {
      readonly type: "note";
      readonly task: string;
      readonly epoch: number;
      readonly at: number;
      readonly level?: "debug" | "info" | "warn" | "error" | undefined;
      readonly message?: string | undefined;
      readonly data?: Uint8Array | undefined;
      readonly progress?: Uint8Array | undefined;
    };
