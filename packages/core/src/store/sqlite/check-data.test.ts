import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import { openBlobs } from "../blobs.ts";
import { ada, engine, finish, sleep, start } from "../run-store.fixture.suite.ts";
import { checkData, newestRunAt } from "./check-data.ts";
import { newRun, unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";
import { openSqliteStore } from "./sqlite-run-store.ts";

const folders = withFolders();

/** A folder with two runs, one of which has its input in a blob; returns its hash. */
async function fill(folder: string): Promise<string> {
  const store = await openSqliteStore({ file: join(folder, "state.db"), onFatal: unexpected });
  const { hash } = await openBlobs({ folder: join(folder, "blobs") }).put(new Uint8Array(100_000));
  await store.createRun({
    by: ada,
    run: newRun("r1", { input: encodeBlobRef(hash) }),
    claim: { owner: engine },
    now: start,
  });
  await store.append({ by: engineItself, run: "r1", epoch: 1, ops: [sleep(0, start + 5)], now: start });
  await store.createRun({ by: ada, run: newRun("r2"), claim: { owner: engine }, now: start });
  await store.append({ by: engineItself, run: "r2", epoch: 1, ops: [finish()], now: start });
  await store.close();
  return hash;
}

const kinds = async (folder: string, rehash = false) =>
  (await checkData({ folder, rehash })).findings.map(({ kind }) => kind);

test("a sound folder is called sound", async () => {
  const folder = folders.next();
  await fill(folder);
  expect(await checkData({ folder, rehash: true })).toEqual({ sound: true, findings: [], runs: 2, blobs: 1 });
});

test("the newest run says when it was started; what is no database says nothing", async () => {
  const folder = folders.next();
  const file = join(folder, "state.db");
  expect(newestRunAt(file)).toBeUndefined();
  await fill(folder);
  expect(newestRunAt(file)).toBe(start);
  writeFileSync(file, "no database");
  expect(newestRunAt(file)).toBeUndefined();
});

test("rows without their run, and waits of ended runs, are found", async () => {
  const folder = folders.next();
  await fill(folder);
  const db = new Database(join(folder, "state.db"));
  db.run("DELETE FROM runs WHERE id = 'r1'");
  db.run("UPDATE waits SET run = 'r2'");
  db.close();
  const { sound, findings } = await checkData({ folder });
  expect(sound).toBe(false);
  expect(findings.map(({ message }) => message)).toEqual([
    "1 journal entries belong to the run r1, which is not there.",
    "The run r2 has ended and still has 1 waits.",
  ]);
});

test("blobs that are missing or not what they should be are found", async () => {
  const folder = folders.next();
  const hash = await fill(folder);
  const path = join(folder, "blobs", hash.slice(0, 2), hash.slice(2));
  writeFileSync(path, "something else");
  expect(await kinds(folder)).toEqual([]);
  expect(await kinds(folder, true)).toEqual(["blob_damaged"]);
  rmSync(path);
  expect(await kinds(folder)).toEqual(["blob_missing"]);
});

test("a database that is missing, cut off, foreign or damaged inside is told apart", async () => {
  const folder = folders.next();
  expect(await kinds(folder)).toEqual(["missing"]);
  const hash = await fill(folder);
  expect(hash).toHaveLength(64);
  const file = join(folder, "state.db");
  const db = new Database(file, { readonly: true });
  const root = db
    .query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE name = 'runs_by_workflow'")
    .get();
  const pageBytes = db.query<{ page_size: number }, []>("PRAGMA page_size").get();
  db.close();
  const bytes = Buffer.from(await Bun.file(file).arrayBuffer());
  const at = ((root?.rootpage ?? 0) - 1) * (pageBytes?.page_size ?? 0);
  writeFileSync(file, Buffer.from(bytes).fill(0xff, at, at + 100));
  expect(await kinds(folder)).toContain("damaged");
  writeFileSync(file, bytes);
  truncateSync(file, bytes.length - 8_192);
  expect(await kinds(folder)).toEqual(["unusable"]);
  writeFileSync(file, "not a database at all".repeat(100));
  expect(await kinds(folder)).toEqual(["unusable"]);
});
