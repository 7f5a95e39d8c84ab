// Files that start runs: real files, a real engine; a restart neither repeats a change nor misses one.
import { afterEach, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, Ids, systemClock, systemRandom } from "@sluice/core";
import { MemoryRunStore } from "@sluice/core/store/memory";
import { decodeValue } from "@sluice/protocol";
import { fileWatch, workflow } from "@sluice/sdk";
import type { FileEvent, FileWatchOptions } from "@sluice/sdk";
import { manifestOf } from "@sluice/worker";
import { FileSource } from "./file-source.ts";
import type { FileSourceOptions } from "./file-source.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const made = mkdtempSync(join(tmpdir(), "sluice-files-"));
  folders.push(made);
  return made;
}

async function begin(
  project: string,
  store: MemoryRunStore,
  options: FileWatchOptions = {},
  load?: FileSourceOptions["load"],
) {
  const source = new FileSource({ project, clock: systemClock, log: () => undefined, lookMs: 40, load });
  const engine = new Engine({
    store,
    triggers: store.triggers,
    sources: [source],
    clock: systemClock,
    ids: new Ids(systemClock, systemRandom),
    log: () => undefined,
    owner: crypto.randomUUID(),
    onDeploy: "move",
    url: () => "",
  });
  await engine.start();
  const files = workflow(
    { name: "files", triggers: [fileWatch("in/**/*.csv", { settle: "20ms", ...options })] },
    async (_ctx, input: FileEvent) => input,
  );
  const deployed = await engine.deploy("v1", manifestOf([files]));
  if (!deployed.ok) throw new Error(deployed.error.message);
  return engine;
}

async function events(store: MemoryRunStore): Promise<string[]> {
  const { runs } = await store.listRuns({ filter: {}, limit: 1_000 });
  return runs.map((run) => {
    const { change, path } = decodeValue(run.input) as FileEvent;
    return `${change} ${path}`;
  });
}

/** Resolves when it holds; a test's time limit ends the wait. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => void setImmediate(resolve));
}

const looked = async (store: MemoryRunStore): Promise<boolean> =>
  (await store.triggers.findMarks({ trigger: "files:in/**/*.csv", keys: ["//looked"] })).length > 0;

test("created, changed and deleted files start a run each; what was there before does not", async () => {
  const project = newFolder();
  mkdirSync(join(project, "in/deep"), { recursive: true });
  writeFileSync(join(project, "in/old.csv"), "1");
  const store = new MemoryRunStore();
  const engine = await begin(project, store, { changes: ["created", "changed", "deleted"] });
  await until(() => looked(store));
  writeFileSync(join(project, "in/deep/new.csv"), "12");
  writeFileSync(join(project, "in/other.txt"), "1");
  await until(async () => (await events(store)).length === 1);
  expect(await events(store)).toEqual(["created in/deep/new.csv"]);
  const [run] = (await store.listRuns({ filter: {}, limit: 1 })).runs;
  expect(decodeValue(run?.input ?? new Uint8Array())).toMatchObject({ size: 2, folder: project });
  appendFileSync(join(project, "in/old.csv"), "2");
  await until(async () => (await events(store)).length === 2);
  rmSync(join(project, "in/deep/new.csv"));
  await until(async () => (await events(store)).length === 3);
  expect((await events(store)).toSorted()).toEqual([
    "changed in/old.csv",
    "created in/deep/new.csv",
    "deleted in/deep/new.csv",
  ]);
  // A file that comes back under its name is created anew.
  writeFileSync(join(project, "in/deep/new.csv"), "12");
  await until(async () => (await events(store)).length === 4);
  await engine.stop(0);
});

test("what happens while nothing runs is found afterwards, once; what was seen is not found again", async () => {
  const project = newFolder();
  mkdirSync(join(project, "in"));
  const store = new MemoryRunStore();
  // The next engine goes on with it.
  store.close = async () => undefined;
  const first = await begin(project, store);
  await until(() => looked(store));
  writeFileSync(join(project, "in/a.csv"), "1");
  await until(async () => (await events(store)).length === 1);
  await first.stop(0);
  appendFileSync(join(project, "in/a.csv"), "2");
  writeFileSync(join(project, "in/b.csv"), "1");
  const second = await begin(project, store);
  await until(async () => (await events(store)).length === 3);
  await second.stop(0);
  const third = await begin(project, store);
  writeFileSync(join(project, "in/c.csv"), "1");
  await until(async () => (await events(store)).includes("created in/c.csv"));
  expect((await events(store)).toSorted()).toEqual([
    "changed in/a.csv",
    "created in/a.csv",
    "created in/b.csv",
    "created in/c.csv",
  ]);
  await third.stop(0);
});

test("files that are there count where the code says so, and a folder may come later", async () => {
  const project = newFolder();
  const store = new MemoryRunStore();
  const engine = await begin(project, store, { existing: true });
  const failing = async () => (engine.triggers.get("files:in/**/*.csv")?.record.failures ?? 0) > 0;
  await until(async () => (await looked(store)) || (await failing()));
  mkdirSync(join(project, "in"));
  writeFileSync(join(project, "in/.tmp"), "1");
  renameSync(join(project, "in/.tmp"), join(project, "in/b.csv"));
  await until(async () => (await events(store)).length === 1);
  expect(await events(store)).toEqual(["created in/b.csv"]);
  expect(engine.triggers.get("files:in/**/*.csv")?.record).toMatchObject({ fired: 1, failures: 0 });
  await engine.stop(0);
});

test("a file that is being written is taken when it is left alone", async () => {
  const project = newFolder();
  mkdirSync(join(project, "in"));
  const store = new MemoryRunStore();
  const engine = await begin(project, store, { settle: "150ms" });
  await until(() => looked(store));
  const path = join(project, "in/slow.csv");
  let writes = 0;
  await new Promise<void>((done) => {
    const timer = setInterval(() => {
      appendFileSync(path, "x".repeat(10));
      if (++writes < 10) return;
      clearInterval(timer);
      done();
    }, 20);
  });
  await until(async () => (await events(store)).length > 0);
  const { runs } = await store.listRuns({ filter: {}, limit: 9 });
  expect(runs.map((run) => (decodeValue(run.input) as FileEvent).size)).toEqual([100]);
  await engine.stop(0);
});

test("a watcher that could not be loaded says so at the trigger, and is loaded later", async () => {
  const project = newFolder();
  mkdirSync(join(project, "in"));
  const store = new MemoryRunStore();
  let loads = 0;
  const load = async () => {
    if (++loads < 3) throw new Error("too many open files");
    return import("./watched-files.ts");
  };
  const engine = await begin(project, store, {}, load);
  const record = () => engine.triggers.get("files:in/**/*.csv")?.record;
  await until(async () => (record()?.failures ?? 0) > 0);
  await until(() => looked(store));
  writeFileSync(join(project, "in/a.csv"), "1");
  await until(async () => (await events(store)).length === 1);
  await until(async () => record()?.failures === 0);
  expect(loads).toBe(3);
  await engine.stop(0);
});
