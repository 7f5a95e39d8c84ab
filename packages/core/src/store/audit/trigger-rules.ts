// Audit rows about triggers.
import type { TriggerStore } from "../../kernel/trigger-store.ts";
import type { AuditRules } from "./audit-rule.ts";

export const triggerRules: AuditRules<TriggerStore> = {
  putTriggers: (p) => () => ({
    at: p.now,
    action: "trigger:declare",
    target: "trigger:*",
    outcome: "done",
    after: { workflows: p.workflows, triggers: p.triggers.map(({ id }) => id) },
  }),
  setTriggerPaused: (p, sight) => {
    const was = sight.trigger(p.trigger);
    const draft = {
      at: p.now,
      action: p.paused ? "trigger:pause" : "trigger:resume",
      target: `trigger:${p.trigger}`,
      workflow: was?.workflow,
    };
    return (answer) => {
      if (answer === undefined) return { ...draft, outcome: "refused", reason: "trigger_not_found" };
      return { ...draft, outcome: "done", before: { paused: was?.paused }, after: { paused: answer.paused } };
    };
  },
};
