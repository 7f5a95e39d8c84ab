// What no row names any more leaves the disk; what a row names stays.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, Ids, systemClock, systemRandom, unwrap } from "@sluice/core";
import type { Actor } from "@sluice/core";
import { MemoryRunStore } from "@sluice/core/store/memory";
import { openBlobs } from "@sluice/core/store/sqlite";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { attachInProcess, manifestOf, systemWorkerClock, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { CodeStore } from "./bundle-store.ts";
import { Collector } from "./compose-cleaning.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-cleaning-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const by: Actor = { kind: "user", id: "test" };
const hourMs = 3_600_000;
const log = (): undefined => undefined;
const large = workflow({ name: "large" }, async (_ctx, name: string) => name.repeat(100_000));

test("a large value leaves the disk with its run, after an hour at the earliest, and no other value does", async () => {
  const blobs = openBlobs({ folder: join(work, "blobs") });
  const store = new MemoryRunStore();
  const ids = new Ids(systemClock, systemRandom);
  const engine = new Engine({
    store,
    triggers: store.triggers,
    blobs,
    clock: systemClock,
    ids,
    log,
    owner: "test",
    onDeploy: "move",
    url: () => "",
  });
  await engine.start();
  const worker = { id: "w", version: "v1", workflows: [large], clock: systemWorkerClock, limits: workerLimits };
  const attached = attachInProcess(engine, { ...worker, stepScope: new AsyncStepScope() });
  unwrap(await engine.deploy("v1", manifestOf([large])));
  attached.deploy();
  const run = async (name: string): Promise<string> => {
    const { id } = unwrap(await engine.startRun({ by, workflow: "large", input: encodeValue(name) })).run;
    unwrap(await engine.ended(id));
    return id;
  };
  const [gone, stays] = [await run("a"), await run("b")];
  let passedMs = 0;
  const collector = new Collector({
    store,
    blobs,
    code: new CodeStore(join(work, "code"), blobs),
    clock: { now: () => Date.now() + passedMs, after: () => () => undefined },
    log,
    current: () => "v1",
    blobScopes: store.blobScopes,
    blobKeptMs: hourMs,
  });
  const left = async (): Promise<number> => {
    await collector.collect();
    return (await Array.fromAsync(blobs.list())).length;
  };

  unwrap(await engine.operations.delete(by, gone));
  expect(await left()).toBe(2);
  passedMs = 2 * hourMs;
  const letGo = collector.hold();
  expect(await left()).toBe(2);
  letGo();
  expect(await left()).toBe(1);
  const output = unwrap(await engine.ended(stays)).output ?? new Uint8Array(0);
  expect(decodeValue(await engine.values.load(output))).toBe("b".repeat(100_000));
  await collector.stop();
  await engine.stop(0);
});

test("a hold that is taken while a collection is under way keeps everything", async () => {
  const blobs = openBlobs({ folder: join(work, "held") });
  (await blobs.put(new Uint8Array([1]))).release();
  const store = new MemoryRunStore();
  let letGo = (): void => undefined;
  const listVersions = store.listVersions.bind(store);
  store.listVersions = () => {
    letGo = collector.hold();
    return listVersions();
  };
  const collector = new Collector({
    store,
    blobs,
    code: new CodeStore(join(work, "held code"), blobs),
    clock: { now: () => Date.now() + 2 * hourMs, after: () => () => undefined },
    log,
    current: () => "",
    blobScopes: store.blobScopes,
    blobKeptMs: hourMs,
  });
  await collector.collect();
  expect(await Array.fromAsync(blobs.list())).toHaveLength(1);
  letGo();
  store.listVersions = listVersions;
  await collector.collect();
  expect(await Array.fromAsync(blobs.list())).toEqual([]);
  await collector.stop();
});
