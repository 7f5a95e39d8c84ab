import { expect, test } from "bun:test";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineItself } from "../../kernel/inner-actor.ts";
import { ada, done, engine, finish, refusal, start } from "../run-store.fixture.suite.ts";
import { checkData } from "./check-data.ts";
import { newRun, unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";
import { openSqliteStore } from "./sqlite-run-store.ts";

const folders = withFolders();

test("a copy has everything that was committed before it, and work goes on meanwhile", async () => {
  const folder = folders.next();
  const copied = folders.next();
  const store = await openSqliteStore({ file: join(folder, "state.db"), onFatal: unexpected });
  const run = async (id: string) => {
    await store.createRun({ by: ada, run: newRun(id), claim: { owner: engine }, now: start });
    await store.append({ by: engineItself, run: id, epoch: 1, ops: [done(0, "x".repeat(500)), finish()], now: start });
  };
  await Promise.all(Array.from({ length: 300 }, (_, i) => run(`before-${i}`)));
  const path = join(copied, "state.db");
  writeFileSync(path, "an older copy");
  const copy = store.backup({ path });
  const during = Promise.all(Array.from({ length: 300 }, (_, i) => run(`during-${i}`)));
  const [{ bytes }] = await Promise.all([copy, during]);
  expect(statSync(path).size).toBe(bytes);
  expect(readdirSync(copied)).toEqual(["state.db"]);
  await store.close();

  const copyStore = await openSqliteStore({ file: path, onFatal: unexpected });
  const runs = await copyStore.countRuns({ filter: { status: ["completed"] } });
  expect(runs).toBeGreaterThanOrEqual(300);
  expect(await copyStore.getRun({ run: "before-299" })).toMatchObject({ status: "completed" });
  await copyStore.close();
  expect(await checkData({ folder: copied })).toMatchObject({ sound: true, findings: [] });
});

test("a copy that cannot be written leaves nothing behind", async () => {
  const folder = folders.next();
  const store = await openSqliteStore({ file: join(folder, "state.db"), onFatal: unexpected });
  const path = join(folder, "no", "such", "copy.db");
  expect(await refusal(store.backup({ path }))).toBe("store_failed");
  expect(existsSync(`${path}.part`)).toBe(false);
  expect(await store.countRuns({ filter: {} })).toBe(0);
  await store.close();
});
