// Encrypted payloads end to end, on files: nothing of them is to be found there, and everything goes on as without.
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { TaskContext, Workflow } from "@sluice/sdk";
import { task, workflow } from "@sluice/sdk";
import { manifestOf } from "@sluice/worker";
import { openKeyFolder } from "../identity/index.ts";
import { systemClock } from "../kernel/clock.ts";
import { systemRandom } from "../kernel/ids.ts";
import type { Store } from "../kernel/store.ts";
import { isErased } from "../kernel/sealed.ts";
import { PayloadVault, Vault } from "../secrets/index.ts";
import { openBlobs, openDataFolder, openSqliteStore } from "../store/sqlite/index.ts";
import type { DataFolder } from "../store/sqlite/index.ts";
import { EngineFixture, tester } from "./engine-fixture.suite.ts";

/** Stands in everything that must not be found; each place has its own end. */
const word = "PLAINTEXT";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A data folder, and what is opened over it. */
class Site {
  readonly folder: string;
  readonly data: DataFolder;
  readonly store: Store;
  readonly keyFolder: string;

  constructor(p: { readonly folder: string; readonly data: DataFolder; readonly store: Store }) {
    this.folder = p.folder;
    this.data = p.data;
    this.store = p.store;
    this.keyFolder = join(p.folder, "keys");
  }

  static async open(folder = mkdtempSync(join(tmpdir(), "sluice-sealing-"))): Promise<Site> {
    const data = await openDataFolder({ folder });
    const onFatal = (error: Error): never => {
      throw error;
    };
    const store = await openSqliteStore({ file: data.databaseFile, onFatal });
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const site = new Site({ folder, data, store });
    ends.push(() => site.close());
    return site;
  }

  /** Another process's keys over the same data. */
  keys(): PayloadVault {
    const common = { clock: systemClock, random: systemRandom };
    const shelf = new Vault({ store: this.store.secrets, keys: openKeyFolder(this.keyFolder), ...common });
    return new PayloadVault({ store: this.store.payloadKeys, shelf, ...common });
  }

  async start(workflows: readonly Workflow[], keys = this.keys()): Promise<EngineFixture> {
    return EngineFixture.start({
      workflows,
      tasks: [scan],
      store: this.store,
      blobs: openBlobs({ folder: this.data.blobsFolder }),
      sealing: { keys, all: false },
      limits: { inlineBytesMax: 2_000 },
      workerLimits: { parkAfterMs: 1 },
    });
  }

  #closed = false;

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.store.close();
    await this.data.release();
  }

  /** What of a text is in the files, in the order of their names. */
  found(text: string): string[] {
    const found: string[] = [];
    for (const name of readdirSync(this.folder, { recursive: true, encoding: "utf8" })) {
      const path = join(this.folder, name);
      if (!statSync(path).isFile()) continue;
      const content = readFileSync(path, "latin1");
      for (const at of content.matchAll(new RegExp(`${text}[a-z-]*`, "g"))) found.push(`${name}: ${at[0]}`);
    }
    return found;
  }
}

const scan = task({ name: "scan", retry: { attempts: 2, delay: 1 } }, (input: string, at: TaskContext) => {
  at.log(`${word}-task-log`, { data: `${word}-task-data` });
  at.progress(`${word}-task-progress`);
  if (at.attempt === 1) throw new Error(`${word}-task-error`);
  return `${word}-task-result of ${input}`;
});

const helper = workflow({ name: "helper" }, async (ctx, input: string) => {
  const got = await ctx.step("help", () => `${word}-helper-step for ${input}`);
  return { got, own: `${word}-helper-output` };
});

const patients = workflow({ name: "patients", encrypt: true }, async (ctx, input: { name: string }) => {
  ctx.log(`${word}-log-message`, { data: `${word}-log-data` });
  ctx.progress(`${word}-progress`);
  ctx.stream(`${word}-chunk`);
  const first = await ctx.step("first", () => `${word}-step for ${input.name}`);
  await ctx.step(
    "retried",
    ({ attempt }) => {
      if (attempt === 1) throw new Error(`${word}-attempt-error`);
      return 1;
    },
    { retry: { attempts: 2, delay: 1 } },
  );
  const caught = await ctx
    .step("fails", () => Promise.reject(new Error(`${word}-step-error`)))
    .catch((error: unknown) => (error as Error).message);
  const large = await ctx.step("large", () => `${word}-large`.padEnd(5_000, "x"));
  const shared = await ctx.step("shared", () => `${word}-cached`, { cache: { key: "k", ttl: "1h" } });
  const child = await ctx.call(helper, `${word}-child-input`);
  const scanned = await ctx.task(scan, `${word}-task-input`);
  await ctx.emit("seen", { what: `${word}-emitted` });
  const event = await ctx.waitFor<{ what: string }>("go", { match: { to: 1 } });
  const approved = await ctx.approve("ok", { data: `${word}-approval-data` });
  const won = await ctx.race({ a: (branch) => branch.step("racing", () => `${word}-raced`) });
  return {
    first,
    caught,
    large: large.length,
    shared,
    child,
    scanned,
    event,
    comment: approved.payload,
    won: won.value,
  };
});

