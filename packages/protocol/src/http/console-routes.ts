// Routes the console is made of: the page itself, the live stream, search, and figures over runs.
import { get } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

/** First segments of the console's pages: the server answers each of them, and whatever is below, with the console. */
export const consoleSections = [
  "workflows",
  "runs",
  "approvals",
  "events",
  "schedules",
  "state",
  "workers",
  "builds",
  "terminals",
  "clusters",
  "logs",
  "metrics",
  "settings",
  "search",
  "sign-in",
  "setup",
  "approve",
] as const;

export const consoleRoutes = {
  search: {
    methods: get,
    path: "/api/v1/search",
    summary: "Everything that fits a text, grouped by noun, as far as one may see it",
    tag: "console",
    permission: "signed-in",
  },
  live: {
    methods: get,
    path: "/api/v1/live",
    summary: "A WebSocket that tells what changes, by topic",
    tag: "console",
    permission: "signed-in",
    socket: true,
  },
  overview: {
    methods: get,
    path: "/api/v1/overview",
    summary: "What needs somebody now, and how the last day went",
    tag: "console",
    permission: "signed-in",
  },
  listWorkflowStats: {
    methods: get,
    path: "/api/v1/workflow-stats",
    summary: "Runs, failures and durations of every workflow over the last day",
    tag: "workflows",
    permission: "workflow:read",
  },
  getWorkflowStats: {
    methods: get,
    path: "/api/v1/workflows/:name/stats",
    summary: "Runs, failures and durations of one workflow, an entry an hour",
    tag: "workflows",
    permission: "workflow:read",
  },
  getWorkflowGraph: {
    methods: get,
    path: "/api/v1/workflows/:name/graph",
    summary: "The steps of a workflow as a graph, inferred from recent journals",
    tag: "workflows",
    permission: "workflow:read",
  },
  getRunValue: {
    methods: get,
    path: "/api/v1/runs/:run/values/:part",
    summary: "One value whole, as a download: `input`, `output`, or the number of a step",
    tag: "runs",
    permission: "run:read",
  },
  listWaits: {
    methods: get,
    path: "/api/v1/waits",
    summary: "Runs that wait for an event",
    tag: "events",
    permission: "event:read",
  },
  listScheduleTimes: {
    methods: get,
    path: "/api/v1/schedule-times",
    summary: "When schedules fired and will fire, between two times",
    tag: "schedules",
    permission: "schedule:read",
  },
  getSettings: {
    methods: get,
    path: "/api/v1/settings",
    summary: "The settings of this server with where each comes from; never secrets",
    tag: "server",
    permission: "settings:read",
  },
  console: { methods: get, path: "/", summary: "The console", tag: "console", permission: "open" },
  consoleAsset: {
    methods: get,
    path: "/assets/:asset",
    summary: "What the console is made of",
    tag: "console",
    permission: "open",
  },
  consolePage: {
    methods: get,
    path: "/*",
    summary: "The console at any of its pages, where the first segment is one of its sections",
    tag: "console",
    permission: "open",
  },
} as const satisfies Record<string, RouteSpec>;
