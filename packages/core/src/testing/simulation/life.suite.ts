// What one incarnation of a run does and sees, as the ledger outside records it.
import type { StepContext } from "@sluice/sdk";
import type { StepNode } from "./program.suite.ts";
import type { TaskWitness } from "./task-play.suite.ts";

/** The machine an incarnation lives on, as far as its code can tell. */
export interface Host {
  readonly name: string;
  /** Wall time. */
  now(): number;
  /** Elapsed time, which never jumps. */
  elapsed(): number;
  /** True once the process is gone: what its code still does has no effect. */
  readonly dead: boolean;
  after(delayMs: number, callback: () => void): () => void;
}

/** One incarnation of a run in the memory of one worker. */
export interface Life {
  readonly run: string;
  readonly epoch: number;
  readonly attempt: number;
  readonly workflow: string;
  readonly version: string;
  readonly host: Host;
  /** True once this incarnation gave itself up. */
  parked: boolean;
  /** Calls whose results it has seen. */
  seen: number;
  /** It only replays, to find out whether the code follows the journal. */
  readonly check: boolean;
  /** Numbers of the steps it has executed, by their place in the program. */
  readonly steps: Map<string, number>;
  /** The step whose result it saw before it was durable, and what it has seen since. */
  unsure: { readonly seq: number; readonly lines: { readonly at: number; readonly line: string }[] } | undefined;
}

/** Told of everything that user code does and sees. */
export interface Witness extends TaskWitness {
  /** A task was given to a worker under this epoch. */
  given(task: string, epoch: number): void;
  /** A call settled for the workflow; `what` says how, in a form that can be compared. */
  saw(life: Life, path: string, what: string): void;
  /** An attempt of a step (`undo: false`) or of its undo begins. Returns how to say that its effect is over. */
  began(life: Life, node: StepNode, step: StepContext, undo?: { readonly result: unknown }): Effect;
  /** The body guarded by a lock is entered; returns how to say that it is left. */
  entered(
    life: Life,
    path: string,
    lock: { readonly name: string; readonly fence: number; readonly ttlMs: number | undefined },
  ): () => void;
  /** True when this incarnation holds its run. */
  holds(run: string, epoch: number): boolean;
  /** Dedupe id of an event that one place in a run emits. */
  emitId(life: Life, path: string): string;
  /** A number that no other event carries. */
  nextEvent(): number;
}

export interface Effect {
  readonly attempt: number;
  end(how: "done" | "failed" | "aborted"): void;
}

export const never = (): Promise<never> => new Promise(() => undefined);