/** Takes a run of `patients` to its end. */
async function finish(f: EngineFixture, run: string): Promise<unknown> {
  await f.until(run, "waiting", "waiting_for_event");
  await f.emit("go", { to: 2, what: `${word}-other-event` });
  await f.emit("go", { to: 1, what: `${word}-event` });
  await f.until(run, "waiting", "waiting_for_approval");
  const [token] = await f.store.listTokens({ kind: "approval", status: "open", run, limit: 1 });
  const value = encodeValue({ approved: true, payload: `${word}-answer`, by: "ada", at: 1 });
  await f.engine.completeToken({ by: tester, token: token?.token ?? "", kind: "approval", value });
  return (await f.ended(run)).output;
}

const expected = {
  first: `${word}-step for ${word}-input`,
  caught: `${word}-step-error`,
  large: 5_000,
  shared: `${word}-cached`,
  child: { got: `${word}-helper-step for ${word}-child-input`, own: `${word}-helper-output` },
  scanned: `${word}-task-result of ${word}-task-input`,
  event: { to: 1, what: `${word}-event` },
  comment: `${word}-answer`,
  won: `${word}-raced`,
};

const input = { name: `${word}-input` };

describe("an encrypted run", () => {
  test("leaves nothing in any file, through a crash, and does what it would do without", async () => {
    const site = await Site.open();
    const f = await site.start([patients, helper]);
    const run = await f.run(patients, input);
    await f.until(run, "waiting", "waiting_for_event");
    f.crash();
    const next = await site.start([patients, helper]);
    expect(await finish(next, run)).toEqual(expected);
    expect(site.found(word)).toEqual([]);
    const [line] = await site.store.listLogs({ run, after: 0, limit: 1 });
    if (line === undefined) throw new Error("there is no line");
    const shown = await next.engine.values.loadLine(line);
    expect([shown.message, decodeValue(shown.data ?? Uint8Array.of())]).toEqual([
      `${word}-log-message`,
      { data: `${word}-log-data` },
    ]);
    await next.engine.stop(0);
    expect(site.found(word)).toEqual([]);
  });

  test("that is not encrypted is found, so that looking is worth something", async () => {
    const site = await Site.open();
    const f = await site.start([helper]);
    await f.result(helper, `${word}-open`);
    expect(site.found(`${word}-helper-output`)).not.toEqual([]);
    expect((await site.store.payloadKeys.countPayloadKeys()).length).toBe(0);
  });

  test("has one key with the runs it begins, and none of them can read another's", async () => {
    const site = await Site.open();
    const f = await site.start([patients, helper]);
    const run = await f.run(patients, input);
    await finish(f, run);
    const { runs } = await site.store.listRuns({ filter: {}, limit: 9 });
    expect(new Set(runs.map(({ payloadKey }) => payloadKey)).size).toBe(1);
    const other = await f.run(patients, input);
    expect((await site.store.getRun({ run: other }))?.payloadKey).not.toBe(runs[0]?.payloadKey);
  });

  test("that one without calls has a key of its own, which outlives it", async () => {
    const site = await Site.open();
    const secret = workflow({ name: "secret", encrypt: true }, async (ctx) => ctx.step("s", () => `${word}-inner`));
    const open = workflow({ name: "open" }, async (ctx) => {
      const inner = await ctx.call(secret, undefined);
      await ctx.waitFor("go");
      return inner.length;
    });
    const f = await site.start([secret, open]);
    const run = await f.run(open);
    await f.until(run, "waiting", "waiting_for_event");
    const { runs } = await site.store.listRuns({ filter: { workflow: "secret" }, limit: 1 });
    await site.store.deleteRuns({ by: tester, runs: runs.map(({ id }) => id), now: 1 });
    expect(site.found(word)).toEqual([]);
    f.crash();
    const next = await site.start([secret, open]);
    await next.emit("go");
    expect((await next.ended(run)).output).toBe(`${word}-inner`.length);
  });

  test("is forked, retried and goes on as another under the same key", async () => {
    const site = await Site.open();
    let fails = true;
    const counting = workflow({ name: "counting", encrypt: true }, async (ctx, n: number) => {
      const text = await ctx.step("kept", () => `${word}-kept-${n}`);
      await ctx.step("may-fail", () => {
        if (fails) throw new Error(`${word}-failed`);
      });
      if (n > 0) await ctx.continueAs(n - 1);
      return text;
    });
    const f = await site.start([counting]);
    const failed = await f.run(counting, 1);
    expect(await f.ended(failed)).toMatchObject({ status: "failed", error: { message: `${word}-failed` } });
    fails = false;
    const forked = await f.engine.operations.fork({ by: tester, run: failed, from: "may-fail" });
    if (!forked.ok) throw new Error(forked.error.message);
    expect((await f.ended(forked.value.id)).status).toBe("completed");
    const again = await f.engine.operations.fork({ by: tester, run: failed, from: "may-fail", input: encodeValue(0) });
    if (!again.ok) throw new Error(again.error.message);
    expect((await f.ended(again.value.id)).output).toBe(`${word}-kept-1`);
    expect((await f.engine.operations.retry(tester, failed)).ok).toBe(true);
    expect((await f.ended(failed)).status).toBe("completed");
    const { runs } = await site.store.listRuns({ filter: {}, limit: 9 });
    expect(runs.length).toBe(5);
    expect(new Set(runs.map(({ payloadKey }) => payloadKey)).size).toBe(1);
    expect(site.found(word)).toEqual([]);
  });

  test("that was moved to another place in the files is refused", async () => {
    const site = await Site.open();
    const two = workflow({ name: "two", encrypt: true }, async (ctx) => {
      const a = await ctx.step("a", () => "first");
      const b = await ctx.step("b", () => "second");
      await ctx.waitFor("go");
      return [a, b];
    });
    const f = await site.start([two]);
    const run = await f.run(two);
    await f.until(run, "waiting", "waiting_for_event");
    const { entries } = await site.store.readJournal({ run, bytesMax: 10_000 });
    const [a, b] = entries;
    if (a === undefined || b === undefined) throw new Error("there are two steps");
    const of = { run, fork: false };
    expect(
      (await f.engine.values.loadEntries(entries, of)).map(({ value }) => value && decodeValue(value)).slice(0, 2),
    ).toEqual(["first", "second"]);
    const swapped = [{ ...a, value: b.value }];
    expect(f.engine.values.loadEntries(swapped, of)).rejects.toMatchObject({ code: "payload_unreadable" });
    expect(f.engine.values.loadEntries([a], { ...of, run: "other" })).rejects.toMatchObject({
      code: "payload_unreadable",
    });
    const changed = a.value?.with(-1, (a.value.at(-1) ?? 0) ^ 1) ?? Uint8Array.of();
    expect(f.engine.values.load(changed)).rejects.toMatchObject({ code: "payload_unreadable" });
  });
});

