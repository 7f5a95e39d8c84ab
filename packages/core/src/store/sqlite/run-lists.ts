// Lists and counts of runs by filter. Identifiers are found first, from indexes, and only a page of whole rows is read.
import { gateKindsOf, kindInGate } from "../../kernel/flow.ts";
import { sees } from "../../kernel/patterns.ts";
import type { RunStatusReason } from "@sluice/protocol";
import type { RunStore, RunFilter, RunRecord } from "../../kernel/run-store.ts";
import { attributeCondition } from "./attributes.ts";
import type { Connection } from "./connection.ts";
import { decodePosition, encodePosition, type Position } from "./cursor.ts";
import { readiness, readRecordColumns, toRecord, type RecordRow } from "./run-row.ts";
import { marks } from "./statement.ts";
import { visibleWorkflows } from "./visible-workflows.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];
type Value = string | number;

interface Query {
  readonly from: "runs" | "run_tags" | "run_attributes";
  readonly where: string;
  readonly values: readonly Value[];
}

const recordSql = `SELECT ${readRecordColumns} FROM runs WHERE id = ?`;
/** Runs that are read at once by who has other things to do. */
const pageAtOnceMax = 50;

/**
 * Whether an index has a page of a list in its order, so that to find it costs no more than the page however many runs there
 * are: then it is cheaper to read it than to ask another thread for it.
 */
export function isQuick({ filter, limit, access }: Params<"listRuns">): boolean {
  const { workflow, status, reason, tag, from: _from, to: _to, endedFrom, parent, version } = filter;
  if (limit > pageAtOnceMax || reason !== undefined || endedFrom !== undefined || version !== undefined) return false;
  if (access !== undefined && (workflow === undefined || !sees(access, workflow))) return false;
  // A list of statuses is in order for one of them, and the index has all but those of completed runs.
  if (status !== undefined && (status.length !== 1 || status[0] === "completed")) return false;
  return [workflow, status, tag, parent].filter((each) => each !== undefined).length <= 1;
}

/** The newest runs first; ties are broken by id. */
export function listRuns(db: Connection, p: Params<"listRuns">): { runs: RunRecord[]; next?: string } {
  const after = p.cursor === undefined ? undefined : decodePosition(p.cursor);
  const found = find(db, p, after);
  const one = db.kept<RecordRow>(recordSql);
  const runs = found.slice(0, p.limit).flatMap(({ id }) => {
    const row = one.get(id);
    return row === null ? [] : [toRecord(row)];
  });
  const last = found[p.limit - 1];
  return found.length <= p.limit || last === undefined ? { runs } : { runs, next: encodePosition(last) };
}

export function countRuns(db: Connection, p: Params<"countRuns">): number {
  const workflows = visibleWorkflows(db, p.access, p.filter.workflow);
  if (workflows?.length === 0) return 0;
  const query = queryOf(p.filter, workflows);
  const sql = `SELECT count(*) AS n FROM ${source(query)} WHERE ${query.where}`;
  return db.rows<{ n: number }>(sql, ...query.values)[0]?.n ?? 0;
}

/** Where up to one more than a page of runs are, newest first. */
function find(db: Connection, p: Params<"listRuns">, after: Position | undefined): readonly Position[] {
  const workflows = visibleWorkflows(db, p.access, p.filter.workflow);
  if (workflows?.length === 0) return [];
  if (workflows !== undefined && isLedByTime(p.filter)) return merge(db, { ...p, after, workflows });
  const query = queryOf(p.filter, workflows);
  const { sql, values } = pageOf(query, { limit: p.limit + 1, after });
  return db.kept<Position>(sql).all(...values);
}

/** Whether a list is found by going through runs in order of time: then those of others would be in the way. */
function isLedByTime(filter: RunFilter): boolean {
  const narrow =
    filter.tag !== undefined ||
    filter.parent !== undefined ||
    filter.chain !== undefined ||
    filter.attributes !== undefined;
  return !narrow && (filter.status === undefined || filter.status.includes("completed"));
}

/**
 * The newest among the runs of several workflows, each of which has an index in order of time. What is older than the page
 * that was found so far is not looked at.
 */
function merge(
  db: Connection,
  p: Params<"listRuns"> & { readonly after: Position | undefined; readonly workflows: readonly string[] },
): readonly Position[] {
  const limit = p.limit + 1;
  let page: readonly Position[] = [];
  let end = theBeginning;
  const { sql } = pageOf(queryOf({ ...p.filter, workflow: "" }, undefined), { limit, after: p.after, end });
  const statement = db.prepare<Position>(sql);
  try {
    for (const workflow of p.workflows) {
      const query = queryOf({ ...p.filter, workflow }, undefined);
      const found = statement.all(...pageOf(query, { limit, after: p.after, end }).values);
      if (found.length === 0) continue;
      page = [...page, ...found].toSorted(newestFirst).slice(0, limit);
      if (page.length === limit) end = page.at(-1) ?? end;
    }
  } finally {
    statement.finalize();
  }
  return page;
}

/** Before every run. */
const theBeginning: Position = { createdAt: Number.MIN_SAFE_INTEGER, id: "" };

