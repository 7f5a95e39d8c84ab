// Bodies of the routes of durable workflows as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { duration, failure, maybe, name, recorded, runError, time, value, waitingStarts } from "./schema-parts.ts";
import { attributeTypes } from "../attributes.ts";
import { gateKinds, joinReasons, singletonModes } from "../flow.ts";
import { catchUpModes, entryKinds, entryStatuses, overlapModes, runStatuses, runStatusReasons } from "../statuses.ts";

const isoTime = z
  .string()
  .regex(/^(?:\d{1,15}$|\d{4}-\d\d-\d\d)/)
  .describe("ISO 8601");

const run = z.strictObject({
  id: z.string(),
  workflow: z.string(),
  version: z.string().describe("Hash of the code"),
  status: z.enum(runStatuses),
  statusReason: z.enum(runStatusReasons).nullable(),
  input: value,
  output: value,
  error: runError.nullable(),
  progress: value,
  createdAt: time,
  dueAt: time.nullable().describe("Not executed before; null when that is at once"),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  timeoutAt: time.nullable(),
  tags: z.array(z.string()),
  priority: z.int(),
  idempotencyKey: z.string().nullable(),
  parent: z.string().nullable(),
  parentStep: z.int().nullable().describe("Number of the parent's step that started it"),
  attempt: z.int().describe("Times it was retried by an operator, from 1"),
  crashes: z.int(),
  forkedFrom: z.string().nullable(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).describe("Search attributes"),
  attributeTypes: z.record(z.string(), z.enum(attributeTypes)).describe("What they are; times in milliseconds"),
  chain: z
    .string()
    .nullable()
    .describe("First of the runs that went on as one another; null for one that stands alone"),
  continuedFrom: z.string().nullable().describe("The run of its chain before it"),
  continuedTo: z.string().nullable().describe("The run it went on as"),
  schedule: z.string().nullable(),
  payload: z
    .enum(["plain", "encrypted", "erased"])
    .describe("How its values are kept; those of an erased run are gone"),
  hold: z
    .strictObject({
      by: z.enum(gateKinds),
      path: z.string().nullable().describe("Of the key in the input; null where there is none"),
      key: z.string().nullable().describe("Its value, or the name of the queue"),
    })
    .nullable()
    .describe("What holds a queued run back, where that is flow control"),
  by: z.string().describe("On whose behalf it was started, as kind:id"),
});
const exportedValue = z
  .union([z.strictObject({ json: value }), z.strictObject({ base64: z.string() })])
  .describe("As JSON where that says all of it, else the bytes of its encoding");
const listedRun = run.extend({
  omitted: z
    .array(z.enum(["input", "output", "error", "progress"]))
    .optional()
    .describe("Values left out for their size"),
});

const step = z.strictObject({
  seq: z.int().describe("Call order, from 0; the undo of step n is -(n+1)"),
  kind: z.enum(entryKinds),
  name: z.string(),
  occurrence: z.int(),
  status: z.enum(entryStatuses),
  attempt: z.int(),
  output: value,
  error: runError.nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  dueAt: time.nullable(),
  order: z.int().nullable().describe("Place in the order in which steps settled, from 1"),
  outputBytes: z.int().nullable().describe("Size of the output as it is stored; null without one"),
  attempts: z
    .array(z.strictObject({ attempt: z.int(), startedAt: time, endedAt: time, error: runError }))
    .describe("Earlier attempts, the last ten, with the beginnings of their errors"),
  omitted: z.array(z.literal("output")).optional().describe("Values left out for their size"),
});

const logLine = z.strictObject({
  line: z.int(),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  data: value,
  at: time,
});

