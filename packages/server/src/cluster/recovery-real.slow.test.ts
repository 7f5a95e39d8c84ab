// Failovers between two real PostgreSQL servers behind a real HAProxy, decided by epochs in a third PostgreSQL with a synchronous copy.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Sites, waitFor, whyNoSites } from "@sluice/core/cluster/double";
import { asking } from "../contract-fixture.suite.ts";
import { HttpFixture } from "../http-fixture.ts";

const missing = whyNoSites();
if (missing !== undefined) console.error(`left out: ${missing}`);

describe.skipIf(missing !== undefined)("between two real sites", () => {
  let sites: Sites;
  let fixture: HttpFixture;
  const ask = asking(() => fixture, new Set());
  beforeAll(async () => {
    sites = await Sites.start();
    fixture = await HttpFixture.make();
  }, 120_000);
  afterAll(async () => {
    await fixture[Symbol.asyncDispose]();
    await sites[Symbol.asyncDispose]();
  });

  const add = async (more: object = {}) => {
    const file = join(fixture.folder, "shop.yaml");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(sites.plan(more)));
    return (await ask("addRecovery", [], { body: { file: "shop.yaml" } })).body;
  };
  const check = async (protect = false) => (await ask("checkRecovery", ["shop"], { body: { protect } })).body;
  const plan = async (to: string, more: object = {}) =>
    (await ask("createFailover", ["shop"], { body: { to, ...more } })).body;
  const carryOut = async (to: string, more: object = {}) => {
    const { failover, error } = await plan(to, more);
    if (error !== undefined) throw new Error(JSON.stringify(error));
    const begun = await ask("beginFailover", [failover.id], { body: { hash: failover.hash } });
    if (begun.status !== 201) throw new Error(JSON.stringify(begun.body));
    await fixture.engine.ended(begun.body.failover.run);
    return (await ask("getFailover", [failover.id])).body.failover;
  };
  const rulesOf = async (): Promise<readonly string[]> =>
    (await check()).recovery.readiness.findings.map((each: { readonly rule: string }) => each.rule);

  test("an epoch store that replicates asynchronously decides nothing", async () => {
    await add();
    expect((await plan("b")).error).toMatchObject({
      code: "recovery_refused",
      details: { rule: "epochs-asynchronous" },
    });
    expect(await rulesOf()).toContain("epochs-asynchronous");
    await sites.synchronousEpochs(true);
    expect(await rulesOf()).not.toContain("epochs-asynchronous");
  }, 60_000);

  test("readiness says what is in the way until it is put right", async () => {
    expect(await rulesOf()).toEqual(expect.arrayContaining(["not-protected", "no-recent-drill", "no-probe"]));
    expect((await check(true)).error).toBeUndefined();
    expect(await rulesOf()).not.toContain("not-protected");
  }, 60_000);

  test("a drill moves a continuous writer to the other site and measures what that costs", async () => {
    const there = await carryOut("b", { kind: "drill" });
    expect(there).toMatchObject({ status: "completed", proofs: { db: "confirmed" }, exceptions: [] });
    const { measured } = there;
    expect(measured.lost).toBe(0);
    expect(measured.rpoMs).toBe(0);
    expect(measured.acknowledged).toBeGreaterThan(9);
    expect(measured.rtoMs).toBeGreaterThan(0);
    expect((await sites.b.query("SELECT epoch, writer FROM sluice.mark"))[0]).toMatchObject({ writer: "b" });
    const { recovery } = (await ask("getRecovery", ["shop"])).body;
    expect(recovery.lastDrill).toMatchObject({ id: there.id, measured });
    // Nobody can write at the site that was left.
    const there2 = new Bun.SQL({ url: `postgres://app@127.0.0.1:${sites.a.port}/postgres`, max: 1 });
    const refused = await there2.unsafe("INSERT INTO sluice.ledger VALUES ('x', 1, 'x')").then(
      () => "written",
      (error: unknown) => String(error),
    );
    expect(refused).toMatch(/read-only|too many connections/);
    await there2.close({ timeout: 0 });
  }, 120_000);

  test("failback wants the old site to follow again first, then goes the other way", async () => {
    const early = await carryOut("a");
    expect(early).toMatchObject({ status: "failed", broken: { rule: "standby-not-ready" } });
    await sites.a.kill();
    sites.a.follow(sites.b);
    await sites.a.start();
    await waitFor("a follows", async () => !(await rulesOf()).includes("standby-not-following"));
    expect((await check(true)).error).toBeUndefined();
    const back = await carryOut("a", { mode: "graceful", kind: "drill" });
    expect(back).toMatchObject({ status: "completed", measured: { lost: 0 } });
  }, 120_000);

  test("a site that is gone is left by what its data prove; come back, it acknowledges nothing", async () => {
    await sites.b.kill();
    sites.b.follow(sites.a);
    await sites.b.start();
    await waitFor("b follows", async () => !(await rulesOf()).includes("standby-not-following"));
    expect((await check(true)).error).toBeUndefined();
    await sites.a.query("CREATE TABLE IF NOT EXISTS public.orders (n int)");
    await sites.a.query("GRANT INSERT, SELECT ON public.orders TO PUBLIC");
    await sites.a.query("INSERT INTO public.orders SELECT generate_series(1, 500)");
    await sites.a.kill();
    const refused = await carryOut("b", { mode: "ungraceful" });
    expect(refused).toMatchObject({ status: "failed", broken: { rule: "too-few-observers" } });
    const gone = await carryOut("b", { mode: "ungraceful", overrides: ["too-few-observers"] });
    expect(gone).toMatchObject({
      status: "completed",
      proofs: { db: "synchronous" },
      exceptions: [{ rule: "too-few-observers" }],
      loss: [{ bytes: 0 }],
    });
    expect((await sites.b.query("SELECT count(*)::int AS count FROM public.orders"))[0]).toEqual({ count: 500 });
    await sites.a.start();
    const late = new Bun.SQL({ url: `postgres://app@127.0.0.1:${sites.a.port}/postgres`, max: 1 });
    const write = late.unsafe("INSERT INTO public.orders VALUES (501)").then(
      () => "acknowledged",
      () => "refused",
    );
    await waitFor("the write waits for a site that takes nothing from it", async () => {
      const sql = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
      return (await sites.a.query(sql))[0]?.["count"] === 1;
    });
    expect(await Promise.race([write, Promise.resolve("waiting")])).toBe("waiting");
    await sites.a.kill();
    expect(await write).toBe("refused");
    await late.close({ timeout: 0 });
  }, 120_000);
});
