// What a deployment says about flow control, and the pausing of queues.
import type { Effects, QueueRecord, RunStore } from "../../../kernel/run-store.ts";
import type { Change } from "../change.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

export function putFlow(cx: Change, p: Params<"putFlow">): { effects: Effects } {
  const { flow, flowRows } = cx.t;
  for (const workflow of p.workflows) {
    const rules = p.rules.filter((rule) => rule.workflow === workflow);
    for (const changed of flowRows.putRules(workflow, rules)) flow.ruleChanged(changed);
    flowRows.putQueue(workflow, p.queues.find((each) => each.workflow === workflow)?.queue);
  }
  return { effects: cx.effects() };
}

export function setQueuePaused(
  cx: Change,
  p: Params<"setQueuePaused">,
): { queue: QueueRecord; effects: Effects } | undefined {
  const { flow, flowRows } = cx.t;
  const was = flowRows.isPaused(p.queue);
  if (!flowRows.setPaused(p.queue, p.paused)) return undefined;
  if (was && !p.paused) flow.queueResumed(p.queue);
  const queue = flowRows.queues().find(({ name }) => name === p.queue);
  if (queue === undefined) throw new Error(`the queue ${p.queue} is not there`);
  return { queue, effects: cx.effects() };
}
