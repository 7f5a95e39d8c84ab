// Bodies of the routes of triggers as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { deliveryStatuses, webhookSchemes } from "../trigger-manifest.ts";
import { maybe, name, runError, time, value, waitingStarts } from "./schema-parts.ts";

const debounce = z.strictObject({ waitMs: z.number(), maxMs: z.number().nullable(), key: z.string().nullable() });
const trigger = z.strictObject({
  id: z.string(),
  workflow: z.string(),
  kind: z.string().describe("`webhook`, `poll`, `event`, `manual`, `file`, or the name of another source"),
  name: z.string(),
  paused: z.boolean(),
  createdAt: time,
  fired: z.int().describe("Runs it has started; webhooks and forms count their runs elsewhere"),
  firedAt: time.nullable(),
  lookedAt: time.nullable(),
  nextAt: time.nullable(),
  failures: z.int().describe("Since it last worked"),
  error: runError.nullable(),
  waiting: waitingStarts,
  webhook: z
    .strictObject({
      method: z.string(),
      path: z.string(),
      scheme: z.enum(webhookSchemes).nullable().describe("How requests are signed; null: not at all"),
      secret: z.string().nullable().describe("Where the secret is kept, such as `env NAME`"),
      input: z.enum(["body", "raw", "request", "made"]),
      functions: z.boolean(),
      waitMs: z.number().nullable().describe("How long the answer waits for the run's end"),
      rate: z.strictObject({ count: z.int(), perMs: z.number() }).nullable(),
    })
    .nullable(),
  poll: z
    .strictObject({ everyMs: z.number(), timeoutMs: z.number(), backoffMaxMs: z.number(), cursor: value })
    .nullable(),
  event: z
    .strictObject({
      name: z.string(),
      key: z.string().nullable(),
      match: value,
      functions: z.boolean(),
      position: z.int().describe("Number of the last event that was dealt with"),
    })
    .nullable(),
  manual: z
    .strictObject({ title: z.string().nullable(), description: z.string().nullable(), schema: z.unknown() })
    .nullable(),
  config: value.describe("What a source watches"),
  debounce: debounce.nullable(),
});

const delivery = z.strictObject({
  id: z.string(),
  trigger: z.string(),
  workflow: z.string(),
  at: time,
  kind: z.enum(["live", "test", "redelivery"]),
  of: z.string().nullable().describe("The delivery that it repeats"),
  method: z.string(),
  path: z.string(),
  query: z.string(),
  bytes: z.int(),
  address: z.string().nullable(),
  status: z.enum(deliveryStatuses),
  code: z.int().describe("HTTP status of the answer"),
  tookMs: z.number(),
  run: z.string().nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
});

/** Bodies by the name they have in the API document. */
export const triggerSchemas = {
  Trigger: z.strictObject({ trigger }),
  Triggers: z.strictObject({ triggers: z.array(trigger) }),
  RunTrigger: z.strictObject({
    values: value.optional().describe("What was filled in, for a manual trigger"),
    idempotencyKey: maybe(name),
  }),
  TriggerRun: z.strictObject({ trigger, runId: z.string().nullable(), created: z.boolean() }),
  TestDelivery: z.strictObject({
    body: value.optional().describe("Text is sent as text, everything else as JSON"),
    headers: maybe(z.record(z.string(), z.string())),
    query: maybe(z.string().max(4_096)),
    params: maybe(z.record(z.string(), z.string())).describe("Values of the parameters in the webhook's path"),
    dryRun: maybe(z.boolean()).describe("Only say what would become of it"),
  }),
  Delivered: z.strictObject({
    status: z.enum(["started", "duplicate", "ignored", "answered"]),
    runId: z.string().nullable(),
    delivery: z.string().nullable().describe("Null for a dry run"),
    reason: z.string().nullable(),
    input: value.describe("What the run gets, for a dry run"),
  }),
  Deliveries: z.strictObject({ deliveries: z.array(delivery), nextCursor: z.string().nullable() }),
  DeliveryInFull: z.strictObject({
    delivery: delivery.extend({
      headers: z.record(z.string(), z.string()),
      body: z.string().nullable().describe("Text; null where it was not kept, or is no text"),
      bodyKept: z.boolean(),
    }),
  }),
} as const;
