// What audit rules see of the tables in memory before a change; copies, since rows change in place.
import type { AuditSight } from "../../audit/audit-rule.ts";
import type { Tables } from "../tables.ts";

export function sightOf({ accounts, runs, schedules, state, tokens, triggers }: Tables): AuditSight {
  return {
    run(id) {
      const record = runs.get(id)?.record;
      if (record === undefined) return undefined;
      const { attempt, status, version, workflow } = record;
      return { attempt, status, version, workflow };
    },
    waitToken(token) {
      const record = tokens.get(token)?.record;
      return record === undefined ? undefined : { run: record.run, workflow: record.workflow, name: record.name };
    },
    state(p) {
      const row = state.get(p.scope, p.key, p.now);
      return row === undefined ? undefined : { value: row.value, version: row.version };
    },
    schedule: (id) => schedules.get(id),
    trigger: (id) => triggers.get(id),
    user: (id) => accounts.users.get(id),
    role: (name) => accounts.roles.get(name),
    session: (id) => accounts.sessions.get(id),
    accessToken: (id) => accounts.tokens.get(id),
  };
}
