// Lists and counts of runs by filter. Identifiers are found first, from indexes, and only a page of whole rows is read.
import type { RunStore, RunFilter, RunRecord, AccessFilter } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
import { decodeCursor, encodeCursor, invalidCursor } from "./cursor.ts";
import { readRecordColumns, toRecord, type RecordRow } from "./run-row.ts";
import { marks } from "./statement.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];
type Value = string | number;

interface Query {
  readonly from: string;
  readonly where: string;
  readonly values: Value[];
}

/** The newest runs first; ties are broken by id. */
export function listRuns(db: Connection, p: Params<"listRuns">): { runs: RunRecord[]; next?: string } {
  const query = queryOf(p.filter, p.access);
  const after = p.cursor === undefined ? undefined : positionOf(p.cursor);
  const where = after === undefined ? query.where : `${query.where} AND (${query.from}.created_at, runs.id) < (?, ?)`;
  const values = after === undefined ? query.values : [...query.values, after.createdAt, after.id];
  const sql = `SELECT runs.id AS id, runs.created_at AS createdAt FROM ${source(query)} WHERE ${where}
    ORDER BY ${query.from}.created_at DESC, runs.id DESC LIMIT ?`;
  const found = db.rows<{ id: string; createdAt: number }>(sql, ...values, p.limit + 1);
  const one = db.prepare<RecordRow, [string]>(`SELECT ${readRecordColumns} FROM runs WHERE id = ?`);
  const runs = found.slice(0, p.limit).flatMap(({ id }) => {
    const row = one.get(id);
    return row === null ? [] : [toRecord(row)];
  });
  one.finalize();
  const last = found[p.limit - 1];
  if (found.length <= p.limit || last === undefined) return { runs };
  return { runs, next: encodeCursor(`${last.createdAt} ${last.id}`) };
}

export function countRuns(db: Connection, p: Params<"countRuns">): number {
  const query = queryOf(p.filter, p.access);
  const sql = `SELECT count(*) AS n FROM ${source(query)} WHERE ${query.where}`;
  return db.rows<{ n: number }>(sql, ...query.values)[0]?.n ?? 0;
}

/** A tag's own table leads when there is a tag: its key is in the order of the list. */
function source(query: Query): string {
  return query.from === "runs" ? "runs" : "run_tags CROSS JOIN runs ON runs.id = run_tags.run";
}

function queryOf(filter: RunFilter, access: AccessFilter | undefined): Query {
  const from = filter.tag === undefined ? "runs" : "run_tags";
  const conditions: string[] = ["1"];
  const values: Value[] = [];
  const add = (condition: string, ...bound: readonly Value[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.tag !== undefined) add("run_tags.tag = ?", filter.tag);
  if (filter.workflow !== undefined) add("runs.workflow = ?", filter.workflow);
  if (filter.status !== undefined) {
    add(`runs.status IN (${marks(filter.status.length)})`, ...filter.status);
    // Said again in the words of the partial index.
    if (!filter.status.includes("completed")) add("runs.status <> 'completed'");
  }
  if (filter.from !== undefined) add(`${from}.created_at >= ?`, filter.from);
  if (filter.to !== undefined) add(`${from}.created_at < ?`, filter.to);
  if (filter.parent !== undefined) add("runs.parent = ?", filter.parent);
  if (filter.version !== undefined) add("runs.version = ?", filter.version);
  if (access !== undefined) add(`runs.workflow IN (${marks(access.workflows.length)})`, ...access.workflows);
  return { from, where: conditions.join(" AND "), values };
}

function positionOf(cursor: string): { createdAt: number; id: string } {
  const position = /^(-?\d{1,16}) (.+)$/s.exec(decodeCursor(cursor));
  if (position?.[1] === undefined || position[2] === undefined) throw invalidCursor();
  return { createdAt: Number(position[1]), id: position[2] };
}
