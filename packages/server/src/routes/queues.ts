// Queues: what is held back in them, and pausing them.
import { unwrap } from "@sluice/core";
import type { QueueRecord } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { fieldsOf, quoted } from "../fields.ts";
import { reply } from "../wire.ts";

export async function listQueues(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { queues: await call.engine.queues.list(call.access("queue:read")) });
}

function queueNotFound(name: string): SluiceError {
  return new SluiceError({
    code: "queue_not_found",
    message: `There is no queue ${quoted(name)}.`,
    hint: "GET /api/v1/queues lists those that are there.",
  });
}

/** A queue is several workflows' own: whoever pauses it needs the say over all of them. */
async function setPaused(call: Call, paused: boolean): Promise<Response> {
  call.query().done();
  const name = call.param(0);
  const missing = (): SluiceError => queueNotFound(name);
  const queue = (await call.engine.queues.list()).find((each) => each.name === name);
  if (queue === undefined) throw missing();
  // One that nobody names any more is seen by those who see everything.
  if (queue.workflows.length === 0 && call.patterns("queue:control") !== undefined) throw missing();
  for (const workflow of queue.workflows) call.requireOn("queue:control", workflow, { seenBy: "queue:read", missing });
  fieldsOf((await call.body()).content, []);
  const changed: QueueRecord = unwrap(await call.engine.queues.setPaused(call.actor, name, paused));
  return reply("json", 200, { queue: changed });
}

export async function pauseQueue(call: Call): Promise<Response> {
  return setPaused(call, true);
}

export async function resumeQueue(call: Call): Promise<Response> {
  return setPaused(call, false);
}
