// The engine's side of a worker, whatever lies between them: a function call, a Unix socket, a network.
import type { EngineToWorker, WorkerToEngine } from "@sluice/protocol";

/** How the engine reaches one worker. */
export interface WorkerLink {
  readonly id: string;
  /** Delivers in order; never calls back into the engine synchronously. */
  send(messages: readonly EngineToWorker[]): void;
}

/** How one worker reaches the engine. */
export interface AttachedWorker {
  receive(message: WorkerToEngine): void;
  /** The worker is gone; runs it held are given out again. `suspects` are those that may have caused it. */
  lost(evidence: WorkerLoss): Promise<void>;
}

/** What is known about the end of a worker. */
export interface WorkerLoss {
  /** False when it left in order. */
  readonly crashed: boolean;
  /** Steps that were executing: the last one begun first. */
  readonly executing: readonly { readonly run: string; readonly step: string }[];
  readonly message: string;
}
