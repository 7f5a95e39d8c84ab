// Routes about data that outlives single runs: results of steps that runs share.
import { get, remove } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const dataRoutes = {
  streamRun: {
    methods: get,
    path: "/api/v1/runs/:run/stream",
    summary: "What a run has streamed and streams, as server-sent events, until it ends",
    tag: "runs",
    permission: "run:read",
  },
  listStepCache: {
    methods: get,
    path: "/api/v1/step-cache",
    summary: "Results of steps that are kept for other runs",
    tag: "runs",
    permission: "run:read",
  },
  clearStepCache: {
    methods: remove,
    path: "/api/v1/step-cache",
    summary: "Forget kept results: those of a workflow, a step, a key",
    tag: "runs",
    permission: "step-cache:clear",
  },
} as const satisfies Record<string, RouteSpec>;
