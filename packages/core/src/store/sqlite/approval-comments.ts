// What people write beside an approval, for whoever else has to decide it.
import { sees } from "../../kernel/patterns.ts";
import type { Actor, ApprovalComment, CommentOutcome, RunStore } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
import { runFlags } from "./run-row.ts";
import { lazily } from "./statement.ts";
import type { Tables } from "./tables.ts";

type Params = Parameters<RunStore["commentApproval"]>[0];

interface CommentRow {
  readonly no: number;
  readonly byKind: Actor["kind"];
  readonly byId: string;
  readonly byName: string | null;
  readonly at: number;
  readonly text: string;
  readonly workflow: string;
}

const countSql = "SELECT count(*) AS count FROM approval_comments WHERE run = ? AND grp = ?";
const insertSql = `INSERT INTO approval_comments (run, grp, no, by_kind, by_id, by_name, at, text)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const listSql = `SELECT no, by_kind AS byKind, by_id AS byId, by_name AS byName, at, text, workflow FROM approval_comments
  JOIN tokens ON tokens.run = approval_comments.run AND coalesce(tokens.grp, tokens.token) = approval_comments.grp
  WHERE tokens.token = ? AND tokens.kind = 'approval' ORDER BY no LIMIT ?`;
const deleteOfRunSql = "DELETE FROM approval_comments WHERE run = ?";

export class CommentTable {
  readonly #count;
  readonly #insert;
  readonly #deleteOfRun;

  constructor(db: Connection) {
    this.#count = lazily<{ count: number }>(db, countSql);
    this.#insert = lazily(db, insertSql);
    this.#deleteOfRun = lazily(db, deleteOfRunSql);
  }

  count(run: string, group: string): number {
    return this.#count().get(run, group)?.count ?? 0;
  }

  add(run: string, group: string, { no, by, at, text }: ApprovalComment): void {
    this.#insert().run(run, group, no, by.kind, by.id, by.origin?.name ?? null, at, text);
  }

  deleteOfRun(run: string): void {
    this.#deleteOfRun().run(run);
  }
}

export function commentApproval(t: Tables, p: Params): CommentOutcome {
  const token = t.tokens.get(p.token);
  if (token?.kind !== "approval") return { outcome: "unknown" };
  const { run } = token;
  const isOver = token.expiresAt !== null && token.expiresAt <= p.now;
  if (token.status === "expired" || (token.status === "open" && isOver)) return { outcome: "expired" };
  const group = token.group ?? token.token;
  const no = t.comments.count(run, group) + 1;
  if (no > p.limit) return { outcome: "full" };
  t.comments.add(run, group, { no, by: p.by, at: p.now, text: p.text });
  const row = t.runs.get(run);
  if (row !== undefined) t.runs.mark(row, runFlags.tokens);
  return { outcome: "ok", run, no };
}

/** Oldest first. */
export function listComments(db: Connection, p: Parameters<RunStore["listComments"]>[0]): ApprovalComment[] {
  // All are of one workflow.
  const rows = db.rows<CommentRow>(listSql, p.token, p.limit).filter(({ workflow }) => sees(p.access, workflow));
  return rows.map(({ no, byKind, byId, byName, at, text }) => ({
    no,
    by: { kind: byKind, id: byId, ...(byName === null ? {} : { origin: { name: byName } }) },
    at,
    text,
  }));
}
