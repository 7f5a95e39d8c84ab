// Rows of the audit trail as lines.
import type { AuditRecord } from "../../kernel/audit-log.ts";
import { emptyFields } from "../ingest/values.ts";
import type { OwnEntry } from "./run-entries.ts";

const labels = { service: "sluice-audit" };
const levels = { done: "info", intended: "info", refused: "warn", failed: "error" } as const;
const runTarget = "run:";

/** `before` and `after` stay in the trail: they may be long, and are shown there beside one another. */
export function auditEntry(row: AuditRecord): OwnEntry {
  const { seq, at, by, action, target, workflow, outcome, reason } = row;
  const fields = emptyFields();
  const said = {
    level: levels[outcome],
    audit: seq,
    action,
    target,
    outcome,
    reason,
    workflow,
    by: `${by.kind}:${by.id}`,
    byName: by.origin?.name,
    address: by.origin?.address,
    run: target.startsWith(runTarget) ? target.slice(runTarget.length) : undefined,
  };
  for (const [name, value] of Object.entries(said)) if (value !== undefined) fields[name] = value;
  return { timeMs: at, subNs: 0, line: `${action} ${target} ${outcome}`, fields, labels };
}
