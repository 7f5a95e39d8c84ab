// Audit rows about secrets: that there is another value, never which.
import type { SecretStore } from "../../kernel/secret-store.ts";
import type { AuditRules } from "./audit-rule.ts";

export const secretRules: AuditRules<SecretStore> = {
  putSecret: ({ name, now }) => {
    const draft = { at: now, action: "secret:write", target: `secret:${name}` };
    return (answer) => {
      if (answer.outcome === "full") return { ...draft, outcome: "refused", reason: "secrets_full" };
      return { ...draft, outcome: "done", after: { version: answer.version } };
    };
  },
  deleteSecret: ({ name, now }) => {
    const draft = { at: now, action: "secret:remove", target: `secret:${name}` };
    return ({ outcome }) =>
      outcome === "ok" ? { ...draft, outcome: "done" } : { ...draft, outcome: "refused", reason: "secret_not_found" };
  },
  resealSecrets:
    ({ key, now }) =>
    ({ resealed }) => ({
      at: now,
      action: "secret:rotate",
      target: "secret:*",
      outcome: "done",
      after: { key, resealed },
    }),
};
