// Audit rows about failover plans and failovers: what was asked for, which rules were overridden, and why nobody else approved.
import type { RecoveryStore } from "../../kernel/recovery-store.ts";
import type { AuditRules } from "./audit-rule.ts";

export const recoveryRules: AuditRules<RecoveryStore> = {
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
