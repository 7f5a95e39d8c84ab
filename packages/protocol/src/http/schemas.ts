// Bodies of the HTTP API as zod schemas, for the API document and its tests. Loads zod: to be imported on first use only.
import { z } from "zod";
import { errorCodes } from "../errors.ts";
import { catchUpModes, entryKinds, entryStatuses, overlapModes, runStatuses, runStatusReasons } from "../statuses.ts";
import type { RouteName } from "./routes.ts";

const time = z.int().describe("Milliseconds since 1970");
const duration = z
  .union([z.number().nonnegative(), z.string().min(1)])
  .describe('Milliseconds, or words such as "10s", "1h 30m", "3 days"');
const value = z.unknown().describe("A workflow value, in its JSON form");
const name = z.string().min(1).max(512);
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish();

const runError = z
  .strictObject({
    code: z.enum(Object.keys(errorCodes) as [string, ...string[]]),
    message: z.string(),
    hint: z.string().optional(),
    details: z.strictObject({
      name: z.string().describe("Class of the error"),
      code: z.string().optional().describe("The program's own code"),
      details: z.unknown().optional(),
      cause: z.strictObject({ name: z.string(), message: z.string() }).optional(),
    }),
  })
  .describe("An error as recorded");

const failure = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(errorCodes) as [string, ...string[]]),
    message: z.string(),
    hint: z.string().optional(),
    details: z.unknown().optional(),
  }),
});

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
  attempt: z.int().describe("Times it was retried by an operator, from 1"),
  crashes: z.int(),
  forkedFrom: z.string().nullable(),
  schedule: z.string().nullable(),
  by: z.string().describe("On whose behalf it was started, as kind:id"),
});
const listedRun = run.extend({
  omitted: z
    .array(z.enum(["input", "output", "error", "progress"]))
    .optional()
    .describe("Values too large for a list"),
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
});

const logLine = z.strictObject({
  line: z.int(),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  data: value,
  at: time,
});

