// The rows that say that the oldest part of the trail was let go of: what retention writes and the check of the chain reads.
import type { AuditHead, AuditRecord } from "../../kernel/audit-log.ts";

export const trimAction = "audit:trim";

/** What is let go of, as `after` of the row before and of the one behind. */
export function trimText(upTo: AuditHead): string {
  return JSON.stringify({ upTo: { seq: upTo.seq, hash: upTo.hash } });
}

/** The last row that was let go of; 0 for a row that names none before itself. */
export function trimmedUpTo({ seq, after, outcome }: AuditRecord): number {
  if (outcome !== "intended" && outcome !== "done") return 0;
  const named = /^\{"upTo":\{"seq":(\d{1,15}),/.exec(after ?? "")?.[1];
  return named !== undefined && Number(named) < seq ? Number(named) : 0;
}
