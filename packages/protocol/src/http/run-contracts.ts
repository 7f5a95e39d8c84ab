// What goes in and out of the routes of durable workflows.
import { answer, cursor, header, limit, query, wait } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { runRoutes } from "./run-routes.ts";

const runList = [
  query("workflow", "Runs of this workflow"),
  query("status", "One status or several, separated by commas"),
  query("reason", "One reason of a status or several, separated by commas"),
  query("tag", "Runs with this tag"),
  query("from", "Created at or after: milliseconds since 1970, or ISO 8601"),
  query("to", "Created before"),
  query("endedFrom", "Ended at or after"),
  query("parent", "Child runs of this run"),
  query("version", "Runs of this version of the code"),
  query(
    "attr",
    "Conditions on search attributes with commas between, such as `total>=100`; or each as a parameter: `attr.total>=100`",
  ),
  query("chain", "The run with this id, and those it went on as"),
];
const oneRun = { 200: answer("The run", "Run") };
const ifVersion = [
  header("If-Match", "Only when the value has this version"),
  header("If-None-Match", "`*`: only when there is no value"),
];

const small = query("small", "`true`: values beyond 2 kB are null, and named in `omitted`");
const stacks = query("stacks", "`true`: errors with the stack they were thrown with");

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const runContracts: Readonly<Record<keyof typeof runRoutes, Contract>> = {
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
  getRun: { parameters: [wait, small, stacks], responses: oneRun },
  deleteRun: { responses: { 204: answer("It is gone") } },
  listSteps: { parameters: [limit, cursor, small, stacks], responses: { 200: answer("A page of steps", "Steps") } },
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
  exportRun: { responses: { 200: answer("The run, as `sluice runs import` and test fixtures take it", "RunExport") } },
  importRun: { request: "RunExport", responses: { 201: answer("The run as it is kept", "Run") } },
  sendEvent: {
    request: "SendEvent",
    responses: {
      200: answer("An event with this id was there already", "SentEvent"),
      201: answer("Stored", "SentEvent"),
    },
  },
  listEvents: {
    parameters: [
      query("name", "Events of this name"),
      query("order", "`oldest` (default) or `newest` first"),
      query("after", "`next` of the page before"),
      limit,
    ],
    responses: { 200: answer("A page of events", "Events") },
  },
  listApprovals: {
    parameters: [query("run", "Those of this run"), limit, cursor],
    responses: { 200: answer("Open approvals", "Approvals") },
  },
  getApproval: { responses: { 200: answer("The approval", "Approval") } },
  decideApproval: { request: "Decision", responses: { 200: answer("Decided", "Answered") } },
  delegateApproval: { request: "Delegation", responses: { 200: answer("Handed on", "Answered") } },
  commentApproval: { request: "Comment", responses: { 201: answer("Written", "Commented") } },
  completeCallback: { request: "Payload", responses: { 200: answer("Completed", "Answered") } },
  listQueues: { responses: { 200: answer("The queues", "Queues") } },
  pauseQueue: { request: "Nothing", responses: { 200: answer("The queue", "Queue") } },
  resumeQueue: { request: "Nothing", responses: { 200: answer("The queue", "Queue") } },
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
  downloadBackup: {
    parameters: [query("ticket", "Where there is no token: a ticket for this route")],
    responses: { 200: { description: "The archive", type: "application/x-tar" } },
  },
  backup: { request: "Nothing", responses: { 200: { description: "The archive", type: "application/x-tar" } } },
  restore: { requestType: "application/x-tar", responses: { 200: answer("What was restored", "RestoredBackup") } },
  callHook: {
    parameters: [
      header("Idempotency-Key", "A second request with this key leads to the same run"),
      header("X-Sluice-Signature", "`sha256=<hex HMAC-SHA256 of the body>`, where the trigger has a secret"),
    ],
    request: "Payload",
    responses: {
      200: {
        description: "The run's result, where the webhook waits for it; what its middleware answers; or no run",
        type: "application/json",
      },
      202: answer("The run is durable", "Hooked"),
    },
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