const trigger = z.union([
  z.strictObject({ type: z.literal("webhook"), method: z.string(), path: z.string(), signed: z.boolean() }),
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
const workflow = z.strictObject({
  name: z.string(),
  description: z.string().nullable(),
  version: z.string(),
  triggers: z.array(trigger),
  timeoutMs: z.number().nullable(),
  retention: z.strictObject({ ageMs: z.number().nullable(), count: z.number().nullable() }),
  validates: z.boolean(),
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
});

const stateValue = z.strictObject({ key: z.string(), value, version: z.int(), expiresAt: time.nullable() });
const runFilter = z.strictObject({
  workflow: name.optional(),
  status: z.union([z.enum(runStatuses), z.array(z.enum(runStatuses)).min(1)]).optional(),
  tag: name.optional(),
  from: time.optional().describe("Created at or after"),
  to: time.optional().describe("Created before"),
  parent: name.optional(),
  version: name.optional(),
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

/** Every body by the name it has in the API document. */
export const schemas = {
  Failure: failure,
  Nothing: z.strictObject({}),
  Run: z.strictObject({ run }),
  StartedRun: z.strictObject({ run, created: z.boolean() }),
  Runs: z.strictObject({ runs: z.array(listedRun), nextCursor: z.string().nullable() }),
  StartRun: z.strictObject({
    input: value.optional(),
    id: maybe(name).describe("Of the run; made by the server without one"),
    idempotencyKey: maybe(name),
    delay: maybe(duration),
    priority: maybe(z.int().min(-1_000_000).max(1_000_000)).describe("Higher goes first"),
    tags: maybe(z.array(name)),
  }),
  CancelRun: z.strictObject({ reason: maybe(z.string().min(1).max(4_096)) }),
  RetryRun: z.strictObject({ code: maybe(z.enum(["current", "pinned"])) }),
  ForkRun: z.strictObject({
    from: maybe(z.union([z.int(), z.string().max(512)])).describe(
      "Number or name of the first step that is executed again",
    ),
    input: value.optional(),
  }),
  BulkRuns: z.strictObject({
    action: z.enum(["cancel", "retry", "pause", "resume", "delete"]),
    filter: runFilter,
    dryRun: maybe(z.boolean()).describe("Only count"),
    reason: maybe(z.string().min(1).max(4_096)),
  }),
  BulkResult: z.strictObject({ matched: z.int(), changed: z.int(), refused: z.int() }),
  Steps: z.strictObject({ steps: z.array(step), nextCursor: z.string().nullable() }),
  Logs: z.strictObject({ logs: z.array(logLine), next: z.int().nullable() }),
  Workflows: z.strictObject({ workflows: z.array(workflow) }),
  Workflow: z.strictObject({ workflow: workflow.extend({ inputSchema: z.unknown() }) }),
  SendEvent: z.strictObject({ name, payload: value.optional(), key: maybe(name), id: maybe(name) }),
  SentEvent: z.strictObject({ event: z.int(), duplicate: z.boolean() }),
  Approvals: z.strictObject({ approvals: z.array(approval) }),
  Approval: z.strictObject({ approval }),
  Decision: z.strictObject({
    approved: z.boolean(),
    reason: maybe(z.string().min(1).max(4_096)),
    payload: value.optional(),
  }),
  Payload: value,
  Answered: z.strictObject({ runId: z.string() }),
  Hooked: z.strictObject({ runId: z.string(), created: z.boolean() }),
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
    versions: z.array(z.strictObject({ version: z.string(), createdAt: time, unfinishedRuns: z.int() })),
    workers: z.array(
      z.strictObject({ id: z.string(), version: z.string(), workflows: z.array(z.string()), quarantine: z.boolean() }),
    ),
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
  }),
} as const;

export type SchemaName = keyof typeof schemas;

/** Every schema as JSON Schema (draft 2020-12), which is what OpenAPI 3.1 takes. */
export function jsonSchemas(): Record<string, unknown> {
  const shown = Object.entries(schemas).map(([key, schema]) => {
    const { $schema: _dialect, ...json } = z.toJSONSchema(schema);
    return [key, json];
  });
  return Object.fromEntries(shown) as Record<string, unknown>;
}

/** A query parameter or header. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description: string;
}

/** What goes in and out of a route. A response without a schema has no JSON body. */
export interface Contract {
  readonly parameters?: readonly Parameter[];
  readonly request?: SchemaName;
  readonly responses: Readonly<
    Record<number, { readonly description: string; readonly body?: SchemaName; readonly type?: string }>
  >;
}

const query = (parameter: string, description: string): Parameter => ({ name: parameter, in: "query", description });
const header = (parameter: string, description: string): Parameter => ({ name: parameter, in: "header", description });
const limit = query("limit", "Entries of a page, at most 200; 50 without one");
const cursor = query("cursor", "`nextCursor` of the page before");
const wait = query("wait", "Longest wait for the end of the run, as a duration; at most 2 minutes");
const runList = [
  query("workflow", "Runs of this workflow"),
  query("status", "One status or several, separated by commas"),
  query("tag", "Runs with this tag"),
  query("from", "Created at or after: milliseconds since 1970, or ISO 8601"),
  query("to", "Created before"),
  query("parent", "Child runs of this run"),
  query("version", "Runs of this version of the code"),
];
const answer = (description: string, body?: SchemaName) =>
  body === undefined ? { description } : { description, body };
const oneRun = { 200: answer("The run", "Run") };
const ifVersion = [
  header("If-Match", "Only when the value has this version"),
  header("If-None-Match", "`*`: only when there is no value"),
];

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const contracts: Readonly<Record<RouteName, Contract>> = {
  listWorkflows: { responses: { 200: answer("The workflows", "Workflows") } },
  getWorkflow: { responses: { 200: answer("The workflow", "Workflow") } },
  startRun: {
    parameters: [wait, header("Idempotency-Key", "The same as `idempotencyKey` of the body")],
    request: "StartRun",
    responses: {
      200: answer("The run that is there already", "StartedRun"),
      201: answer("A new run", "StartedRun"),
      202: answer("The run, which did not end within `wait`", "StartedRun"),
    },
  },
  listRuns: { parameters: [...runList, limit, cursor], responses: { 200: answer("A page of runs", "Runs") } },
  bulkRuns: { request: "BulkRuns", responses: { 200: answer("How many", "BulkResult") } },
  getRun: { parameters: [wait], responses: oneRun },
  deleteRun: { responses: { 204: answer("It is gone") } },
  listSteps: { parameters: [limit, cursor], responses: { 200: answer("A page of steps", "Steps") } },
  listLogs: {
    parameters: [limit, query("after", "`next` of the page before")],
    responses: { 200: answer("A page of lines", "Logs") },
  },
  watchRun: {
    parameters: [
      header("Last-Event-ID", "Number of the last event seen"),
      query("after", "The same, for first requests"),
    ],
    responses: { 200: { description: "Events run, step, log, progress and end", type: "text/event-stream" } },
  },
  cancelRun: { request: "CancelRun", responses: oneRun },
  pauseRun: { request: "Nothing", responses: oneRun },
  resumeRun: { request: "Nothing", responses: oneRun },
  retryRun: { request: "RetryRun", responses: oneRun },
  forkRun: { request: "ForkRun", responses: { 201: answer("The new run", "Run") } },
  sendEvent: {
    request: "SendEvent",
    responses: {
      200: answer("An event with this id was there already", "SentEvent"),
      201: answer("Stored", "SentEvent"),
    },
  },
  listApprovals: {
    parameters: [query("run", "Those of this run"), limit],
    responses: { 200: answer("Open approvals", "Approvals") },
  },
  getApproval: { responses: { 200: answer("The approval", "Approval") } },
  decideApproval: { request: "Decision", responses: { 200: answer("Decided", "Answered") } },
  completeCallback: { request: "Payload", responses: { 200: answer("Completed", "Answered") } },
  listSchedules: { responses: { 200: answer("The schedules", "Schedules") } },
  getSchedule: {
    parameters: [query("next", "How many of the coming times to show, at most 100; 5 without it")],
    responses: { 200: answer("The schedule", "ScheduleWithTimes") },
  },
  pauseSchedule: { request: "Nothing", responses: { 200: answer("The schedule", "Schedule") } },
  resumeSchedule: { request: "Nothing", responses: { 200: answer("The schedule", "Schedule") } },
  runSchedule: { request: "Nothing", responses: { 201: answer("The new run", "Run") } },
  listState: {
    parameters: [query("prefix", "Keys that begin with this"), limit, cursor],
    responses: { 200: answer("A page of values", "StateList") },
  },
  getState: { responses: { 200: answer("The value; its version is the ETag", "StateValue") } },
  setState: {
    parameters: ifVersion,
    request: "SetState",
    responses: { 200: answer("Its new version", "StateVersion") },
  },
  deleteState: { parameters: ifVersion.slice(0, 1), responses: { 204: answer("It is gone") } },
  listDeployments: { responses: { 200: answer("What is deployed", "Deployments") } },
  callHook: {
    parameters: [
      header("Idempotency-Key", "A second request with this key leads to the same run"),
      header("X-Sluice-Signature", "`sha256=<hex HMAC-SHA256 of the body>`, where the trigger has a secret"),
    ],
    request: "Payload",
    responses: { 202: answer("The run is durable", "Hooked") },
  },
  health: { responses: { 200: answer("It is up", "Health") } },
  ready: { responses: { 200: answer("It is ready", "Ready") } },
  metrics: {
    parameters: [query("format", "`prometheus` (default) or `json`")],
    responses: { 200: { description: "The figures", body: "Report", type: "text/plain" } },
  },
  openapi: { responses: { 200: { description: "OpenAPI 3.1", type: "application/json" } } },
  docs: { responses: { 200: { description: "The page", type: "text/html" } } },
  docsAsset: { responses: { 200: { description: "A part of the page", type: "text/javascript" } } },
};
