// What people write beside an approval, in memory.
import { sees } from "../../kernel/patterns.ts";
import type { ApprovalComment, CommentOutcome, RunStore } from "../../kernel/run-store.ts";
import type { TokenRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

type Params = Parameters<RunStore["commentApproval"]>[0];

export function commentApproval(tables: Tables, p: Params): CommentOutcome {
  const row = tables.tokens.get(p.token);
  if (row?.record.kind !== "approval") return { outcome: "unknown" };
  const { status, expiresAt, run } = row.record;
  const isOver = expiresAt !== undefined && expiresAt <= p.now;
  if (status === "expired" || (status === "open" && isOver)) return { outcome: "expired" };
  const comments = commentsOf(row);
  const no = comments.length + 1;
  if (no > p.limit) return { outcome: "full" };
  const { kind, id, origin } = p.by;
  const by = { kind, id, ...(origin?.name === undefined ? {} : { origin: { name: origin.name } }) };
  comments.push({ no, by, at: p.now, text: p.text });
  return { outcome: "ok", run, no };
}

/** Those of its approval: tokens of one group share them. */
function commentsOf({ run, record }: TokenRow): ApprovalComment[] {
  const group = record.group ?? record.token;
  const found = run.comments.get(group) ?? [];
  run.comments.set(group, found);
  return found;
}

/** What stands beside the approval of a token, for those who may see it. */
export function listComments(
  row: TokenRow | undefined,
  p: Parameters<RunStore["listComments"]>[0],
): readonly ApprovalComment[] {
  return row?.record.kind === "approval" && sees(p.access, row.record.workflow)
    ? commentsOf(row).slice(0, p.limit)
    : [];
}
