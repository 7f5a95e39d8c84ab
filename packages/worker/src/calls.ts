// The shapes that pass between a run in memory, its calls and the worker around it.
import type { JournalEntry, RunStatusReason } from "@sluice/protocol";
import type { Context, StepContext, Task, Workflow } from "@sluice/sdk";
import type { Breakers } from "./breakers.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { WorkerClock } from "./clock.ts";
import type { Incarnation } from "./incarnation.ts";
import type { WorkerLimits } from "./limits.ts";
import type { Redactor } from "./redactor.ts";
import type { Scope } from "./scope.ts";
import type { Secrets } from "./secrets.ts";
import type { ServiceHost } from "./service-host.ts";
import type { StepScope } from "./step-scope.ts";

/** A settled entry on its way to the workflow. */
export interface Settlement {
  readonly seq: number;
  readonly ord: number;
  readonly status: "completed" | "failed";
  readonly at: number;
  readonly value?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
}

/** An open `ctx` call. */
export interface Call {
  readonly seq: number;
  readonly scope: Scope;
  /** Why the run waits while all its open calls are like this one; undefined for a call that does something. */
  wait: RunStatusReason | undefined;
  /** Gives the settlement to the workflow. */
  readonly settle: (settlement: Settlement) => void;
  readonly reject: (error: unknown) => void;
  /** The start of a step with an undo is durable. */
  readonly started?: () => void;
  /** Another run makes the result that was asked for. */
  readonly queued?: () => void;
  /** The next attempt is due. */
  readonly wake?: () => void;
  /** The call has lost a race: nobody wants its settlement any more. */
  readonly giveUp?: (reason: Error) => void;
  /** A race waits for what its branches wait for, never for something of its own. */
  readonly isRace?: boolean;
}

/** Where a call stands in the journal. */
export interface Place {
  readonly seq: number;
  readonly name: string;
  readonly n: number;
  readonly entry: JournalEntry | undefined;
}

/** Told of every attempt, for the evidence a crash leaves behind. */
export interface StepRecorder {
  begin(run: string, step: string): number;
  end(slot: number): void;
}

/** A call of `ctx.step` that has its place. */
export interface StepCall {
  readonly workflow: string;
  readonly run: string;
  readonly name: string;
  /** Which step of this name it is, from 0. */
  readonly n: number;
  readonly seq: number;
}

/** What a step executes, and what takes its effect back. */
export interface StepFunctions {
  readonly body: (step: StepContext) => unknown;
  readonly undo: ((result: never, step: StepContext) => unknown) | undefined;
}

/** Puts functions of a test in the place of a step's own. Asked on replay, too. */
export type StandIn = (call: StepCall, own: StepFunctions) => StepFunctions;

/** What an incarnation needs from the worker it lives in. */
export interface IncarnationHost {
  readonly clock: WorkerClock;
  readonly limits: WorkerLimits;
  readonly stepScope: StepScope;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  readonly breakers: Breakers;
  readonly services: ServiceHost;
  readonly checkpoints: Checkpoints;
  readonly onStep?: StepRecorder | undefined;
  readonly standIn?: StandIn | undefined;
  /** Number of the current turn of the event loop. */
  turn(): number;
  /** Pump this incarnation in a later turn. */
  pumpLater(run: Incarnation): void;
  /** Send what it has collected: at the end of this turn's microtasks, or (`idle`) when a turn has passed. */
  flushSoon(run: Incarnation, idle: boolean): void;
  sendChecked(run: Incarnation, error: Uint8Array | undefined): void;
  workflowNamed(name: string): Workflow | undefined;
  taskNamed(name: string): Task | undefined;
  makeContext(run: Incarnation, scope: Scope): Context;
  /** Remembers that runs of this workflow have ended right after this call. */
  learnTail(workflow: string, seq: number): void;
  isTail(workflow: string, seq: number): boolean;
  /** Sends once the workflow had the chance to end: when it has, or after some microtasks. */
  flushAfterTail(run: Incarnation): void;
  /** Calls back once when a step has been running for a while; returns how to take it back. */
  announce(callback: () => void): () => void;
}
