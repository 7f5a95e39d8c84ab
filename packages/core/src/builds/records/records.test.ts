// What a workspace remembers of its builds.
import { afterEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildRecords } from "./records.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-records-"));
  folders.push(folder);
  return join(folder, "builds.db");
}

const parts = {
  global: { platform: "p", tools: {}, files: {}, env: {} },
  command: "c",
  args: [],
  definition: {},
  files: { a: "1" },
  env: {},
  external: "",
  upstream: {},
};

test("everything is there for the next build, and for one at the same time", () => {
  const path = file();
  const records = new BuildRecords(path);
  const known = { size: 1, mtimeMs: 1.5, ctimeMs: 2.25, ino: 3, digest: "d" };
  records.put(new Map([["a", known]]));
  const entry = { path: "dist/a", type: "file", digest: "x", size: 1, mode: 0o644 } as const;
  records.place("t", {
    key: "k",
    isWhole: false,
    log: "l",
    outputs: "o",
    entries: [{ entry, mtimeMs: 1.5, ctimeMs: 2, ino: 4 }],
  });
  records.tookMs("t", 100);
  records.tookMs("t", 300);
  records.remember("n", "text");
  const other = new BuildRecords(path);
  expect(other.all()).toEqual(new Map([["a", known]]));
  expect(other.placed().get("t")).toMatchObject({
    key: "k",
    isWhole: false,
    log: "l",
    outputs: "o",
    entries: [{ entry, mtimeMs: 1.5, ctimeMs: 2, ino: 4 }],
  });
  expect(other.durations()).toEqual(new Map([["t", 200]]));
  expect([other.note("n"), other.note("none")]).toEqual(["text", undefined]);
  other.close();
  records.close();
});

test("processes are noted as long as they run", () => {
  const records = new BuildRecords(file());
  const noted = { pid: 7, life: "a", owner: 1, ownerLife: "b" };
  records.began(noted);
  records.began({ ...noted, pid: 8 });
  records.ended(8);
  expect(records.processes()).toEqual([noted]);
  records.close();
});

test("of keys the last few are kept, newest first", () => {
  const records = new BuildRecords(file());
  for (let at = 1; at <= 8; at++) records.keep("t", { key: `k${at}`, atMs: at, parts });
  records.keep("t", { key: "k5", atMs: 9, parts });
  expect(records.keys("t").map(({ key }) => key)).toEqual(["k5", "k8", "k7", "k6", "k4"]);
  expect(records.keys("t")[0]?.parts).toEqual(parts);
  expect(records.keys("other")).toEqual([]);
  records.close();
});

test("a file of another version begins anew", () => {
  const path = file();
  const records = new BuildRecords(path);
  records.remember("n", "text");
  records.close();
  const db = new Database(path);
  db.run("PRAGMA user_version = 99");
  db.close();
  const anew = new BuildRecords(path);
  expect(anew.note("n")).toBeUndefined();
  anew.close();
});
