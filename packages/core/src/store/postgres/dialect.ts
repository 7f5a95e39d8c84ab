// The statements of the tables, written for SQLite, in PostgreSQL's words. The two differ in few and regular ways: marks of
// parameters, quoting, rows that replace others, and some functions, which `prelude` makes there under SQLite's names.

export interface Translated {
  readonly text: string;
  /** Which of the values `$1`, `$2`, … stand for. */
  readonly order: readonly number[];
}

/** Columns by table: what a row replaces. */
export type PrimaryKeys = ReadonlyMap<string, readonly string[]>;

/** Names of columns that are words of PostgreSQL's own. Keywords are written in capitals, columns never are. */
const reserved = new Set(["user", "end", "window"]);

/** PostgreSQL writes names without quotes small. */
function isQuoted(word: string): boolean {
  return reserved.has(word) || /[a-z][A-Z]/.test(word);
}

const tokenPattern = /('(?:[^']|'')*'|"(?:[^"]|"")*")|\?(\d*)|([A-Za-z_]\w*)|[\s\S]/g;

/** Throws for a row that replaces others in a table without a known key. */
export function translate(sql: string, primaryKeys: PrimaryKeys): Translated {
  const order: number[] = [];
  const places = new Map<number, number>();
  let next = 0;
  const place = (digits: string): number => {
    const index = digits === "" ? next : Number(digits) - 1;
    next = Math.max(next, index + 1);
    const known = places.get(index);
    if (known !== undefined) return known;
    order.push(index);
    places.set(index, order.length);
    return order.length;
  };
  let text = "";
  for (const [token, , mark, word] of reworded(sql, primaryKeys).matchAll(tokenPattern)) {
    if (mark !== undefined) text += `$${place(mark)}`;
    else text += word !== undefined && isQuoted(word) ? `"${word}"` : token;
  }
  return { text, order };
}

const transactions: ReadonlyMap<string, string> = new Map([
  ["BEGIN IMMEDIATE", "BEGIN"],
  ["ROLLBACK TO verb", "ROLLBACK TO SAVEPOINT verb"],
]);

