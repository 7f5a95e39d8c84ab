// Queues as somebody may see them: those of which some workflow is seen.
import type { QueueRecord } from "../../kernel/flow.ts";
import { sees } from "../../kernel/patterns.ts";
import type { AccessFilter } from "../../kernel/run-store.ts";

export function seenQueues(queues: readonly QueueRecord[], access: AccessFilter | undefined): readonly QueueRecord[] {
  if (access === undefined) return queues;
  return queues
    .map((queue) => ({ ...queue, workflows: queue.workflows.filter((workflow) => sees(access, workflow)) }))
    .filter(({ workflows }) => workflows.length > 0);
}
