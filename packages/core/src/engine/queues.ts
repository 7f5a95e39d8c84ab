// Queues that workflows name, and an operator's say in them.
import type { WorkflowManifest } from "@sluice/protocol";
import { deployer } from "../kernel/inner-actor.ts";
import { fail, guarded, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { AccessFilter, Actor, QueueRecord } from "../kernel/run-store.ts";
import { flowRules } from "./flow.ts";
import type { EngineParts } from "./parts.ts";

export class Queues {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Makes what the code says about flow control hold, for runs that wait or go on too. */
  async deploy(workflows: readonly WorkflowManifest[]): Promise<void> {
    const { store, clock, route } = this.#parts;
    const { effects } = await store.putFlow({
      by: deployer,
      workflows: workflows.map(({ name }) => name),
      rules: workflows.flatMap((workflow) => flowRules(workflow)),
      queues: workflows.flatMap(({ name, flow }) =>
        flow?.queue === undefined ? [] : [{ workflow: name, queue: flow.queue }],
      ),
      now: clock.now(),
    });
    route(effects);
  }

  /** By name; those of which some workflow may be seen. */
  list(access?: AccessFilter): Promise<readonly QueueRecord[]> {
    return this.#parts.store.listQueues(access === undefined ? {} : { access });
  }

  /** Nothing of a paused queue begins until it is resumed; what has begun goes on. */
  async setPaused(by: Actor, queue: string, paused: boolean): Promise<Result<QueueRecord>> {
    const { store, clock, route, kick } = this.#parts;
    return guarded(async () => {
      const outcome = await store.setQueuePaused({ by, queue, paused, now: clock.now() });
      if (outcome === undefined) return unknownQueue(queue);
      route(outcome.effects);
      kick();
      return ok(outcome.queue);
    });
  }
}

function unknownQueue(queue: string): Result<never> {
  return fail({
    code: "queue_not_found",
    message: `There is no queue ${JSON.stringify(queue)}.`,
    hint: "`sluice queue list` names them; a workflow brings its queue with it.",
  });
}
