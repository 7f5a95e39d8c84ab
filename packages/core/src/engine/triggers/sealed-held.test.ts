// What triggers of encrypted workflows hold: sealed for the run it becomes, through restarts, erasure and new code.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeValue } from "@sluice/protocol";
import { onEvent, schedule, workflow } from "@sluice/sdk";
import type { FlowOptions, Trigger, Workflow } from "@sluice/sdk";
import { openKeyFolder } from "../../identity/index.ts";
import { systemRandom } from "../../kernel/ids.ts";
import { PayloadVault, Vault } from "../../secrets/index.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "../engine-fixture.suite.ts";
import { begin } from "../trigger-fixture.suite.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sluice-held-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const limited = (trigger: Trigger, flow: FlowOptions & { readonly encrypt?: boolean } = {}): Workflow =>
  workflow(
    { name: "limited", encrypt: true, triggers: [trigger], rateLimit: { count: 1, per: "10s" }, ...flow },
    async (_ctx, input: unknown) => input,
  );

class Site {
  readonly clock = new SimulatedClock(begin);
  readonly store = new MemoryRunStore();

  keys(): PayloadVault {
    const common = { clock: this.clock, random: systemRandom };
    const shelf = new Vault({ store: this.store.secrets, keys: openKeyFolder(folder), ...common });
    return new PayloadVault({ store: this.store.payloadKeys, shelf, ...common });
  }

  async start(...workflows: readonly Workflow[]): Promise<EngineFixture> {
    const { clock, store } = this;
    return EngineFixture.start({ workflows, clock, store, sealing: { keys: this.keys(), all: false } });
  }

  async keyCount(): Promise<number> {
    const counts = await this.store.payloadKeys.countPayloadKeys();
    return counts.find(({ workflow: name }) => name === "limited")?.keys ?? 0;
  }

  /** Outputs of runs as they are shown, by creation, and whether all of them are sealed. */
  async outputs(f: EngineFixture): Promise<unknown[]> {
    const { runs } = await this.store.listRuns({ filter: { workflow: "limited" }, limit: 99 });
    const shown = runs.toReversed().map(async ({ id }) => {
      const run = await this.store.getRun({ run: id });
      return run?.output === undefined ? run?.status : decodeValue(await f.engine.values.load(run.output));
    });
    return Promise.all(shown);
  }
}

/** Lets time pass until so many runs have completed: keys are read from real files, which take no virtual time. */
async function completed(site: Site, count: number): Promise<void> {
  const filter = { workflow: "limited", status: ["completed"] } as const;
  while ((await site.store.countRuns({ filter })) < count) await pass(site.clock, 1_000);
}

/** Waits until so many are held, without time passing. */
async function holding(site: Site, count: number): Promise<void> {
  while ((await site.store.triggers.countHeld({ trigger: "limited:change" })) < count) await rest();
}

