// Routes of versions of the code side by side: which runs each still has, and moving them to the current one.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const versionRoutes = {
  listVersions: {
    methods: get,
    path: "/api/v1/versions",
    summary: "The versions of the code, with their unfinished runs by workflow and status",
    tag: "versions",
    permission: "deployment:read",
  },
  drainVersion: {
    methods: post,
    path: "/api/v1/versions/:version/drain",
    summary: "Move what can be moved of a version's unfinished runs to the current code",
    tag: "versions",
    permission: "run:move",
  },
  moveRun: {
    methods: post,
    path: "/api/v1/runs/:run/move",
    summary: "Move an unfinished run to the current code, which must follow its journal",
    tag: "versions",
    permission: "run:move",
  },
} as const satisfies Record<string, RouteSpec>;
