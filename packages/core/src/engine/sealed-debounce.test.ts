// Debounced starts of an encrypted workflow: the run that waits is sealed with the key of the start that came last.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Workflow } from "@sluice/sdk";
import { openKeyFolder } from "../identity/index.ts";
import { systemRandom } from "../kernel/ids.ts";
import { PayloadVault, Vault } from "../secrets/index.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import { begin } from "./trigger-fixture.suite.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sluice-sealed-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const calm = (encrypt = true) =>
  workflow({ name: "calm", encrypt, debounce: { wait: "5s" } }, async (ctx, input: string) =>
    ctx.step("say", () => `said ${input}`),
  );

class Site {
  readonly clock = new SimulatedClock(begin);
  readonly store = new MemoryRunStore();

  async start(...workflows: readonly Workflow[]): Promise<EngineFixture> {
    const { clock, store } = this;
    const common = { clock, random: systemRandom };
    const shelf = new Vault({ store: store.secrets, keys: openKeyFolder(folder), ...common });
    const keys = new PayloadVault({ store: store.payloadKeys, shelf, ...common });
    return EngineFixture.start({ workflows, clock, store, sealing: { keys, all: false } });
  }

  async keyCount(): Promise<number> {
    const counts = await this.store.payloadKeys.countPayloadKeys();
    return counts.find(({ workflow: name }) => name === "calm")?.keys ?? 0;
  }

  async output(f: EngineFixture, run: string): Promise<unknown> {
    const { output } = (await this.store.getRun({ run })) ?? {};
    return output === undefined ? undefined : decodeValue(await f.engine.values.load(output));
  }

  /** Keys are read from real files, which take no virtual time. */
  async completed(run: string): Promise<void> {
    while ((await this.store.getRun({ run }))?.status !== "completed") await pass(this.clock, 1_000);
  }
}

const started = async (f: EngineFixture, input: string): Promise<string> => {
  const result = await f.engine.startRun({ by: tester, workflow: "calm", input: encodeValue(input) });
  if (!result.ok) throw new Error(result.error.message);
  return result.value.run.id;
};

test("the last start counts, sealed, with one key for the run there is, after a crash too", async () => {
  const site = new Site();
  const f = await site.start(calm());
  const run = await started(f, "SECRET-1");
  expect(await started(f, "SECRET-2")).toBe(run);
  const keyBefore = (await site.store.getRun({ run }))?.payloadKey;
  expect(await started(f, "SECRET-3")).toBe(run);
  const waiting = await site.store.getRun({ run });
  expect(Buffer.from(waiting?.input ?? []).toString("latin1")).not.toContain("SECRET");
  expect([waiting?.status, waiting?.payloadKey === keyBefore, await site.keyCount()]).toEqual(["queued", false, 1]);
  f.crash();
  const next = await site.start(calm());
  await site.completed(run);
  expect(await site.output(next, run)).toBe("said SECRET-3");
  expect(await site.keyCount()).toBe(1);
  await next.engine.stop(0);
});

test("whoever waits for the run can read its result, also when it is gone, whichever start had the last word", async () => {
  const site = new Site();
  const parent = workflow({ name: "parent" }, async (ctx) => {
    const said = await ctx.call<string>("calm", "SECRET-child");
    await ctx.waitFor("go");
    return said;
  });
  const f = await site.start(calm(), parent);
  const waits = await f.run(parent, undefined);
  const children = async () => (await site.store.listRuns({ filter: { workflow: "calm" }, limit: 9 })).runs;
  while ((await children()).length === 0) await rest();
  const [child] = await children();
  expect(await started(f, "SECRET-other")).toBe(String(child?.id));
  await site.completed(String(child?.id));
  while ((await site.store.getRun({ run: waits }))?.reason !== "waiting_for_event") await pass(site.clock, 1_000);
  await site.store.deleteRuns({ by: tester, runs: [String(child?.id)], now: site.clock.now() });
  f.crash();
  const next = await site.start(calm(), parent);
  await next.emit("go", 1);
  await site.completed(waits);
  expect(await site.output(next, waits)).toBe("said SECRET-other");
  await next.engine.stop(0);
});

test("what waits takes part in what the code deployed last says of encryption", async () => {
  const site = new Site();
  const open = await site.start(calm(false));
  const run = await started(open, "open");
  open.crash();
  const sealed = await site.start(calm());
  expect(await started(sealed, "SECRET")).toBe(run);
  expect([(await site.store.getRun({ run }))?.payloadKey === undefined, await site.keyCount()]).toEqual([false, 1]);
  sealed.crash();
  const again = await site.start(calm(false));
  expect(await started(again, "open again")).toBe(run);
  expect([(await site.store.getRun({ run }))?.payloadKey, await site.keyCount()]).toEqual([undefined, 0]);
  await site.completed(run);
  expect(await site.output(again, run)).toBe("said open again");
  await again.engine.stop(0);
});
