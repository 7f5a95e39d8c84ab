// Routes of logs: entries in, in our own form and in those of others, queries and live tails out.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const logRoutes = {
  writeLogs: {
    methods: post,
    path: "/api/v1/logs",
    summary: "Send log entries: JSON, or one JSON object a line; answered when they are on the disk",
    tag: "logs",
    permission: "log:write",
    anyToken: true,
  },
  queryLogs: {
    methods: post,
    path: "/api/v1/logs/query",
    summary: "Search log entries, and count over them",
    tag: "logs",
    permission: "log:read",
  },
  tailLogs: {
    methods: get,
    path: "/api/v1/logs/tail",
    summary: "Log entries as they are committed, as server-sent events; resumable with Last-Event-ID",
    tag: "logs",
    permission: "log:read",
  },
  deleteLogs: {
    methods: post,
    path: "/api/v1/logs/delete",
    summary:
      "Delete the log entries that fit a filter: nobody finds them from now on, and files are rewritten without them",
    tag: "logs",
    permission: "log:delete",
  },
  connectLogs: {
    methods: get,
    path: "/api/v1/logs/ws",
    summary: "WebSocket that takes entries and answers when they are on the disk, and sends those one subscribes to",
    tag: "logs",
    permission: "signed-in",
    socket: true,
    anyToken: true,
    queryToken: true,
  },
  pushLokiLogs: {
    methods: post,
    path: "/loki/api/v1/push",
    summary: "Send log entries as Grafana Loki takes them: JSON, or protobuf packed with Snappy",
    tag: "logs",
    permission: "log:write",
    anyToken: true,
  },
} as const satisfies Record<string, RouteSpec>;
