// Routes of recoveries: two sites, whether one could take the other's place, and the failovers in which it does.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const recoveryRoutes = {
  listRecoveries: {
    methods: get,
    path: "/api/v1/recoveries",
    summary: "The failover plans, with their readiness and what was measured last",
    tag: "clusters",
    permission: "recovery:read",
  },
  addRecovery: {
    methods: post,
    path: "/api/v1/recoveries",
    summary: "Add a failover plan by its file, or read the file anew",
    tag: "clusters",
    permission: "recovery:write",
  },
  getRecovery: {
    methods: get,
    path: "/api/v1/recoveries/:name",
    summary: "One failover plan",
    tag: "clusters",
    permission: "recovery:read",
  },
  checkRecovery: {
    methods: post,
    path: "/api/v1/recoveries/:name/check",
    summary: "Whether a failover could be done now, and what is in its way",
    tag: "clusters",
    permission: "recovery:begin",
  },
  listFailovers: {
    methods: get,
    path: "/api/v1/recoveries/:name/failovers",
    summary: "Failovers and drills, newest first",
    tag: "clusters",
    permission: "recovery:read",
  },
  createFailover: {
    methods: post,
    path: "/api/v1/recoveries/:name/failovers",
    summary: "Plan a failover, a failback or a drill; nothing is touched",
    tag: "clusters",
    permission: "recovery:begin",
  },
  getFailover: {
    methods: get,
    path: "/api/v1/failovers/:id",
    summary: "One failover",
    tag: "clusters",
    permission: "recovery:read",
  },
  approveFailover: {
    methods: post,
    path: "/api/v1/failovers/:id/approve",
    summary: "Approve a failover by its hash",
    tag: "clusters",
    permission: "recovery:approve",
  },
  beginFailover: {
    methods: post,
    path: "/api/v1/failovers/:id/begin",
    summary: "Begin an approved failover, as a run",
    tag: "clusters",
    permission: "recovery:begin",
  },
  reviewFailover: {
    methods: post,
    path: "/api/v1/failovers/:id/review",
    summary: "Say that one has looked at a failover that nobody else approved",
    tag: "clusters",
    permission: "recovery:approve",
  },
  listFileSchemas: {
    methods: get,
    path: "/api/schemas",
    summary: "JSON Schemas of files that people write",
    tag: "clusters",
    permission: "open",
  },
  getFileSchema: {
    methods: get,
    path: "/api/schemas/:name",
    summary: "One of them",
    tag: "clusters",
    permission: "open",
  },
} as const satisfies Record<string, RouteSpec>;