const emitted = async (f: EngineFixture, ...payloads: readonly unknown[]): Promise<void> => {
  for (const payload of payloads) await f.emit("change", payload);
  await rest();
};
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("occurrences of encrypted workflows", () => {
  test("past a limit are held sealed, and become the runs they were sealed for, after a restart too", async () => {
    const site = new Site();
    const f = await site.start(limited(onEvent("change")));
    await emitted(f, "SECRET-1", "SECRET-2", "SECRET-3");
    await holding(site, 2);
    const held = await site.store.triggers.listHeld({ trigger: "limited:change", limit: 9 });
    expect(held).toHaveLength(2);
    for (const { input, run, payloadKey } of held) {
      expect(text(input)).not.toContain("SECRET");
      expect([run?.startsWith("run_"), typeof payloadKey]).toEqual([true, "string"]);
    }
    expect(await site.keyCount()).toBe(3);
    f.crash();
    const next = await site.start(limited(onEvent("change")));
    await completed(site, 3);
    expect(await site.outputs(next)).toEqual(["SECRET-1", "SECRET-2", "SECRET-3"]);
    const ids = (await site.store.listRuns({ filter: { workflow: "limited" }, limit: 9 })).runs.map(({ id }) => id);
    for (const { run } of held) expect(ids).toContain(String(run));
    expect(await site.keyCount()).toBe(3);
    await next.engine.stop(0);
  });

  test("that a trigger debounces are held sealed, and the last one counts", async () => {
    const site = new Site();
    const quiet = onEvent("change", { debounce: { wait: "5s", key: "who" } });
    const f = await site.start(limited(quiet, { rateLimit: { count: 9, per: "1s" } }));
    await emitted(f, { who: "ada", n: 1 }, { who: "bob", n: 1 }, { who: "ada", n: 2 });
    await holding(site, 2);
    const counted = async () =>
      (await site.store.triggers.findHeld({ trigger: "limited:change", keys: ["ada"] }))[0]?.count;
    while ((await counted()) !== 2) await rest();
    const held = await site.store.triggers.listHeld({ trigger: "limited:change", limit: 9 });
    expect(new Map(held.map(({ key, count }) => [key, count]))).toEqual(
      new Map([
        ["ada", 2],
        ["bob", 1],
      ]),
    );
    expect(held.some(({ input }) => text(input).includes("ada"))).toBe(false);
    expect(await site.keyCount()).toBe(2);
    await completed(site, 2);
    expect((await site.outputs(f)).map((each) => JSON.stringify(each)).toSorted()).toEqual([
      '{"who":"ada","n":2}',
      '{"who":"bob","n":1}',
    ]);
    await f.engine.stop(0);
  });

  test("go with the key of their workflow when that is erased", async () => {
    const site = new Site();
    const keys = site.keys();
    const { clock, store } = site;
    const sealing = { keys, all: false };
    const f = await EngineFixture.start({ workflows: [limited(onEvent("change"))], clock, store, sealing });
    await emitted(f, "SECRET-1", "SECRET-2");
    await holding(site, 1);
    await completed(site, 1);
    expect(await keys.eraseWorkflow({ by: tester, workflow: "limited" })).toMatchObject({ ok: true });
    expect(await site.store.triggers.countHeld({ trigger: "limited:change" })).toBe(0);
    await pass(clock, 20_000);
    expect(await store.countRuns({ filter: { workflow: "limited" } })).toBe(1);
    await emitted(f, "SECRET-3");
    await completed(site, 2);
    expect(
      (await store.listRuns({ filter: { workflow: "limited", status: ["completed"] }, limit: 9 })).runs,
    ).toHaveLength(2);
    await f.engine.stop(0);
  });

  test("are sealed when they begin, where they were held before the workflow was encrypted, and opened where it is not any more", async () => {
    const site = new Site();
    const f = await site.start(limited(onEvent("change"), { encrypt: false }));
    await emitted(f, "one", "two");
    await holding(site, 1);
    await completed(site, 1);
    f.crash();
    const sealed = await site.start(limited(onEvent("change")));
    await completed(site, 2);
    await emitted(sealed, "three");
    await holding(site, 1);
    const { runs } = await site.store.listRuns({ filter: { workflow: "limited" }, limit: 9 });
    const keyOf = async (id: string) => (await site.store.getRun({ run: id }))?.payloadKey;
    expect(await Promise.all(runs.map(async ({ id }) => (await keyOf(id)) !== undefined))).toEqual([true, false]);
    sealed.crash();
    const open = await site.start(limited(onEvent("change"), { encrypt: false }));
    await completed(site, 3);
    expect(await site.outputs(open)).toEqual(["one", "two", "three"]);
    const [last] = (await site.store.listRuns({ filter: { workflow: "limited" }, limit: 1 })).runs;
    expect(await keyOf(last?.id ?? "")).toBeUndefined();
    expect(await site.keyCount()).toBe(1);
    await open.engine.stop(0);
  });

  test("of a schedule past a limit are sealed like others", async () => {
    const site = new Site();
    const every = schedule("* * * * * *", { input: "SECRET" });
    const f = await site.start(limited(every));
    for (let i = 0; i < 30; i++) await pass(site.clock, 500);
    expect((await site.store.listHeldTimes({ limit: 99 })).length).toBeGreaterThan(5);
    const { runs } = await site.store.listRuns({ filter: { workflow: "limited" }, limit: 9 });
    expect(runs.length).toBeGreaterThan(1);
    expect(await site.outputs(f)).toEqual(runs.map(() => "SECRET"));
    for (const { id } of runs) expect((await site.store.getRun({ run: id }))?.payloadKey).toBeDefined();
    await f.engine.stop(0);
  });
});