const trigger = z.union([
  z.strictObject({
    type: z.literal("webhook"),
    method: z.string(),
    path: z.string(),
    signed: z.boolean(),
    name: z.string(),
  }),
  z.strictObject({ type: z.literal("other"), kind: z.string(), name: z.string() }),
  z.strictObject({
    type: z.literal("schedule"),
    cron: z.string(),
    timezone: z.string(),
    input: value,
    catchUp: z.enum(catchUpModes),
    catchUpMax: z.int(),
    overlap: z.enum(overlapModes),
    jitterMs: z.number(),
    name: z.string().nullable(),
  }),
]);
const positive = z.int().min(1);
const key = z.string().optional().describe("Path of the key in the input");
const flow = z.strictObject({
  concurrency: z.array(z.strictObject({ limit: positive, key, countWaiting: z.boolean() })).optional(),
  rateLimit: z.strictObject({ count: positive, per: z.number(), key }).optional(),
  throttle: z.strictObject({ count: positive, per: z.number(), burst: positive, key }).optional(),
  debounce: z
    .strictObject({
      wait: z.number(),
      maxWait: z.number().optional(),
      leading: z.boolean(),
      trailing: z.boolean(),
      key,
    })
    .optional(),
  batch: z.strictObject({ size: positive, wait: z.number(), key }).optional(),
  singleton: z.strictObject({ mode: z.enum(singletonModes), key }).optional(),
  fairness: z.strictObject({ key: z.string(), limit: positive }).optional(),
  startWithin: z.number().optional(),
  queue: z.string().optional(),
  priority: z.int().optional(),
});
const queue = z.strictObject({
  name: z.string(),
  paused: z.boolean(),
  workflows: z.array(z.string()),
  held: z.int().describe("Runs that wait because it is paused"),
});
const workflow = z.strictObject({
  name: z.string(),
  description: z.string().nullable(),
  version: z.string(),
  triggers: z.array(trigger),
  timeoutMs: z.number().nullable(),
  retention: z.strictObject({ ageMs: z.number().nullable(), count: z.number().nullable() }),
  validates: z.boolean(),
  attributes: z.record(z.string(), z.enum(attributeTypes)).describe("Search attributes its runs may have"),
  flow: flow.nullable().describe("When its runs may begin; times in milliseconds"),
});

const approval = z.strictObject({
  token: z.string(),
  run: z.string(),
  workflow: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  data: value,
  status: z.enum(["open", "used", "expired"]),
  createdAt: time,
  expiresAt: time.nullable(),
  approver: z.string().nullable().describe("Whom it is asked of: `user:NAME`, `role:NAME` or an address"),
  need: z.int().describe("How many have to approve"),
  of: z.int().describe("How many are asked"),
  group: z.string().nullable().describe("The same for all who are asked"),
  form: z.unknown().describe("JSON Schema of the payload of an approval; null when there is none"),
  problem: z.string().nullable().describe("Why what was filled in before was not good"),
  delegable: z.boolean(),
  delegatedBy: z.string().nullable(),
  escalated: z.boolean(),
});

const comment = z.strictObject({
  no: z.int(),
  by: z.string().describe("Name of who wrote it, as far as it is known"),
  at: time,
  text: z.string(),
});

const schedule = z.strictObject({
  id: z.string(),
  workflow: z.string(),
  cron: z.string(),
  timezone: z.string(),
  input: value,
  catchUp: z.enum(catchUpModes),
  catchUpMax: z.int(),
  overlap: z.enum(overlapModes),
  jitterMs: z.number(),
  paused: z.boolean(),
  source: z.enum(["code", "api"]),
  createdAt: time,
  nextAt: time.nullable(),
  waiting: waitingStarts,
});

const stateValue = z.strictObject({ key: z.string(), value, version: z.int(), expiresAt: time.nullable() });
const runFilter = z.strictObject({
  workflow: name.optional(),
  status: z.union([z.enum(runStatuses), z.array(z.enum(runStatuses)).min(1)]).optional(),
  reason: z.union([z.enum(runStatusReasons), z.array(z.enum(runStatusReasons)).min(1)]).optional(),
  tag: name.optional(),
  from: z.union([time, isoTime]).optional().describe("Created at or after"),
  to: z.union([time, isoTime]).optional().describe("Created before"),
  endedFrom: z.union([time, isoTime]).optional().describe("Ended at or after"),
  parent: name.optional(),
  version: name.optional(),
  attributes: z.array(name).optional().describe("Conditions such as `total>=100`"),
  chain: name.optional().describe("The run with this id, and those it went on as"),
});
const memory = z.strictObject({ rssBytes: z.int(), heapUsedBytes: z.int() });
const durations = z.strictObject({
  count: z.int(),
  average: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  min: z.number(),
  max: z.number(),
});