describe("erasing", () => {
  test("a run leaves its shape and nothing else, and what would need its values is refused", async () => {
    const site = await Site.open();
    const keys = site.keys();
    const f = await site.start([patients, helper], keys);
    const run = await f.run(patients, input);
    const { payloadKey = "" } = (await site.store.getRun({ run })) ?? {};
    expect(await keys.eraseKey({ by: tester, key: payloadKey })).toMatchObject({
      ok: false,
      error: { code: "run_not_final" },
    });
    await finish(f, run);
    expect(await keys.eraseKey({ by: tester, key: payloadKey })).toEqual({ ok: true, value: { runs: 2 } });
    const record = await site.store.getRun({ run });
    expect([record?.status, isErased(record?.input), isErased(record?.output)]).toEqual(["completed", true, true]);
    expect(f.engine.values.load(record?.output ?? Uint8Array.of())).rejects.toMatchObject({ code: "payload_erased" });
    const refused = { ok: false, error: { code: "payload_erased" } };
    expect(await f.engine.operations.fork({ by: tester, run })).toMatchObject(refused);
    expect(await f.engine.history.export({ run })).toMatchObject(refused);
    expect((await f.journal(run)).length).toBeGreaterThan(8);
    // Even the key of the key opens nothing: it is not there any more.
    expect(site.keys().sealOf(payloadKey)).rejects.toMatchObject({ code: "payload_erased" });
  });

  test("a workflow's key erases all its runs, and new ones are sealed with another", async () => {
    const site = await Site.open();
    const keys = site.keys();
    const simple = workflow({ name: "simple", encrypt: true }, async (ctx, text: string) => ctx.step("s", () => text));
    const f = await site.start([simple], keys);
    const runs = [await f.run(simple, "a"), await f.run(simple, "b")];
    for (const run of runs) await f.ended(run);
    expect(await keys.eraseWorkflow({ by: tester, workflow: "simple" })).toEqual({
      ok: true,
      value: { runs: 2, keys: 2 },
    });
    expect((await f.result(simple, "c")).output).toBe("c");
    expect(await keys.list()).toContainEqual({ workflow: "simple", keys: 1, erased: 2, readable: true });
    expect(await keys.eraseWorkflow({ by: tester, workflow: "none" })).toMatchObject({
      error: { code: "key_not_found" },
    });
  });
});

