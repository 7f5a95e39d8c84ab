// What each verb of the audit port that changes something does to the tables.
import type { AuditLog } from "../../../kernel/audit-log.ts";
import type { Tables } from "../tables.ts";

export type AuditWriteVerb = "recordAudit" | "trimAudit";

type Params<Verb extends AuditWriteVerb> = Parameters<AuditLog[Verb]>[0];
type Answer<Verb extends AuditWriteVerb> = Awaited<ReturnType<AuditLog[Verb]>>;

export const auditVerbs: { readonly [Verb in AuditWriteVerb]: (t: Tables, p: Params<Verb>) => Answer<Verb> } = {
  recordAudit: ({ audit }, { note }) => ({ seq: audit.add(note) }),
  trimAudit: ({ audit }, { limit, upTo }) => ({ trimmed: audit.trim(upTo, limit) }),
};
