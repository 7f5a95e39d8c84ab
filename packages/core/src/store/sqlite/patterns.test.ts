import { expect, test } from "bun:test";
import fc from "fast-check";
import { matchesAny } from "../../kernel/patterns.ts";
import { SqliteConnection } from "./connection.ts";
import { fitsPatterns } from "./patterns.ts";
import { plansOf } from "./sqlite-store.fixture.suite.ts";

test("SQL and the matcher of the kernel agree on every pattern and text", () => {
  const db = new SqliteConnection(":memory:", "create");
  const letters = fc.string({
    unit: fc.constantFrom("a", "b", "A", "*", "?", "[", "]", "^", "-", "%", "_", "\\", "'", "\n", "ä", "💡", "/"),
    maxLength: 7,
  });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 3 }), letters, (patterns, text) => {
      const { sql, values } = fitsPatterns("t", patterns);
      const [row] = db.rows<{ fits: number }>(`SELECT ${sql} AS fits FROM (SELECT ? AS t)`, ...values, text);
      expect(row?.fits === 1).toBe(matchesAny(patterns, text));
    }),
    { numRuns: 3_000 },
  );
  db.close();
});

test("a pattern with many stars is decided soon", () => {
  const db = new SqliteConnection(":memory:", "create");
  const { sql, values } = fitsPatterns("t", [`${"*a".repeat(100)}*b`]);
  const started = performance.now();
  expect(db.rows(`SELECT ${sql} AS fits FROM (SELECT ? AS t)`, ...values, "a".repeat(2_000))).toEqual([{ fits: 0 }]);
  expect(performance.now() - started).toBeLessThan(1_000);
  db.close();
});

test("a text that goes on after a NUL is shown by no pattern that fits its beginning", () => {
  const db = new SqliteConnection(":memory:", "create");
  db.run("CREATE TABLE texts (t TEXT)");
  db.prepare("INSERT INTO texts VALUES (?)").run("a\0b");
  const shown = (...patterns: string[]) => {
    const { sql, values } = fitsPatterns("t", patterns);
    return db.rows(`SELECT t FROM texts WHERE ${sql}`, ...values).length;
  };
  expect([shown("a"), shown("*a"), shown("a*a"), shown("a*"), shown("a\0b")]).toEqual([0, 0, 0, 1, 1]);
  db.close();
});

test("a pattern with a beginning is a range of an index", () => {
  const db = new SqliteConnection(":memory:", "create");
  db.run("CREATE TABLE names (name TEXT PRIMARY KEY) WITHOUT ROWID");
  const { sql, values } = fitsPatterns("name", ["billing/*", "order", "ship*ment"]);
  const plans = plansOf(db, () => db.rows(`SELECT name FROM names WHERE ${sql}`, ...values));
  expect(plans.join("; ")).toMatch(/^MULTI-INDEX OR; (?:(?!SCAN).)*$/);
  db.close();
});
