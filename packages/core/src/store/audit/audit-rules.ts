// From a verb that is about to be carried out to the rows about it: the one table of all rules, and its use.
import type { AuditNote } from "../../kernel/audit-log.ts";
import type { Actor } from "../../kernel/run-store.ts";
import type { AuditDraft, AuditRule, AuditSight } from "./audit-rule.ts";
import { buildRules } from "./build-rules.ts";
import { clusterRules } from "./cluster-rules.ts";
import { detailOf } from "./details.ts";
import { identityRules } from "./identity-rules.ts";
import { payloadKeyRules } from "./payload-key-rules.ts";
import { runRules } from "./run-rules.ts";
import { secretRules } from "./secret-rules.ts";
import { triggerRules } from "./trigger-rules.ts";

const rules = new Map(
  Object.entries({
    ...runRules,
    ...identityRules,
    ...secretRules,
    ...payloadKeyRules,
    ...buildRules,
    ...clusterRules,
    ...triggerRules,
  }),
) as ReadonlyMap<string, AuditRule<unknown, unknown>>;

/** Verbs whose changes are written to the audit trail when somebody from outside asks for them. */
export const auditedVerbs: readonly string[] = [...rules.keys()];

/**
 * Called before a verb is carried out. Undefined when nothing is to be written about it: it acts on nobody's behalf, or on
 * that of the product itself (an actor without origin). Otherwise what makes the rows from the verb's answer.
 */
export function beginAudit(
  verb: string,
  params: unknown,
  sight: AuditSight,
): ((answer: unknown) => readonly AuditNote[]) | undefined {
  const by = (params as { readonly by?: Actor } | undefined)?.by;
  if (by?.origin === undefined) return undefined;
  const finish = rules.get(verb)?.(params, sight);
  if (finish === undefined) return undefined;
  return (answer) => {
    const made = finish(answer);
    const drafts = Array.isArray(made) ? (made as readonly AuditDraft[]) : [made as AuditDraft];
    return drafts.map(({ before, after, ...draft }) => ({
      ...draft,
      by,
      before: detailOf(before),
      after: detailOf(after),
    }));
  };
}
