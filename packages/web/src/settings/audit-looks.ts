// How outcomes look in the audit trail.
import type { Answer } from "../api.ts";
import type { Tone } from "../ui/badge.tsx";

type AuditRow = Answer<"searchAudit">["records"][number];

export const outcomeTones: Readonly<Record<AuditRow["outcome"], Tone>> = {
  done: "good",
  refused: "warn",
  failed: "bad",
  intended: "info",
};
