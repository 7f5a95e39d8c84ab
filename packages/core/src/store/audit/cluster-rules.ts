// Audit rows about clusters, components, plans and operations: what was asked for, under which hash, and what became of it.
import type { ClusterStore } from "../../kernel/cluster-store.ts";
import type { RecoveryStore } from "../../kernel/recovery-store.ts";
import type { AuditRules } from "./audit-rule.ts";

/** What was asked of failovers: which rules were overridden, and why nobody else approved. */
const recoveryRules: AuditRules<RecoveryStore> = {
  putRecovery: ({ recovery, now }) => {
    const draft = { at: now, action: "recovery:write", target: `recovery:${recovery.name}` };
    return ({ recovery: { version } }) => ({ ...draft, outcome: "done", after: { file: recovery.file, version } });
  },
  createFailover: ({ failover, now }) => {
    const { recovery, kind, from, to, mode, before, overrides, hash } = failover;
    const draft = { at: now, action: "recovery:begin", target: `failover:${failover.id}` };
    return ({ outcome }) =>
      outcome === "ok"
        ? { ...draft, outcome: "done", after: { recovery, kind, from, to, mode, before, overrides, hash } }
        : { ...draft, outcome: "refused", reason: outcome };
  },
  approveFailover: ({ failover, hash, now }) => {
    const draft = { at: now, action: "recovery:approve", target: `failover:${failover}` };
    return (answer) =>
      answer.outcome === "ok"
        ? { ...draft, outcome: "done", after: { hash, overrides: answer.failover.overrides } }
        : { ...draft, outcome: "refused", reason: answer.outcome };
  },
  beginFailover: ({ failover, hash, run, breakGlass, now }) => {
    const draft = { at: now, action: "recovery:begin", target: `failover:${failover}` };
    return (answer) => {
      if (answer.outcome === "existing") return [];
      if (answer.outcome !== "ok") return { ...draft, outcome: "refused", reason: answer.outcome };
      const { overrides } = answer.failover;
      const superseded = answer.superseded === undefined ? {} : { superseded: answer.superseded.id };
      const glass = breakGlass === undefined ? {} : { breakGlass };
      return { ...draft, outcome: "done", after: { hash, run, overrides, ...glass, ...superseded } };
    };
  },
  reviewFailover: ({ failover, now }) => {
    const draft = { at: now, action: "recovery:approve", target: `failover:${failover}` };
    return ({ outcome }) =>
      outcome === "ok"
        ? { ...draft, outcome: "done", after: { reviewed: true } }
        : { ...draft, outcome: "refused", reason: outcome };
  },
};

export const clusterRules: AuditRules<ClusterStore> = {
  ...recoveryRules,
  putCluster: ({ cluster, acceptIdentity, now }) => {
    const draft = { at: now, action: "cluster:write", target: `cluster:${cluster.name}` };
    return ({ outcome }) =>
      outcome === "ok"
        ? { ...draft, outcome: "done", after: { identity: cluster.identity, acceptIdentity } }
        : { ...draft, outcome: "refused", reason: "cluster_identity_changed" };
  },
  putComponent: ({ component, now }) => {
    const draft = { at: now, action: "cluster:write", target: `component:${component.name}` };
    return ({ outcome }) =>
      outcome === "ok"
        ? { ...draft, outcome: "done", after: { cluster: component.cluster, file: component.file } }
        : { ...draft, outcome: "refused", reason: outcome };
  },
  createPlan: ({ plan, now }) => {
    const { component, cluster, kind, hash } = plan;
    const draft = { at: now, action: "cluster:plan", target: `plan:${plan.id}` };
    return () => ({ ...draft, outcome: "done", after: { component, cluster, kind, hash } });
  },
  approvePlan: ({ plan, hash, now }) => {
    const draft = { at: now, action: "cluster:approve", target: `plan:${plan}` };
    return ({ outcome }) =>
      outcome === "ok"
        ? { ...draft, outcome: "done", after: { hash } }
        : { ...draft, outcome: "refused", reason: outcome };
  },
  beginOperation: ({ plan, operation, run, hash, now }) => {
    const draft = { at: now, action: "cluster:apply", target: `plan:${plan}` };
    return (answer) => {
      if (answer.outcome === "existing") return [];
      if (answer.outcome !== "ok") return { ...draft, outcome: "refused", reason: answer.outcome };
      const superseded = answer.superseded === undefined ? {} : { superseded: answer.superseded.id };
      return { ...draft, outcome: "done", after: { operation, run, hash, ...superseded } };
    };
  },
};
