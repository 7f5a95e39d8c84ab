// Audit rows about the keys of payloads: that they were changed or erased, never what they are.
import type { PayloadKeyStore } from "../../kernel/payload-keys.ts";
import type { AuditRules } from "./audit-rule.ts";

export const payloadKeyRules: AuditRules<PayloadKeyStore> = {
  rewrapPayloadKeys:
    ({ workflow, version, now }) =>
    ({ rewrapped }) => ({
      at: now,
      action: "key:rotate",
      target: `workflow:${workflow}`,
      workflow,
      outcome: "done",
      after: { key: version, rewrapped },
    }),
  erasePayloadKey: ({ id, now }) => {
    const draft = { at: now, action: "key:erase", target: `key:${id}` };
    return (answer) => {
      if (answer.outcome === "ok") return { ...draft, outcome: "done", after: { runs: answer.runs } };
      const reason = answer.outcome === "not_found" ? "key_not_found" : "run_not_final";
      return { ...draft, outcome: "refused", reason };
    };
  },
};
