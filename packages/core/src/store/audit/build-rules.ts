// Audit rows about builds and workers.
import type { BuildStore } from "../../kernel/build-store.ts";
import type { AuditRules } from "./audit-rule.ts";

export const buildRules: AuditRules<BuildStore> = {
  createBuild: ({ build }) => {
    const draft = { at: build.createdAt, action: "build:start", target: `build:${build.id}` };
    return ({ outcome }) => {
      if (outcome === "full") return { ...draft, outcome: "refused", reason: "builds_full" };
      return { ...draft, outcome: "done", after: { target: build.target, on: build.on } };
    };
  },
  cancelBuild: ({ build, now }) => {
    const draft = { at: now, action: "build:cancel", target: `build:${build}` };
    return ({ outcome }) => {
      if (outcome === "ok") return { ...draft, outcome: "done" };
      return { ...draft, outcome: "refused", reason: outcome === "final" ? "build_is_final" : "build_not_found" };
    };
  },
  bindWorker: ({ worker, token, now }) => {
    const draft = { at: now, action: "worker:connect", target: `worker:${worker}` };
    return ({ outcome }) => {
      // It comes back: nothing has changed.
      if (outcome === "bound") return [];
      if (outcome === "ok") return { ...draft, outcome: "done", after: { token } };
      return { ...draft, outcome: "refused", reason: outcome };
    };
  },
  drainWorker: ({ worker, draining, now }) => {
    const draft = { at: now, action: "worker:control", target: `worker:${worker}` };
    return ({ outcome }) =>
      outcome === "ok"
        ? { ...draft, outcome: "done", after: { draining } }
        : { ...draft, outcome: "refused", reason: "worker_not_found" };
  },
  removeWorker: ({ worker, now }) => {
    const draft = { at: now, action: "worker:control", target: `worker:${worker}` };
    return ({ outcome }) =>
      outcome === "ok"
        ? { ...draft, outcome: "done", after: { removed: true } }
        : { ...draft, outcome: "refused", reason: "worker_not_found" };
  },
};