function newestFirst(a: Position, b: Position): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);
}

/** The statement for a page of a query, between two positions. */
function pageOf(
  query: Query,
  p: { readonly limit: number; readonly after?: Position | undefined; readonly end?: Position | undefined },
): { readonly sql: string; readonly values: readonly Value[] } {
  const place = `(${query.from}.created_at, runs.id)`;
  const conditions = [query.where];
  const values = [...query.values];
  if (p.after !== undefined) {
    conditions.push(`${place} < (?, ?)`);
    values.push(p.after.createdAt, p.after.id);
  }
  if (p.end !== undefined) {
    conditions.push(`${place} > (?, ?)`);
    values.push(p.end.createdAt, p.end.id);
  }
  const sql = `SELECT runs.id AS id, runs.created_at AS createdAt FROM ${source(query)} WHERE ${conditions.join(" AND ")}
    ORDER BY ${query.from}.created_at DESC, runs.id DESC LIMIT ?`;
  return { sql, values: [...values, p.limit] };
}

/** A tag's own table leads when there is a tag, and that of attributes when one has to be equal: both are in the list's order. */
function source(query: Query): string {
  return query.from === "runs" ? "runs" : `${query.from} CROSS JOIN runs ON runs.id = ${query.from}.run`;
}

/** Reasons of a run on which an operator has to act. */
const blocking: ReadonlySet<string> = new Set<RunStatusReason>([
  "non_determinism",
  "version_unavailable",
  "workflow_unknown",
  "undo_unavailable",
  "undo_failed",
  "poison",
  "replay_check_failed",
]);

/** What holds a run back is in its line, not in its row. */
function reasonCondition(reasons: readonly RunStatusReason[]): {
  readonly sql: string;
  readonly values: readonly Value[];
} {
  const plain = `runs.reason IN (${marks(reasons.length)})`;
  const kinds = gateKindsOf(reasons).map(kindInGate);
  if (kinds.length === 0) return { sql: plain, values: reasons };
  const blocked = kinds.map(() => "substr(blocked, instr(blocked, char(9)), ?) = ?").join(" OR ");
  const held = `SELECT flow_places.run FROM flow_lines CROSS JOIN flow_places USING (line)
    WHERE blocked IS NOT NULL AND (${blocked})`;
  const bound = kinds.flatMap((kind) => [kind.length, kind]);
  return {
    sql: `(${plain} OR (runs.ready = ${readiness.inLine} AND runs.id IN (${held})))`,
    values: [...reasons, ...bound],
  };
}

function queryOf(filter: RunFilter, workflows: readonly string[] | undefined): Query {
  const { attributes = [] } = filter;
  const lead = filter.tag === undefined ? attributes.find(({ operator }) => operator === "=") : undefined;
  const from = filter.tag !== undefined ? "run_tags" : lead !== undefined ? "run_attributes" : "runs";
  const conditions: string[] = ["TRUE"];
  const values: Value[] = [];
  const add = (condition: string, ...bound: readonly Value[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.tag !== undefined) add("run_tags.tag = ?", filter.tag);
  for (const each of attributes) {
    const { sql, values: bound } = attributeCondition(each);
    add(each === lead ? sql : `runs.id IN (SELECT run FROM run_attributes WHERE ${sql})`, ...bound);
  }
  if (filter.workflow !== undefined) add("runs.workflow = ?", filter.workflow);
  // A run that waits for one of these reasons is blocked: there is an index of those, however many others wait.
  const isBlocked =
    filter.status?.join() === "waiting" && filter.reason?.every((reason) => blocking.has(reason)) === true;
  if (isBlocked) add("runs.blocked = 1");
  if (filter.status !== undefined && !isBlocked) {
    add(`runs.status IN (${marks(filter.status.length)})`, ...filter.status);
    // Said again in the words of the partial index.
    if (!filter.status.includes("completed")) add("runs.status <> 'completed'");
  }
  if (filter.reason !== undefined) {
    const { sql, values: bound } = reasonCondition(filter.reason);
    add(sql, ...bound);
  }
  if (filter.from !== undefined) add(`${from}.created_at >= ?`, filter.from);
  if (filter.to !== undefined) add(`${from}.created_at < ?`, filter.to);
  if (filter.endedFrom !== undefined) add("runs.ended_at >= ?", filter.endedFrom);
  if (filter.parent !== undefined) add("runs.parent = ?", filter.parent);
  if (filter.chain !== undefined) add("(runs.chain = ? OR runs.id = ?)", filter.chain, filter.chain);
  if (filter.version !== undefined) add("runs.version = ?", filter.version);
  if (workflows !== undefined) {
    // One value however many names there are. With a plus their index, which leads to the most runs, is left out of the choice.
    const narrower = isBlocked || filter.parent !== undefined || filter.status?.includes("completed") === false;
    const among = `${narrower ? "+" : ""}runs.workflow IN (SELECT value FROM json_each(?))`;
    add(among, JSON.stringify(workflows));
  }
  return { from, where: conditions.join(" AND "), values };
}
