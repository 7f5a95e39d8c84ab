// The part of the store port that says when runs may begin: the rules of workflows, and queues.
import type { FlowRule, QueueRecord } from "./flow.ts";
import type { InnerActor } from "./inner-actor.ts";
import type { AccessFilter, Actor, Effects } from "./run-records.ts";

export interface FlowVerbs {
  /**
   * Makes the rules of these workflows be exactly these, for runs that wait or go on too, and the queues they name known:
   * `queues` has what each workflow names.
   */
  putFlow(p: {
    readonly by: InnerActor;
    readonly workflows: readonly string[];
    readonly rules: readonly FlowRule[];
    readonly queues: readonly { readonly workflow: string; readonly queue: string }[];
    readonly now: number;
  }): Promise<{ readonly effects: Effects }>;
  /** Nothing of a paused queue begins; what has begun goes on. Undefined: no workflow has ever named it. */
  setQueuePaused(p: {
    readonly by: Actor;
    readonly queue: string;
    readonly paused: boolean;
    readonly now: number;
  }): Promise<{ readonly queue: QueueRecord; readonly effects: Effects } | undefined>;
  /** By name. With access: those of which some workflow may be seen, and of the workflows those. */
  listQueues(p?: { readonly access?: AccessFilter | undefined }): Promise<readonly QueueRecord[]>;
}
