// Reads of the audit trail: pages in order of the chain, and searches from its end.
import type { AuditFilter, AuditLog, AuditNote, AuditRecord } from "../../../kernel/audit-log.ts";
import type { Actor, Origin } from "../../../kernel/run-records.ts";
import type { Connection } from "../connection.ts";
import type { Mutable } from "../run-row.ts";
import { hexOf } from "./audit-table.ts";

type Params<Verb extends keyof AuditLog> = Parameters<AuditLog[Verb]>[0];
type Answer<Verb extends keyof AuditLog> = Awaited<ReturnType<AuditLog[Verb]>>;

interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly byKind: Actor["kind"];
  readonly byId: string;
  readonly byName: string | null;
  readonly address: string | null;
  readonly session: string | null;
  readonly token: string | null;
  readonly action: string;
  readonly target: string;
  readonly workflow: string | null;
  readonly outcome: AuditNote["outcome"];
  readonly reason: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly intent: number | null;
  readonly previous: Uint8Array;
  readonly hash: Uint8Array;
}

const columns = `seq, at, by_kind AS byKind, by_id AS byId, by_name AS byName, address, session, token, action, target,
  workflow, outcome, reason, before, after, intent, previous, hash`;
const getSql = `SELECT ${columns} FROM audit WHERE seq = ?`;
const windowSql = "SELECT min(seq) AS first, max(seq) AS last FROM audit WHERE at >= ? AND at < ?";
const searchedColumns = ["by_id", "by_name", "action", "target", "reason", "before", "after"];

/** Highest text there is, for the end of a range of texts with one beginning. */
const lastCharacter = "\u{10FFFF}";

/** In order, from the row after `after`. */
export function readAudit(db: Connection, { after, limit, filter = {} }: Params<"readAudit">): readonly AuditRecord[] {
  const fitting = conditionsOf(db, filter);
  if (fitting === undefined) return [];
  const sql = `SELECT ${columns} FROM audit WHERE seq > ?${fitting.sql} ORDER BY seq LIMIT ?`;
  return db.rows<AuditRow>(sql, after, ...fitting.values, limit).map(toAudit);
}

/** Newest first. Numbers are found first, from indexes where there is one, and only a page of whole rows is read. */
export function searchAudit(db: Connection, p: Params<"searchAudit">): Answer<"searchAudit"> {
  const query = auditQuery(db, p);
  if (query === undefined) return { records: [] };
  const found = db.rows<{ seq: number }>(query.sql, ...query.values);
  const one = db.prepare<AuditRow>(getSql);
  const records = found.slice(0, p.limit).flatMap(({ seq }) => {
    const row = one.get(seq);
    return row === null ? [] : [toAudit(row)];
  });
  one.finalize();
  const last = found[p.limit - 1];
  return found.length > p.limit && last !== undefined ? { records, next: last.seq } : { records };
}

interface Sql {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The statement that finds a page's numbers and one more; undefined when its time window is empty. */
function auditQuery(db: Connection, { filter, limit, before }: Params<"searchAudit">): Sql | undefined {
  const fitting = conditionsOf(db, filter);
  if (fitting === undefined) return undefined;
  const behind = before === undefined ? [] : [before];
  const from = before === undefined ? "TRUE" : "seq < ?";
  const sql = `SELECT seq FROM audit WHERE ${from}${fitting.sql} ORDER BY seq DESC LIMIT ?`;
  return { sql, values: [...behind, ...fitting.values, limit + 1] };
}

/** What a filter asks for, each condition after an AND; undefined when its time window is empty. */
function conditionsOf(db: Connection, filter: AuditFilter): Sql | undefined {
  let sql = "";
  const values: (string | number)[] = [];
  const add = (condition: string, ...bound: readonly (string | number)[]) => {
    sql += ` AND ${condition}`;
    values.push(...bound);
  };
  if (filter.from !== undefined || filter.to !== undefined) {
    const window = [filter.from ?? Number.MIN_SAFE_INTEGER, filter.to ?? Number.MAX_SAFE_INTEGER] as const;
    const [ends] = db.rows<{ first: number | null; last: number | null }>(windowSql, ...window);
    if (ends === undefined || ends.first === null || ends.last === null) return undefined;
    // Numbers and times grow together but for a clock that was set back: hence the window in both, and the times' index left
    // out of the choice, since it would have everything sorted.
    add("seq BETWEEN ? AND ?", ends.first, ends.last);
    add("+at >= ? AND +at < ?", ...window);
  }
  addActor(filter, add);
  for (const column of ["action", "target"] as const) {
    const wanted = filter[column];
    if (wanted === undefined) continue;
    const start = wanted.slice(0, -1);
    if (wanted.endsWith("*")) add(`${column} >= ? AND ${column} < ?`, start, start + lastCharacter);
    else add(`${column} = ?`, wanted);
  }
  if (filter.outcome !== undefined) add("outcome = ?", filter.outcome);
  if (filter.text !== undefined) {
    const text = filter.text;
    const mentions = searchedColumns.map((column) => `instr(lower(${column}), lower(?)) > 0`);
    add(`(${mentions.join(" OR ")})`, ...searchedColumns.map(() => text));
  }
  return { sql, values };
}

function addActor({ actor }: AuditFilter, add: (condition: string, ...bound: readonly string[]) => void): void {
  if (actor === undefined) return;
  const colon = actor.indexOf(":");
  if (colon === -1) add("by_kind = ?", actor);
  else add("by_kind = ? AND by_id = ?", actor.slice(0, colon), actor.slice(colon + 1));
}

function toAudit(row: AuditRow): AuditRecord {
  const record: Mutable<AuditRecord> = {
    seq: row.seq,
    at: row.at,
    by: actorOf(row),
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    previous: hexOf(row.previous),
    hash: hexOf(row.hash),
  };
  if (row.workflow !== null) record.workflow = row.workflow;
  if (row.reason !== null) record.reason = row.reason;
  if (row.before !== null) record.before = row.before;
  if (row.after !== null) record.after = row.after;
  if (row.intent !== null) record.intent = row.intent;
  return record;
}

function actorOf(row: AuditRow): Actor {
  const origin: Mutable<Origin> = {};
  if (row.byName !== null) origin.name = row.byName;
  if (row.address !== null) origin.address = row.address;
  if (row.session !== null) origin.session = row.session;
  if (row.token !== null) origin.token = row.token;
  const actor = { kind: row.byKind, id: row.byId };
  return Object.keys(origin).length === 0 ? actor : { ...actor, origin };
}
