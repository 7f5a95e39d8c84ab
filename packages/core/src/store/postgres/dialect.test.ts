// Statements of the tables in PostgreSQL's words.
import { describe, expect, test } from "bun:test";
import { migrations } from "../sqlite/migrate.ts";
import { primaryKeysOf, translate, translateSchema } from "./dialect.ts";

const keys = primaryKeysOf(migrations);
const text = (sql: string): string => translate(sql, keys).text;

describe("a statement", () => {
  test.each([
    ["SELECT id FROM runs WHERE a = ? AND b = ?", "SELECT id FROM runs WHERE a = $1 AND b = $2"],
    ["SELECT '?' AS \"?\" FROM runs WHERE a = ?", "SELECT '?' AS \"?\" FROM runs WHERE a = $1"],
    ["SELECT created_at AS createdAt FROM runs", 'SELECT created_at AS "createdAt" FROM runs'],
    ["SELECT user FROM sessions", 'SELECT "user" FROM sessions'],
    ["SELECT CASE WHEN a THEN 1 END AS x", "SELECT CASE WHEN a THEN 1 END AS x"],
    ["SELECT key FROM runs INDEXED BY runs_by_key", "SELECT key FROM runs"],
    ["SELECT a FROM x CROSS JOIN y USING (b)", "SELECT a FROM x JOIN y USING (b)"],
    ["SELECT a FROM x CROSS JOIN y AS z ON z.b = x.b", "SELECT a FROM x JOIN y AS z ON z.b = x.b"],
    ["SELECT a FROM runs WHERE +runs.workflow = ?", "SELECT a FROM runs WHERE runs.workflow = $1"],
    ["SELECT a FROM x WHERE id IS NOT ?", "SELECT a FROM x WHERE id IS DISTINCT FROM $1"],
    ["SELECT a FROM x WHERE id IS ?", "SELECT a FROM x WHERE id IS NOT DISTINCT FROM $1"],
    ["SELECT a FROM x WHERE b IN ()", "SELECT a FROM x WHERE b IN (NULL)"],
    ["SELECT sum(length(a)) AS n FROM x", "SELECT sum(length(a))::bigint AS n FROM x"],
    ["UPDATE x SET a = max(a, ?)", "UPDATE x SET a = greatest(a, $1)"],
    ["SELECT max(a) FROM x", "SELECT max(a) FROM x"],
    ["SELECT a FROM (SELECT a FROM x) WHERE a > 1", "SELECT a FROM (SELECT a FROM x) AS from_9 WHERE a > 1"],
    ["SELECT a FROM (SELECT a FROM x) AS y", "SELECT a FROM (SELECT a FROM x) AS y"],
    ["SELECT a FROM x WHERE k GLOB ? AND instr(k, char(0)) = 0", "SELECT a FROM x WHERE glob(k, $1)"],
    ["BEGIN IMMEDIATE", "BEGIN"],
  ])("%s", (sql, expected) => {
    expect(text(sql)).toBe(expected);
  });

  test("binds a numbered value as often as it is named, and others in their order", () => {
    expect(translate("SELECT ?2, ?1, ?2 WHERE a = ?3", keys)).toEqual({
      text: "SELECT $1, $2, $1 WHERE a = $3",
      order: [1, 0, 2],
    });
  });

  test("that replaces rows does so by their key; one that ignores them leaves what is there", () => {
    expect(text("INSERT OR REPLACE INTO step_flights (name, run, seq) VALUES (?, ?, ?)")).toBe(
      "INSERT INTO step_flights (name, run, seq) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET run = excluded.run, seq = excluded.seq",
    );
    expect(text("INSERT OR IGNORE INTO consumed (run, event, seq) VALUES (?, ?, ?)")).toBe(
      "INSERT INTO consumed (run, event, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    );
    expect(() => text("INSERT OR REPLACE INTO nowhere (a) VALUES (?)")).toThrow("no known primary key");
  });
});

describe("the schema", () => {
  test("has the types and keys of PostgreSQL, and nothing of SQLite's", () => {
    const statements = migrations.flatMap(translateSchema);
    expect(statements.length).toBeGreaterThan(100);
    for (const statement of statements) {
      expect(statement).not.toMatch(
        /WITHOUT ROWID|AUTOINCREMENT|\bBLOB\b|\bINTEGER\b|RAISE\(|group_concat|randomblob|zeroblob\(/,
      );
      expect(statement).not.toMatch(/\bTEXT(?! COLLATE "C")/);
    }
  });

  test("every table has a key, but the two of one row", () => {
    const made = migrations.flatMap((sql) => [...sql.matchAll(/CREATE TABLE (\w+)/g)].map(([, name = ""]) => name));
    expect(made.filter((name) => !keys.has(name))).toEqual(["audit_start"]);
    expect(keys.get("entries")).toEqual(["run", "seq"]);
    expect(keys.get("events")).toEqual(["id"]);
  });
});
