// The audit trail as others read it: rows with every member that is hashed, and the whole of it as JSON lines.
import type { AuditFilter, AuditLog, AuditOutcome, AuditRecord } from "../../kernel/audit-log.ts";

/** A row as the API and exports show it: enough to compute its hash. Times are milliseconds since 1970. */
export interface AuditView {
  readonly seq: number;
  readonly at: number;
  /** As `kind:id`; no kind has a colon in it. */
  readonly actor: string;
  readonly actorName: string | null;
  readonly action: string;
  readonly target: string;
  readonly workflow: string | null;
  readonly outcome: AuditOutcome;
  readonly reason: string | null;
  readonly address: string | null;
  readonly session: string | null;
  readonly token: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly intent: number | null;
  readonly previous: string;
  readonly hash: string;
}

/** A row as it is shown. */
export function auditView(record: AuditRecord): AuditView {
  const { by, ...row } = record;
  const { origin } = by;
  return {
    seq: row.seq,
    at: row.at,
    actor: `${by.kind}:${by.id}`,
    actorName: origin?.name ?? null,
    action: row.action,
    target: row.target,
    workflow: row.workflow ?? null,
    outcome: row.outcome,
    reason: row.reason ?? null,
    address: origin?.address ?? null,
    session: origin?.session ?? null,
    token: origin?.token ?? null,
    before: row.before ?? null,
    after: row.after ?? null,
    intent: row.intent ?? null,
    previous: row.previous,
    hash: row.hash,
  };
}

/** Rows that are read at once. */
const pageRows = 500;

/** Rows that fit a filter as JSON lines, oldest first, a page at a time; ends with the rows there were when it began. */
export async function* exportAudit(
  log: Pick<AuditLog, "auditHead" | "readAudit">,
  filter: AuditFilter,
): AsyncGenerator<string> {
  const { seq: last } = await log.auditHead();
  let after = 0;
  for (;;) {
    const page = await log.readAudit({ after, limit: pageRows, filter });
    const rows = page.filter(({ seq }) => seq <= last);
    if (rows.length > 0) yield rows.map((row) => `${JSON.stringify(auditView(row))}\n`).join("");
    after = page.at(-1)?.seq ?? last;
    if (page.length < pageRows || after >= last) return;
  }
}
