import { expect, test } from "bun:test";
import { SqliteConnection } from "./connection.ts";
import { start } from "../run-store.fixture.suite.ts";
import { migrate } from "./migrate.ts";
import { newRun } from "./sqlite-store.fixture.suite.ts";
import { openTables } from "./tables.ts";

test("two sets of tables on one database have memories of their own", () => {
  const db = new SqliteConnection(":memory:", "create");
  migrate(db);
  const [one, other] = [openTables(db), openTables(db)];
  const by = { kind: "user", id: "ada" } as const;
  const at = { status: "queued", reason: null, ready: 1, owner: null, flags: 0, by, now: start } as const;
  const run = one.runs.insert(newRun("r1"), at);
  run.crashes = 2;
  expect(other.runs.get("r1")?.crashes).toBe(0);
  one.runs.save(run);
  one.runs.endVerb();
  other.runs.reset();
  expect(other.runs.get("r1")?.crashes).toBe(2);
});
