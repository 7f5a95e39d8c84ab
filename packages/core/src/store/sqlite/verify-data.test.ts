import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ada, refusal, start } from "../run-store.fixture.suite.ts";
import { SqliteConnection } from "./connection.ts";
import { migrations } from "./migrate.ts";
import { newRun, unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";
import { openSqliteStore } from "./sqlite-run-store.ts";
import { verifyData } from "./verify-data.ts";

const folders = withFolders();

async function filled(): Promise<string> {
  const folder = folders.next();
  const store = await openSqliteStore({ file: join(folder, "state.db"), onFatal: unexpected });
  await store.createRun({ by: ada, run: newRun("r1"), now: start });
  await store.close();
  return folder;
}

test("a whole folder is sound", async () => {
  expect(await verifyData({ folder: await filled() })).toEqual({ sound: true, findings: [], runs: 1, blobs: 0 });
});

test("damage inside is found, and what cannot be opened is refused", async () => {
  const folder = await filled();
  const file = join(folder, "state.db");
  const db = new SqliteConnection(file, "create");
  const page = db.rows<{ rootpage: number }>("SELECT rootpage FROM sqlite_schema WHERE name = 'runs_by_workflow'");
  db.run(`PRAGMA user_version = ${migrations.length + 1}`);
  db.close();
  expect(await refusal(verifyData({ folder }))).toBe("data_folder_newer");
  const old = new SqliteConnection(file, "write");
  old.run(`PRAGMA user_version = ${migrations.length}`);
  old.close();
  const bytes = readFileSync(file);
  const at = ((page[0]?.rootpage ?? 0) - 1) * 4_096;
  writeFileSync(file, Buffer.from(bytes).fill(0xff, at, at + 100));
  expect((await verifyData({ folder })).findings.map(({ kind }) => kind)).toContain("damaged");
  writeFileSync(file, "");
  expect((await verifyData({ folder })).findings.map(({ kind }) => kind)).toEqual(["missing"]);
  writeFileSync(file, "no database".repeat(100));
  expect(await refusal(verifyData({ folder }))).toBe("data_folder_corrupt");
});