describe("a new key", () => {
  test("opens what was sealed before, after a restart too, and the key before opens nothing any more", async () => {
    const site = await Site.open();
    const keys = site.keys();
    const f = await site.start([patients, helper], keys);
    const run = await f.run(patients, input);
    await f.until(run, "waiting", "waiting_for_event");
    const [before] = await site.store.payloadKeys.listPayloadKeys({ workflow: "patients", limit: 1 });
    expect(await keys.rotate({ by: tester, workflow: "patients" })).toEqual({ ok: true, value: { rewrapped: 1 } });
    const [after] = await site.store.payloadKeys.listPayloadKeys({ workflow: "patients", limit: 1 });
    expect(after?.wrapped).not.toEqual(before?.wrapped);
    f.crash();
    const next = await site.start([patients, helper]);
    expect(await finish(next, run)).toEqual(expected);
  });

  test("of the ring, as secrets have it, keeps everything readable", async () => {
    const site = await Site.open();
    const f = await site.start([helper, patients]);
    const run = await f.run(patients, input);
    await finish(f, run);
    const common = { clock: systemClock, random: systemRandom };
    const vault = new Vault({ store: site.store.secrets, keys: openKeyFolder(site.keyFolder), ...common });
    await vault.rotate({ by: tester });
    expect(await vault.list()).toEqual([]);
    expect(await vault.read({ from: "store", name: ":payloads/patients" })).toBeUndefined();
    const next = await site.start([helper, patients]);
    expect((await next.ended(run)).output).toEqual(expected);
  });

  test("is not needed to start where there is none to be found: those runs are refused, others go on", async () => {
    const site = await Site.open();
    const f = await site.start([patients, helper]);
    const run = await f.run(patients, input);
    await f.until(run, "waiting", "waiting_for_event");
    f.crash();
    // As after a restore on another machine.
    rmSync(site.keyFolder, { recursive: true });
    const next = await site.start([patients, helper]);
    const started = await next.engine.startRun({ by: tester, workflow: "patients", input: encodeValue(input) });
    expect(started).toMatchObject({ ok: false, error: { code: "payload_unreadable" } });
    expect((await next.result(helper, "x")).status).toBe("completed");
    await next.emit("go", { to: 1 });
    await next.until(run, "waiting", "error");
    expect((await site.keys().list()).map(({ readable }) => readable)).toEqual([false, false]);
  });
});

test("a workflow that gathers inputs cannot be encrypted, and a deployment says so", async () => {
  const site = await Site.open();
  const f = await site.start([helper]);
  const gathers = workflow({ name: "gathers", encrypt: true, batch: { size: 2, wait: "1s" } }, async () => 1);
  const refused = await f.engine.deploy("v2", manifestOf([gathers]));
  expect(refused).toMatchObject({ ok: false, error: { code: "invalid_workflow" } });
});

test("with the setting for all, a workflow says whether it is not", async () => {
  const site = await Site.open();
  const keys = site.keys();
  const plain = workflow({ name: "plain", encrypt: false }, async (ctx) => ctx.step("s", () => "PLAIN-yes"));
  const other = workflow({ name: "other" }, async (ctx) => ctx.step("s", () => `${word}-no`));
  const f = await EngineFixture.start({ workflows: [plain, other], store: site.store, sealing: { keys, all: true } });
  expect((await f.result(plain)).output).toBe("PLAIN-yes");
  expect((await f.result(other)).output).toBe(`${word}-no`);
  expect([site.found(word), site.found("PLAIN-yes").length > 0]).toEqual([[], true]);
});
