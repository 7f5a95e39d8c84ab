// What starts runs in a test in the place of the world: a request to a webhook, the time of a schedule.
import { unwrap } from "@sluice/core";
import { encodeValue } from "@sluice/protocol";
import type { Workflow } from "@sluice/sdk";
import type { TestHost } from "./engine.ts";

export interface WebhookDelivery {
  readonly path: string;
  readonly body: unknown;
  readonly method?: string;
  /** A second delivery with this key leads to the run that is there. */
  readonly idempotencyKey?: string;
}

/** Delivers a request to the workflow with this webhook; the id of the run. Signatures are the server's to check. */
export async function deliver(
  host: TestHost,
  workflows: readonly Workflow[],
  request: WebhookDelivery,
): Promise<string> {
  const { body, method = "POST", idempotencyKey } = request;
  const path = request.path.startsWith("/") ? request.path : `/${request.path}`;
  const target = workflows.find((each) =>
    (each.options.triggers ?? []).some(
      (trigger) =>
        trigger.type === "webhook" && trigger.method === method && `/${trigger.path.replace(/^\//, "")}` === path,
    ),
  );
  if (target === undefined) throw new Error(`No workflow of this test has a webhook for ${method} ${path}.`);
  const started = await host.engine.startRun({
    by: { kind: "webhook", id: path },
    workflow: target.name,
    input: encodeValue(body),
    ...(idempotencyKey === undefined ? {} : { key: idempotencyKey }),
  });
  return unwrap(started).run.id;
}

/** Fires a schedule now, by its name or its place among the workflow's schedules; the id of the run. */
export async function fireSchedule(host: TestHost, workflow: string, name: string): Promise<string> {
  const started = await host.engine.schedules.runNow({ kind: "user", id: "test" }, `${workflow}:${name}`);
  return unwrap(started).run.id;
}
