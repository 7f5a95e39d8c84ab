// The route table: every URL the server answers, in one place. Without zod, so that it costs nothing to load.

export type RouteMethod = "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
export type RouteTag = "workflows" | "runs" | "events" | "approvals" | "schedules" | "state" | "webhooks" | "server";

/** One URL. A path is made of literal segments, `:name` for one segment, and `*` at its end for the rest. */
export interface RouteSpec {
  readonly methods: readonly RouteMethod[];
  readonly path: string;
  readonly summary: string;
  readonly tag: RouteTag;
  /** `open` routes need no token: they are harmless, or the URL itself is the permission. */
  readonly auth: "token" | "open";
}

const get = ["GET"] as const;
const post = ["POST"] as const;
const put = ["PUT"] as const;
const remove = ["DELETE"] as const;

export const routes = {
  listWorkflows: {
    methods: get,
    path: "/api/v1/workflows",
    summary: "The deployed workflows",
    tag: "workflows",
    auth: "token",
  },
  getWorkflow: {
    methods: get,
    path: "/api/v1/workflows/:name",
    summary: "One workflow with its triggers and the JSON Schema of its input",
    tag: "workflows",
    auth: "token",
  },
  startRun: {
    methods: post,
    path: "/api/v1/workflows/:name/runs",
    summary: "Start a run; it is durable when this answers",
    tag: "runs",
    auth: "token",
  },
  listRuns: { methods: get, path: "/api/v1/runs", summary: "Runs, newest first", tag: "runs", auth: "token" },
  bulkRuns: {
    methods: post,
    path: "/api/v1/runs/bulk",
    summary: "Do one thing to every run a filter matches",
    tag: "runs",
    auth: "token",
  },
  getRun: {
    methods: get,
    path: "/api/v1/runs/:run",
    summary: "One run; with `wait` as soon as it has ended",
    tag: "runs",
    auth: "token",
  },
  deleteRun: { methods: remove, path: "/api/v1/runs/:run", summary: "Delete an ended run", tag: "runs", auth: "token" },
  listSteps: {
    methods: get,
    path: "/api/v1/runs/:run/steps",
    summary: "The journal of a run: what has settled in that order, then what is open",
    tag: "runs",
    auth: "token",
  },
  listLogs: {
    methods: get,
    path: "/api/v1/runs/:run/logs",
    summary: "What the run logged",
    tag: "runs",
    auth: "token",
  },
  watchRun: {
    methods: get,
    path: "/api/v1/runs/:run/events",
    summary: "What happened to a run and what happens, as server-sent events, until it ends",
    tag: "runs",
    auth: "token",
  },
  cancelRun: {
    methods: post,
    path: "/api/v1/runs/:run/cancel",
    summary: "End a run early; its undos run first",
    tag: "runs",
    auth: "token",
  },
  pauseRun: {
    methods: post,
    path: "/api/v1/runs/:run/pause",
    summary: "Begin nothing new in a run until it is resumed",
    tag: "runs",
    auth: "token",
  },
  resumeRun: {
    methods: post,
    path: "/api/v1/runs/:run/resume",
    summary: "Let a paused or parked run go on",
    tag: "runs",
    auth: "token",
  },
  retryRun: {
    methods: post,
    path: "/api/v1/runs/:run/retry",
    summary: "Run an ended run again from the step that failed",
    tag: "runs",
    auth: "token",
  },
  forkRun: {
    methods: post,
    path: "/api/v1/runs/:run/fork",
    summary: "Start a new run with the journal of this one up to a step",
    tag: "runs",
    auth: "token",
  },
  sendEvent: {
    methods: post,
    path: "/api/v1/events",
    summary: "Publish an event; it is stored when this answers",
    tag: "events",
    auth: "token",
  },
  listEvents: {
    methods: get,
    path: "/api/v1/events",
    summary: "Stored events, oldest first",
    tag: "events",
    auth: "token",
  },
  listApprovals: {
    methods: get,
    path: "/api/v1/approvals",
    summary: "Approvals that wait for a decision",
    tag: "approvals",
    auth: "token",
  },
  getApproval: {
    methods: get,
    path: "/api/v1/approvals/:token",
    summary: "What there is to decide",
    tag: "approvals",
    auth: "open",
  },
  decideApproval: {
    methods: post,
    path: "/api/v1/approvals/:token",
    summary: "Approve or deny, once",
    tag: "approvals",
    auth: "open",
  },
  completeCallback: {
    methods: post,
    path: "/api/v1/callbacks/:token",
    summary: "Complete a token made by `ctx.token()`, once; the body is the payload",
    tag: "events",
    auth: "open",
  },
  listSchedules: {
    methods: get,
    path: "/api/v1/schedules",
    summary: "The schedules of the deployed workflows",
    tag: "schedules",
    auth: "token",
  },
  getSchedule: {
    methods: get,
    path: "/api/v1/schedules/:schedule",
    summary: "One schedule and its next times",
    tag: "schedules",
    auth: "token",
  },
  pauseSchedule: {
    methods: post,
    path: "/api/v1/schedules/:schedule/pause",
    summary: "Start no runs until it is resumed",
    tag: "schedules",
    auth: "token",
  },
  resumeSchedule: {
    methods: post,
    path: "/api/v1/schedules/:schedule/resume",
    summary: "Go on from now; times missed while paused are not caught up",
    tag: "schedules",
    auth: "token",
  },
  runSchedule: {
    methods: post,
    path: "/api/v1/schedules/:schedule/run",
    summary: "Start one run of the schedule now",
    tag: "schedules",
    auth: "token",
  },
  listState: {
    methods: get,
    path: "/api/v1/state/:scope",
    summary: "The keys of a scope: `global`, `workflow:NAME` or `run:ID`",
    tag: "state",
    auth: "token",
  },
  getState: { methods: get, path: "/api/v1/state/:scope/:key", summary: "One value", tag: "state", auth: "token" },
  setState: { methods: put, path: "/api/v1/state/:scope/:key", summary: "Set a value", tag: "state", auth: "token" },
  deleteState: {
    methods: remove,
    path: "/api/v1/state/:scope/:key",
    summary: "Delete a value",
    tag: "state",
    auth: "token",
  },
  listDeployments: {
    methods: get,
    path: "/api/v1/deployments",
    summary: "Versions of the code, which one is current, and the workers",
    tag: "workflows",
    auth: "token",
  },
  backup: {
    methods: post,
    path: "/api/v1/backup",
    summary: "A consistent backup of everything but the keys, as a tar archive, made while work goes on",
    tag: "server",
    auth: "token",
  },
  restore: {
    methods: post,
    path: "/api/v1/restore",
    summary:
      "Replace everything but the keys by what a backup holds, after it was found whole; the body is the archive",
    tag: "server",
    auth: "token",
  },
  callHook: {
    methods: ["POST", "PUT", "PATCH", "GET", "DELETE"],
    path: "/hooks/*",
    summary: "Start the workflow whose webhook trigger has this path; the body is the input",
    tag: "webhooks",
    auth: "open",
  },
  health: { methods: get, path: "/health", summary: "The process is up", tag: "server", auth: "open" },
  ready: { methods: get, path: "/ready", summary: "Runs can be started", tag: "server", auth: "open" },
  metrics: {
    methods: get,
    path: "/metrics",
    summary: "Prometheus text; a report with percentiles as `format=json`",
    tag: "server",
    auth: "token",
  },
  openapi: { methods: get, path: "/api/openapi.json", summary: "This document", tag: "server", auth: "open" },
  docs: { methods: get, path: "/api/docs", summary: "A page to try the API", tag: "server", auth: "open" },
  docsAsset: {
    methods: get,
    path: "/api/docs/:asset",
    summary: "What the page to try the API is made of",
    tag: "server",
    auth: "open",
  },
} as const satisfies Record<string, RouteSpec>;

export type RouteName = keyof typeof routes;

/** Media type of bodies whose values travel as they are, in the value format instead of JSON. */
export const valueMediaType = "application/vnd.sluice.value+msgpack";

/** Header with the HMAC-SHA256 of a webhook's body, as `sha256=<hex>`. */
export const signatureHeader = "x-sluice-signature";
