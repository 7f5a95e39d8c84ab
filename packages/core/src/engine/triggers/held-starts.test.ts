// What a trigger holds back is let go as far as it can be: neither a full limit nor something unreadable stops what is behind it.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEvent, workflow } from "@sluice/sdk";
import type { FlowOptions } from "@sluice/sdk";
import { openKeyFolder } from "../../identity/index.ts";
import { systemRandom } from "../../kernel/ids.ts";
import { PayloadVault, Vault } from "../../secrets/index.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass, rest } from "../engine-fixture.suite.ts";
import { MemoryBlobs } from "../memory-blobs.suite.ts";
import { begin, inputsOf, make } from "../trigger-fixture.suite.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sluice-held-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const minute = 60_000;
const limited = (flow: FlowOptions = { rateLimit: { count: 1, per: "1h", key: "input.by" } }) =>
  workflow({ name: "limited", triggers: [onEvent("change")], ...flow }, async (_ctx, input: unknown) => input);

test("a key whose limit is free again begins, however many of another wait before it", async () => {
  const { clock, store, fixture } = await make([limited()]);
  const counted = async (by: string) =>
    (await inputsOf(store)).filter((input) => (input as { by: string }).by === by).length;
  await fixture.emit("change", { by: "quiet" });
  await rest();
  await pass(clock, 30 * minute);
  for (let n = 0; n < 1_150; n++) await fixture.emit("change", { by: "noisy" });
  await fixture.emit("change", { by: "quiet" });
  while ((await store.triggers.countHeld({ trigger: "limited:change" })) < 1_150) await rest();
  expect([await counted("quiet"), await counted("noisy")]).toEqual([1, 1]);
  // An hour after the first of its own, half an hour before another of those before it.
  await pass(clock, 31 * minute);
  for (let i = 0; i < 20 && (await counted("quiet")) === 1; i++) await pass(clock, 1_000);
  expect([await counted("quiet"), await counted("noisy")]).toEqual([2, 1]);
  await fixture.engine.stop(0);
});

test("a look at many is not taken again at once, and none is lost of those that come meanwhile", async () => {
  const { clock, store, fixture } = await make([limited({ rateLimit: { count: 1, per: "1m", key: "input.by" } })]);
  for (let n = 0; n < 3; n++) for (const by of ["a", "b", "c"]) await fixture.emit("change", { by, n });
  await rest();
  for (let i = 0; i < 4; i++) await pass(clock, minute);
  const all = (await inputsOf(store)) as readonly { readonly by: string; readonly n: number }[];
  expect(all.map(({ by, n }) => `${by}${n}`).toSorted()).toEqual(
    ["a", "b", "c"].flatMap((by) => [0, 1, 2].map((n) => `${by}${n}`)),
  );
  await fixture.engine.stop(0);
});

test("one that cannot be opened waits on, and those beside it begin", async () => {
  const clock = new SimulatedClock(begin);
  const store = new MemoryRunStore();
  const blobs = new MemoryBlobs();
  const common = { clock, random: systemRandom };
  const shelf = new Vault({ store: store.secrets, keys: openKeyFolder(folder), ...common });
  const keys = new PayloadVault({ store: store.payloadKeys, shelf, ...common });
  const quiet = onEvent("change", { debounce: { wait: "5s", key: "who" } });
  const held = workflow({ name: "limited", encrypt: true, triggers: [quiet] }, async (_ctx, input: unknown) => input);
  const f = await EngineFixture.start({ workflows: [held], clock, store, blobs, sealing: { keys, all: false } });
  for (const who of ["a", "b", "c"]) await f.emit("change", { who, text: who === "a" ? "x".repeat(100_000) : who });
  const trigger = "limited:change";
  const waiting = () => store.triggers.countHeld({ trigger });
  while ((await waiting()) < 3) await rest();
  const [large] = await store.triggers.findHeld({ trigger, keys: ["a"] });
  const lost = [...blobs.blobs].filter(([, bytes]) => bytes.length > 90_000);
  expect([large?.run !== undefined, lost.length > 0]).toEqual([true, true]);
  for (const [hash] of lost) blobs.blobs.delete(hash);
  const completed = () => store.countRuns({ filter: { workflow: "limited", status: ["completed"] } });
  await pass(clock, 5_000);
  while ((await completed()) < 2) await rest();
  expect(await waiting()).toBe(1);
  const said = f.logs.filter(({ message }) => message === "what a trigger holds cannot be opened yet");
  expect(said.map(({ fields }) => fields)).toMatchObject([{ trigger, count: 1 }]);
  // It is asked for again, without a word each time, and begins when it is there.
  for (let i = 0; i < 5; i++) await pass(clock, 1_000);
  expect(f.logs.filter(({ message }) => message === "what a trigger holds cannot be opened yet")).toHaveLength(1);
  for (const [hash, bytes] of lost) blobs.blobs.set(hash, bytes);
  while ((await completed()) < 3) await pass(clock, 250);
  expect(await waiting()).toBe(0);
  await f.engine.stop(0);
});
