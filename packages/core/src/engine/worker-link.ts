// The engine's side of a worker, whatever lies between them: a function call, a Unix socket, a network.
import type { EngineToWorker, HeldTask, WorkerToEngine } from "@sluice/protocol";
import type { WorkerOffer } from "./tasks/offer.ts";

/** How the engine reaches one worker. */
export interface WorkerLink {
  readonly id: string;
  /** Delivers in order; never calls back into the engine synchronously. */
  send(messages: readonly EngineToWorker[]): void;
}

/** What is known of a worker when it comes. */
export interface Attaching {
  /** Takes only runs that are suspected of having crashed a worker, and no tasks. */
  readonly quarantine?: boolean | undefined;
  /** What it can do besides the workflows of its code. */
  readonly offer?: WorkerOffer | undefined;
  /** It is on another machine: what it has is known by what it says, and when it is gone nobody starts it again. */
  readonly remote?: boolean | undefined;
  /** Tasks it still has of a connection before, where that was `lost` with them as `keep`. */
  readonly running?: readonly HeldTask[] | undefined;
}

/** How one worker reaches the engine. */
export interface AttachedWorker {
  receive(message: WorkerToEngine): void;
  /**
   * The worker is gone; runs and tasks it held are given out again, but for those tasks that it is known to come back with
   * (`keep`, to be followed by an `attach` of the same id at once).
   */
  lost(evidence: WorkerLoss, keep?: readonly HeldTask[]): Promise<void>;
}

/** What is known about the end of a worker. */
export interface WorkerLoss {
  /** False when it left in order, or nothing is known of its process. */
  readonly crashed: boolean;
  /** Steps that were executing: the last one begun first. */
  readonly executing: readonly { readonly run: string; readonly step: string }[];
  readonly message: string;
  /** Nobody knows why it is gone: whatever it had may have taken it down. */
  readonly unexplained?: boolean | undefined;
}
