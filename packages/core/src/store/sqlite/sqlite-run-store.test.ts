// The whole suite of the port on SQLite files.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ada, start } from "../run-store.fixture.suite.ts";
import { runStoreSuite } from "../run-store.suite.ts";
import { newRun, unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";
import { openSqliteStore } from "./sqlite-run-store.ts";

const folders = withFolders();
const opened: string[] = [];

runStoreSuite("sqlite", () => {
  const file = join(folders.next(), "state.db");
  opened.push(file);
  return openSqliteStore({ file, onFatal: unexpected });
});

test("every store of the suite was a database file, and what one wrote another reads", async () => {
  expect(opened.length).toBeGreaterThan(100);
  for (const file of opened) expect(readFileSync(file, "latin1")).toStartWith("SQLite format 3");
  const file = join(folders.next(), "state.db");
  const first = await openSqliteStore({ file, onFatal: unexpected });
  await first.createRun({ by: ada, run: newRun("r1"), now: start });
  await first.close();
  const second = await openSqliteStore({ file, onFatal: unexpected });
  expect(await second.getRun({ run: "r1" })).toMatchObject({ id: "r1", status: "queued" });
  await second.close();
});