/** Patterns and what they become, in this order. One level of brackets within an argument is all that is written. */
const rewordings: readonly (readonly [RegExp, string])[] = [
  [/\s+INDEXED BY \w+/g, ""],
  // Where SQLite has to be told what to begin with, PostgreSQL finds out.
  [/\bCROSS JOIN (\w+(?: AS \w+)?)(?= USING| ON)/g, "JOIN $1"],
  [/(^|[\s(])\+([a-z_]+[.\s,)])/g, "$1$2"],
  [/\bIN \(\)/g, "IN (NULL)"],
  [/([\w.]+) GLOB (\?\d*) AND instr\([\w.]+, char\(0\)\) = 0/g, "glob($1, $2)"],
  [/\bchar\((\d+)\)/g, "chr($1)"],
  [/\bIS NOT (\?\d*)/g, "IS DISTINCT FROM $1"],
  [/\bIS (\?\d*)/g, "IS NOT DISTINCT FROM $1"],
  [/\bsum\(((?:[^()]|\([^()]*\))*)\)/g, "sum($1)::bigint"],
  [/\bmax\(((?:[^(),]|\([^()]*\))+),/g, "greatest($1,"],
  [/\bmin\(((?:[^(),]|\([^()]*\))+),/g, "least($1,"],
  [/\bjson_group_array\(json_object\(((?:[^()]|\([^()]*\))*)\)\)/g, "json_agg(json_build_object($1))::text"],
  [/\bhour IN \(SELECT value FROM json_each\(/g, "hour IN (SELECT value::bigint FROM each_text("],
  [/\bjson_each\(/g, "each_text("],
  [/\bLIMIT -1 OFFSET\b/g, "OFFSET"],
  [/\b(AND|OR|WHERE) 1(?=$|\)|\s)/g, "$1 TRUE"],
];

function reworded(sql: string, primaryKeys: PrimaryKeys): string {
  let text = transactions.get(sql) ?? sql;
  for (const [pattern, becomes] of rewordings) text = text.replaceAll(pattern, becomes);
  return named(upserting(text, primaryKeys));
}

function upserting(sql: string, primaryKeys: PrimaryKeys): string {
  if (/^\s*INSERT OR IGNORE/.test(sql)) return `${sql.replace("INSERT OR IGNORE", "INSERT")} ON CONFLICT DO NOTHING`;
  const replacing = /^\s*INSERT OR REPLACE INTO (\w+)\s*\(([^)]*)\)/.exec(sql);
  if (replacing === null) return sql;
  const [, table = "", listed = ""] = replacing;
  const keys = primaryKeys.get(table);
  if (keys === undefined) throw new Error(`the table ${table} has no known primary key`);
  const columns = listed.split(",").map((column) => column.trim());
  const sets = columns.filter((column) => !keys.includes(column)).map((column) => `${column} = excluded.${column}`);
  const action = sets.length === 0 ? "NOTHING" : `UPDATE SET ${sets.join(", ")}`;
  return `${sql.replace("INSERT OR REPLACE", "INSERT")} ON CONFLICT (${keys.join(", ")}) DO ${action}`;
}

/** Before its version 16 PostgreSQL wants a name for every query that stands for a table. */
function named(sql: string): string {
  let text = sql;
  for (const found of [...sql.matchAll(/\b(?:FROM|JOIN)\s*\(/g)].toReversed()) {
    const end = closing(text, found.index + found[0].length - 1);
    const rest = text.slice(end + 1);
    if (!/^\s*(?:AS\s|[a-z_])/.test(rest)) text = `${text.slice(0, end + 1)} AS from_${found.index}${rest}`;
  }
  return text;
}

/** Where the bracket that opens at `from` is closed. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at;
  }
  return text.length;
}

/** One step of the schema, as statements. What begins with `-- SQLite only` is left out: PostgreSQL has its own, in `triggers`. */
export function translateSchema(sql: string): readonly string[] {
  const text = sql
    .replaceAll(/-- SQLite only[^\n]*\n[\s\S]*?-- both again\n/g, "")
    .replaceAll(/--[^\n]*/g, "")
    .replaceAll(/\bINTEGER PRIMARY KEY AUTOINCREMENT\b/g, "BIGINT PRIMARY KEY")
    .replaceAll(/\)\s*WITHOUT ROWID/g, ")")
    .replaceAll(/\bINTEGER\b/g, "BIGINT")
    .replaceAll(/\bREAL\b/g, "DOUBLE PRECISION")
    .replaceAll(/\bBLOB\b/g, "BYTEA")
    // Bytes are compared, as in SQLite and in every cursor.
    .replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"')
    .replaceAll(/lower\(hex\(randomblob\(16\)\)\)/g, "replace(gen_random_uuid()::text, '-', '')")
    .replaceAll(/zeroblob\((\d+)\)/g, "decode(repeat('00', $1), 'hex')")
    .replaceAll(/(^|[\s(,])(user|end|window)(?=[\s,)])/g, '$1"$2"')
    // An expression in an index stands in brackets of its own.
    .replaceAll(/\((created_at - priority \* \d+),/g, "(($1),");
  return text
    .split(";")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Columns of the primary keys that the steps declare. */
export function primaryKeysOf(steps: readonly string[]): PrimaryKeys {
  const keys = new Map<string, readonly string[]>();
  for (const sql of steps) {
    for (const [, table = "", body = ""] of sql.matchAll(/CREATE TABLE (\w+) \(([\s\S]*?)\n\)/g)) {
      const several = /PRIMARY KEY \(([^)]*)\)/.exec(body)?.[1];
      const single = /^\s*(\w+) [^,\n]*PRIMARY KEY/m.exec(body)?.[1];
      const columns = several?.split(",").map((column) => column.trim()) ?? (single === undefined ? [] : [single]);
      if (columns.length > 0) keys.set(table, columns);
    }
  }
  return keys;
}

/** Functions of SQLite's that the statements use. */
export const prelude: readonly string[] = [
  `CREATE OR REPLACE FUNCTION instr(text, text) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT strpos($1, $2)::bigint'`,
  `CREATE OR REPLACE FUNCTION substr(text, bigint, bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
    'SELECT substr($1, $2::integer, $3::integer)'`,
  `CREATE OR REPLACE FUNCTION substr(text, bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT substr($1, $2::integer)'`,
  `CREATE OR REPLACE FUNCTION iif(boolean, anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE AS
    'SELECT CASE WHEN $1 THEN $2 ELSE $3 END'`,
  `CREATE OR REPLACE FUNCTION each_text(text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE AS
    'SELECT json_array_elements_text($1::json)'`,
  // Patterns have no other sign than the star (patterns.ts); what stands in brackets there stands for itself.
  `CREATE OR REPLACE FUNCTION glob(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    'SELECT $1 LIKE replace(regexp_replace(regexp_replace($2, ''([\\\\%_])'', ''\\\\\\1'', ''g''), ''\\[(.)\\]'', ''\\1'', ''g''), ''*'', ''%'')'`,
];

/** What guards the audit trail: rows are only added, at the end, and go only when the start was moved past them. */
export const triggers: readonly string[] = [
  `CREATE OR REPLACE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
      IF NEW.seq <> 1 + coalesce((SELECT max(seq) FROM audit), (SELECT seq FROM audit_start)) THEN
        RAISE EXCEPTION 'rows of the audit trail are added at its end'; END IF;
      RETURN NEW;
    ELSIF TG_OP = 'UPDATE' THEN RAISE EXCEPTION 'rows of the audit trail do not change';
    ELSIF OLD.seq > (SELECT seq FROM audit_start) THEN
      RAISE EXCEPTION 'rows of the audit trail are let go from its start only';
    END IF;
    RETURN OLD;
  END $$`,
  "CREATE TRIGGER audit_guarded BEFORE INSERT OR UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_guard()",
];
