// All rows from one database of the store to another, of whichever kind: in pages by primary key, so that a copy that was broken
// off goes on behind the last row that is there, and counted and hashed on both sides at the end.
import { createHash } from "node:crypto";
import type { SQLQueryBindings } from "bun:sqlite";
import type { Connection } from "../sqlite/connection.ts";

/** A table as its schema on SQLite has it. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
}

/** What a table holds: how many rows, and a hash of all of them in the order of their keys. */
export interface TableContent {
  readonly rows: number;
  readonly sha256: string;
}

type Row = Readonly<Record<string, SQLQueryBindings>>;

/** Rows that are read at once. */
const pageRows = 500;

/** The tables of a database on SQLite; a table without a key of its own has few rows, and all its columns for one. */
export function tablesOf(db: Connection): readonly CopiedTable[] {
  const names = db.rows<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  return names.map(({ name }) => {
    const columns = db.rows<{ name: string; pk: number }>(`PRAGMA table_info("${name}")`);
    const keyed = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
    const key = keyed.length > 0 ? keyed : columns;
    return { name, columns: columns.map((column) => column.name), key: key.map((column) => column.name) };
  });
}

function* pagesOf(db: Connection, table: CopiedTable, from?: readonly SQLQueryBindings[]): Generator<readonly Row[]> {
  const list = table.columns.join(", ");
  const key = table.key.join(", ");
  const all = `SELECT ${list} FROM ${table.name} ORDER BY ${key} LIMIT ${pageRows}`;
  const rest = `SELECT ${list} FROM ${table.name} WHERE (${key}) > (${table.key.map(() => "?").join(", ")})
    ORDER BY ${key} LIMIT ${pageRows}`;
  let after = from;
  for (;;) {
    const rows = after === undefined ? db.kept<Row>(all).all() : db.kept<Row>(rest).all(...after);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = keyOf(table, last);
  }
}

function keyOf(table: CopiedTable, row: Row): SQLQueryBindings[] {
  return table.key.map((column) => row[column] ?? null);
}

/** Rows that every database of the store is made with: those of the source take their place. */
const madeWith: ReadonlySet<string> = new Set(["meta", "audit_start", "state_floor"]);

/** Copies what the target has not yet. `copied` hears of each page when it has been committed. */
export function copyTable(
  from: Connection,
  to: Connection,
  p: { readonly table: CopiedTable; readonly copied?: ((rows: number) => void) | undefined },
): void {
  const { table } = p;
  const insert = to.kept(
    `INSERT INTO ${table.name} (${table.columns.join(", ")}) VALUES (${table.columns.map(() => "?").join(", ")})`,
  );
  if (madeWith.has(table.name)) to.run(`DELETE FROM ${table.name}`);
  const order = table.key.map((column) => `${column} DESC`).join(", ");
  const [last] = to.rows<Row>(`SELECT ${table.key.join(", ")} FROM ${table.name} ORDER BY ${order} LIMIT 1`);
  for (const rows of pagesOf(from, table, last === undefined ? undefined : keyOf(table, last))) {
    to.run("BEGIN IMMEDIATE");
    for (const row of rows) insert.run(...table.columns.map((column) => row[column] ?? null));
    to.run("COMMIT");
    p.copied?.(rows.length);
  }
}

/** Reads a whole table. */
export function contentOf(db: Connection, table: CopiedTable): TableContent {
  const hash = createHash("sha256");
  let count = 0;
  for (const rows of pagesOf(db, table)) {
    for (const row of rows) {
      for (const column of table.columns) hashValue(hash, row[column] ?? null);
      count++;
    }
  }
  return { rows: count, sha256: hash.digest("hex") };
}

/** The kind of a value, its length where it has one, and the value: no two rows have the same bytes. */
function hashValue(hash: ReturnType<typeof createHash>, value: SQLQueryBindings): void {
  if (value === null) hash.update("0");
  else if (value instanceof Uint8Array) hash.update(`b${value.length}:`).update(value);
  else if (typeof value === "string") hash.update(`t${Buffer.byteLength(value)}:`).update(value);
  else if (typeof value === "number") hash.update(`n${value}:`);
  else throw new Error("a row has a value of a kind that no table has");
}

const lastEventSql = {
  sqlite: "SELECT seq AS last FROM sqlite_sequence WHERE name = 'events'",
  postgres: "SELECT last FROM event_numbers",
};

/** The next event gets a number behind all there ever were, those that have been deleted included. */
export function settleNumbers(from: Connection, to: Connection): void {
  const last = from.rows<{ last: number }>(lastEventSql[from.dialect])[0]?.last ?? 0;
  if (to.dialect === "postgres") {
    to.run("UPDATE event_numbers SET last = ?", [last]);
    return;
  }
  to.run("DELETE FROM sqlite_sequence WHERE name = 'events'");
  to.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)", [last]);
}
