// Routes of workers on other machines, and of the builds they execute.
import { get, post, remove } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const workerRoutes = {
  connectWorker: {
    methods: get,
    path: "/worker",
    summary: "WebSocket of a worker: frames of the worker protocol; its token is in HELLO",
    tag: "workers",
    permission: "open",
    socket: true,
  },
  listWorkers: {
    methods: get,
    path: "/api/v1/workers",
    summary: "The workers: processes of this server, and those on other machines",
    tag: "workers",
    permission: "deployment:read",
  },
  drainWorker: {
    methods: post,
    path: "/api/v1/workers/:id/drain",
    summary: "Give a worker no new work; what it has it may finish",
    tag: "workers",
    permission: "worker:control",
  },
  removeWorker: {
    methods: remove,
    path: "/api/v1/workers/:id",
    summary: "Send a worker away for good: its token and credential are good for nothing",
    tag: "workers",
    permission: "worker:control",
  },
  startBuild: {
    methods: post,
    path: "/api/v1/builds",
    summary: "Have a worker execute a build",
    tag: "builds",
    permission: "build:start",
  },
  listBuilds: {
    methods: get,
    path: "/api/v1/builds",
    summary: "Builds, newest first",
    tag: "builds",
    permission: "build:read",
  },
  getBuild: {
    methods: get,
    path: "/api/v1/builds/:id",
    summary: "One build",
    tag: "builds",
    permission: "build:read",
  },
  listBuildTasks: {
    methods: get,
    path: "/api/v1/builds/:id/tasks",
    summary: "What a build consists of, and which worker has it",
    tag: "builds",
    permission: "build:read",
  },
  getBuildTaskLog: {
    methods: get,
    path: "/api/v1/builds/:id/tasks/:task/log",
    summary: "What a task of a build wrote",
    tag: "builds",
    permission: "build:read",
  },
  beginBuild: {
    methods: post,
    path: "/api/v1/workspace-builds",
    summary: "Begin a build of a workspace as a run, carried out by whoever asks, or go on with one that was cut off",
    tag: "builds",
    permission: "build:start",
  },
  watchBuild: {
    methods: get,
    path: "/api/v1/builds/:id/events",
    summary: "What happens to a build, its output included, as server-sent events; resumable with Last-Event-ID",
    tag: "builds",
    permission: "build:read",
  },
  cancelBuild: {
    methods: post,
    path: "/api/v1/builds/:id/cancel",
    summary: "End a build early",
    tag: "builds",
    permission: "build:cancel",
  },
} as const satisfies Record<string, RouteSpec>;
