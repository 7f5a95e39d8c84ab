// What audit rules see of the tables before a change.
import type { AuditSight } from "../../audit/audit-rule.ts";
import type { Tables } from "../tables.ts";

export function sightOf(t: Omit<Tables, "sight">): AuditSight {
  return {
    run(id) {
      const run = t.runs.get(id);
      if (run === undefined) return undefined;
      const { attempt, status, version, workflow } = run;
      return { attempt, status, version, workflow };
    },
    waitToken: (token) => t.tokens.get(token),
    state: (p) => t.state.get(p.scope, p.key, p.now),
    schedule: (id) => t.schedules.get(id),
    trigger: (id) => t.triggers.get(id),
    user: (id) => t.users.get(id),
    role: (name) => t.users.getRole(name),
    session: (id) => t.sessions.get(id),
    accessToken: (id) => t.accessTokens.get(id),
  };
}
