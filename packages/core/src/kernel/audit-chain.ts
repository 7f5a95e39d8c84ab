// How rows of the audit trail are bound to each other: the form of a row that is hashed, and the hash.
import type { AuditNote, AuditRecord } from "./audit-log.ts";
import type { Actor, Origin } from "./run-records.ts";

/** What the first row of a chain follows. */
export const chainStart: string = "0".repeat(64);

/** Number of the canonical form below. */
const formatVersion = 1;

/**
 * The form of a row that is hashed: a JSON array without white space, its items in this order, `null` for what is absent.
 *
 * `[1, seq, at, actor kind, actor id, actor name, address, session, token, action, target, workflow, outcome, reason,
 * before, after, intent]`
 *
 * The first item is the number of this format. Numbers are decimal integers. Strings are written as ECMA-262's JSON.stringify
 * does: `"`, `\` and the control characters below U+0020 escaped (`\b \t \n \f \r`, else `\u00xx` in lower case), all others
 * as they are, in UTF-8. `before` and `after` are strings that hold JSON, not JSON within JSON.
 */
export function canonicalAudit(row: AuditNote & { readonly seq: number }): string {
  const { by } = row;
  return JSON.stringify([
    formatVersion,
    row.seq,
    row.at,
    by.kind,
    by.id,
    by.origin?.name ?? null,
    by.origin?.address ?? null,
    by.origin?.session ?? null,
    by.origin?.token ?? null,
    row.action,
    row.target,
    row.workflow ?? null,
    row.outcome,
    row.reason ?? null,
    row.before ?? null,
    row.after ?? null,
    row.intent ?? null,
  ]);
}

/** SHA-256 over the previous row's hash (64 characters of lower case hex) followed by the row's canonical form, as lower case hex. */
export function auditHash(row: AuditNote & { readonly seq: number; readonly previous: string }): string {
  // On first use: a store that has nothing to write down holds no cryptography.
  return process
    .getBuiltinModule("node:crypto")
    .createHash("sha256")
    .update(row.previous + canonicalAudit(row))
    .digest("hex");
}

/** The row that comes after a head, as every store keeps and answers it: well-formed text, whole numbers, nothing undefined. */
export function nextAudit(note: AuditNote, head: { readonly seq: number; readonly hash: string }): AuditRecord {
  const row = {
    seq: head.seq + 1,
    at: Math.trunc(note.at),
    by: plainActor(note.by),
    action: note.action.toWellFormed(),
    target: note.target.toWellFormed(),
    outcome: note.outcome,
    ...withText("workflow", note.workflow),
    ...withText("reason", note.reason),
    ...withText("before", note.before),
    ...withText("after", note.after),
    ...(note.intent === undefined ? {} : { intent: note.intent }),
    previous: head.hash,
  };
  return { ...row, hash: auditHash(row) };
}

function plainActor({ kind, id, origin }: Actor): Actor {
  const from: Origin = {
    ...withText("name", origin?.name),
    ...withText("address", origin?.address),
    ...withText("session", origin?.session),
    ...withText("token", origin?.token),
  };
  const actor = { kind, id: id.toWellFormed() };
  return Object.keys(from).length === 0 ? actor : { ...actor, origin: from };
}

function withText<Key extends string>(key: Key, text: string | undefined): { readonly [K in Key]?: string } {
  return text === undefined ? {} : ({ [key]: text.toWellFormed() } as { readonly [K in Key]?: string });
}