/** Bodies by the name they have in the API document. */
export const runSchemas = {
  Failure: failure,
  Nothing: z.strictObject({}),
  Run: z.strictObject({ run: listedRun }),
  StartedRun: z.strictObject({
    run,
    created: z.boolean(),
    joined: z.enum(joinReasons).optional().describe("Why flow control made the start part of a run that was there"),
  }),
  Queues: z.strictObject({ queues: z.array(queue) }),
  Queue: z.strictObject({ queue }),
  Runs: z.strictObject({ runs: z.array(listedRun), nextCursor: z.string().nullable() }),
  StartRun: z.strictObject({
    input: value.optional(),
    id: maybe(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)).describe(
      "Of the run; made by the server without one",
    ),
    idempotencyKey: maybe(name),
    delay: maybe(duration),
    priority: maybe(z.int().min(-1_000_000).max(1_000_000)).describe("Higher goes first"),
    tags: maybe(z.array(z.string().min(1).max(128)).max(32)),
    attributes: maybe(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))).describe(
      "Search attributes",
    ),
  }),
  CancelRun: z.strictObject({ reason: maybe(z.string().min(1).max(4_096)) }),
  RetryRun: z.strictObject({
    code: maybe(z.enum(["current", "pinned"])),
    takenBack: maybe(z.boolean()).describe("What failed undos left standing was taken back by hand"),
  }),
  ForkRun: z.strictObject({
    from: maybe(z.union([z.int(), z.string().max(512)])).describe(
      "Number or name of the first step that is executed again",
    ),
    input: value.optional(),
    trustImported: maybe(z.boolean()).describe("Take over what the steps of an imported run have found: `run:trust`"),
  }),
  BulkRuns: z.strictObject({
    action: z.enum(["cancel", "retry", "pause", "resume", "fork", "delete"]),
    filter: runFilter,
    dryRun: maybe(z.boolean()).describe("Only count"),
    reason: maybe(z.string().min(1).max(4_096)),
  }),
  RunExport: z
    .strictObject({
      format: z.literal("sluice-run"),
      formatVersion: z.union([z.literal(1), z.literal(2)]).describe("2 is written, both are read"),
      run: z.object({ id: z.string(), workflow: z.string(), status: z.enum(runStatuses), input: exportedValue }),
      journal: z.array(
        z.object({
          seq: z.int(),
          kind: z.enum(entryKinds),
          name: z.string(),
          n: z.int().describe("Which call of this kind and name, from 0"),
          status: z.enum(entryStatuses),
          ord: z.int().describe("Place in the order in which entries settled, from 1; 0 for one that has not"),
          value: exportedValue.optional(),
          error: exportedValue.optional(),
        }),
      ),
      logs: z.array(z.object({ level: z.string(), message: z.string(), at: time })),
      stream: z
        .array(z.object({ no: z.int(), index: z.int(), at: time, value: exportedValue }))
        .optional()
        .describe("What is kept of its streamed output; there from format 2 on"),
    })
    .describe("A whole run; fields of its parts that are not named here belong to it, too"),
  BulkResult: z.strictObject({ matched: z.int(), changed: z.int(), refused: z.int() }),
  Steps: z.strictObject({ steps: z.array(step), nextCursor: z.string().nullable() }),
  Logs: z.strictObject({ logs: z.array(logLine), next: z.int().nullable() }),
  Workflows: z.strictObject({ workflows: z.array(workflow) }),
  Workflow: z.strictObject({ workflow: workflow.extend({ inputSchema: z.unknown() }) }),
  SendEvent: z.strictObject({ name, payload: value.optional(), key: maybe(name), id: maybe(name) }),
  SentEvent: z.strictObject({ event: z.int(), duplicate: z.boolean() }),
  Events: z.strictObject({
    events: z.array(z.strictObject({ id: z.int(), name, key: z.string().nullable(), payload: value, at: time })),
    next: z.int().nullable(),
  }),
  Approvals: z.strictObject({
    approvals: z.array(
      approval.extend({
        token: z.string().nullable().describe("Null for who may not decide: whoever has it decides"),
        omitted: z.array(z.literal("data")).optional(),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
  Approval: z.strictObject({ approval: approval.extend({ comments: z.array(comment) }) }),
  Delegation: z.strictObject({
    to: z.string().min(1).max(256).describe("`user:NAME`, `role:NAME` or an address"),
    reason: maybe(z.string().min(1).max(4_096)),
  }),
  Comment: z.strictObject({ text: z.string().min(1).max(4_096) }),
  Commented: z.strictObject({ no: z.int() }),
  Decision: z.strictObject({
    approved: z.boolean(),
    reason: maybe(z.string().min(1).max(4_096)),
    payload: value.optional(),
  }),
  Payload: value,
  Answered: z.strictObject({ runId: z.string() }),
  Hooked: z.strictObject({ runId: z.string().nullable(), created: z.boolean(), url: z.string().nullable() }),
  Schedules: z.strictObject({ schedules: z.array(schedule) }),
  Schedule: z.strictObject({ schedule }),
  ScheduleWithTimes: z.strictObject({ schedule, next: z.array(time) }),
  StateList: z.strictObject({
    entries: z.array(stateValue.extend({ omitted: z.array(z.literal("value")).optional() })),
    nextCursor: z.string().nullable(),
  }),
  StateValue: stateValue,
  SetState: z.strictObject({ value, ttl: maybe(duration) }),
  StateVersion: z.strictObject({ version: z.int() }),
  Deployments: z.strictObject({
    current: z.strictObject({
      version: z.string(),
      deployedAt: time.nullable(),
      error: failure.shape.error.nullable().describe("Why newer code does not serve"),
    }),
    versions: z.array(
      z.strictObject({
        version: z.string(),
        createdAt: time,
        unfinishedRuns: z.int().describe("Of those that one may see"),
        workflows: z
          .array(z.strictObject({ workflow: z.string(), unfinishedRuns: z.int() }))
          .describe("Those of its runs that one may see"),
      }),
    ),
    workers: z.array(
      z.strictObject({
        id: z.string(),
        version: z.string(),
        workflows: z.array(z.string()),
        quarantine: z.boolean().describe("Takes only runs that are suspected of having crashed a worker"),
        process: z
          .strictObject({
            pid: z.int(),
            status: z.enum(["starting", "serving", "stalled", "leaving"]),
            startedAt: time,
            runs: z.int().describe("In its memory"),
            stalledIn: z.strictObject({ run: z.string(), step: z.string() }).nullable(),
          })
          .nullable()
          .describe("Of a worker that the server supervises"),
      }),
    ),
  }),
  RestoredBackup: z.strictObject({
    restored: z.strictObject({
      createdAt: time.describe("When the backup was made"),
      runs: z.int(),
      blobs: z.int(),
      before: z.string().nullable().describe("Folder in the data folder where the data before is kept"),
    }),
  }),
  Health: z.strictObject({
    status: z.enum(["ok", "draining"]),
    version: z.string(),
    uptimeMs: z.number(),
    memory,
  }),
  Ready: z.strictObject({ ready: z.literal(true), version: z.string() }),
  Report: z.strictObject({
    uptimeMs: z.number(),
    memory,
    runs: z.record(z.string(), z.int()),
    store: z.strictObject({ timers: z.int(), events: z.int(), bytes: z.int() }),
    workers: z.int(),
    counters: z.record(z.string(), z.number()),
    durationsMs: z.strictObject({ runs: durations, requests: z.record(z.string(), durations) }),
    recorded: z.array(recorded),
  }),
} as const;
