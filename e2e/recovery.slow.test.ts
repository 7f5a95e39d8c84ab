// Failovers of the shipped server between real sites: killed between any two steps it goes on where it was, and one that dies with its
// site is finished by another, whatever the first one does when it comes back.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Sites, waitFor, whyNoSites } from "@sluice/core/cluster/double";
import type { PgServer } from "@sluice/core/cluster/double";
import { asked } from "./cluster-double.ts";
import { killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const missing = whyNoSites();
if (missing !== undefined) console.error(`left out: ${missing}`);

interface Failover {
  readonly id: string;
  readonly hash: string;
  readonly run: string;
  readonly status: string;
  readonly epoch: number;
  readonly broken: { readonly rule: string } | null;
}
interface Made {
  readonly failover: Failover;
}
interface Journaled {
  readonly steps: readonly { readonly status: string }[];
}
interface Shown {
  readonly run: { readonly status: string };
}

describe.skipIf(missing !== undefined)("a server between two real sites", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-recovery-"));
  let sites: Sites;
  const servers = new Map<string, ServerProcess>();

  async function start(name: string): Promise<ServerProcess> {
    const project = join(folder, name);
    writeProject(project, { "shop.yaml": JSON.stringify(sites.plan({ readiness: { everyMs: 3_600_000 } })) });
    const server = await startServer({ project, data: join(folder, `${name}-data`) });
    servers.set(name, server);
    return server;
  }
  async function kill(name: string): Promise<void> {
    const server = servers.get(name);
    if (server !== undefined) await killAll(server);
  }
  const plan = async (server: ServerProcess, to: string, more: object = {}): Promise<Failover> =>
    (await asked<Made>(server, "POST /api/v1/recoveries/shop/failovers", { to, ...more })).failover;
  const begin = async (server: ServerProcess, { id, hash }: Failover): Promise<Failover> =>
    (await asked<Made>(server, `POST /api/v1/failovers/${id}/begin`, { hash })).failover;
  async function ended(server: ServerProcess, { id, run }: Failover): Promise<Failover> {
    await waitFor(`the end of ${run}`, async () => {
      const { run: shown } = await asked<Shown>(server, `GET /api/v1/runs/${run}?wait=5s`);
      return ["completed", "failed", "cancelled", "timedout"].includes(shown.status);
    });
    return (await asked<Made>(server, `GET /api/v1/failovers/${id}`)).failover;
  }
  /** The site that was left follows the other one again, which waits for it. */
  async function resynced(server: ServerProcess, left: PgServer, active: PgServer): Promise<void> {
    await left.kill();
    left.follow(active);
    await left.start();
    const sql = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'";
    await waitFor(`${left.name} follows`, async () => (await active.query(sql)).length > 0);
    await asked(server, "POST /api/v1/recoveries/shop/check", { protect: true });
  }

  beforeAll(async () => {
    sites = await Sites.start();
    await sites.synchronousEpochs(true);
    await sites.a.query("CREATE TABLE public.orders (n int); GRANT ALL ON public.orders TO PUBLIC");
  }, 180_000);
  afterAll(async () => {
    for (const name of servers.keys()) await kill(name);
    await sites[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("killed at every step of a failover it goes on where it was, and no step is done under two epochs", async () => {
    let server = await start("one");
    await asked(server, "POST /api/v1/recoveries", { file: "shop.yaml" });
    await asked(server, "POST /api/v1/recoveries/shop/check", { protect: true });
    let [active, other] = [sites.a, sites.b];
    for (let steps = 0; steps <= 11; steps++) {
      const begun = await begin(server, await plan(server, other.name));
      const done = async (): Promise<number> => {
        const { steps: rows } = await asked<Journaled>(server, `GET /api/v1/runs/${begun.run}/steps?limit=100`);
        return rows.filter(({ status }) => status === "completed").length;
      };
      while ((await done()) < steps) await Bun.sleep(2);
      await kill("one");
      server = await start("one");
      expect([steps, await ended(server, begun)]).toMatchObject([steps, { status: "completed", epoch: steps + 2 }]);
      const mark = "SELECT epoch::int AS epoch, writer FROM sluice.mark";
      expect([steps, (await other.query(mark))[0]]).toEqual([steps, { epoch: steps + 2, writer: other.name }]);
      await other.query(`INSERT INTO public.orders VALUES (${steps})`);
      await resynced(server, active, other);
      [active, other] = [other, active];
    }
    const { count } = (await active.query("SELECT count(DISTINCT n)::int AS count FROM public.orders"))[0] ?? {};
    expect(count).toBe(12);
  }, 400_000);

  test("one that dies with its site is finished by another; come back, it writes nothing", async () => {
    const one = servers.get("one");
    if (one === undefined) throw new Error("the first test has not run");
    const two = await start("two");
    await asked(two, "POST /api/v1/recoveries", { file: "shop.yaml" });
    const { recovery } = await asked<Listed>(two, "POST /api/v1/recoveries/shop/check", {});
    const { active: name, epoch } = recovery.readiness;
    const [active, other] = name === "a" ? [sites.a, sites.b] : [sites.b, sites.a];
    await active.query("INSERT INTO public.orders SELECT generate_series(1000, 1999)");
    // The engine of the first site is in the middle of leaving it when both are gone.
    const begun = await begin(one, await plan(one, other.name));
    await waitFor("a step", async () => {
      const { failover } = await asked<{ readonly failover: { readonly phase: string | null } }>(
        one,
        `GET /api/v1/failovers/${begun.id}`,
      );
      return failover.phase !== null;
    });
    await kill("one");
    await active.kill();
    const overrides = ["too-few-observers"];
    const planned = await plan(two, other.name, { mode: "ungraceful", overrides }).catch(() => undefined);
    const mark = "SELECT epoch::int AS epoch, writer FROM sluice.mark";
    // It may have got as far as to say that the other site is active; then there is nothing left to finish.
    if (planned !== undefined) {
      const finished = await ended(two, await begin(two, planned));
      expect(finished).toMatchObject({ status: "completed", exceptions: [{ rule: "too-few-observers" }] });
      expect(finished.epoch).toBeGreaterThan(epoch);
    }
    const after = (await other.query(mark))[0];
    expect(after).toMatchObject({ writer: other.name });
    expect((await other.query("SELECT count(*)::int AS count FROM public.orders WHERE n >= 1000"))[0]).toEqual({
      count: 1_000,
    });
    await active.start();
    const again = await start("one");
    const first = await ended(again, begun);
    expect(first.status).toBe(planned === undefined ? first.status : "failed");
    expect((await other.query(mark))[0]).toEqual(after ?? {});
    await otherIsTheOnlyWriter(active, other);
  }, 200_000);
});

interface Listed {
  readonly recovery: { readonly readiness: { readonly active: string; readonly epoch: number } };
}

/** Rows are acknowledged here, and nothing there: it refuses, or waits for a site that takes nothing from it. */
async function otherIsTheOnlyWriter(left: PgServer, active: PgServer): Promise<void> {
  await active.query("INSERT INTO public.orders VALUES (5000)");
  const client = new Bun.SQL({ url: `postgres://app@127.0.0.1:${left.port}/postgres`, max: 1, prepare: false });
  let acknowledged = false;
  const write = client.unsafe("INSERT INTO public.orders VALUES (6000)").then(
    () => (acknowledged = true),
    () => "refused",
  );
  const waits = async (): Promise<boolean> =>
    Number(
      (await left.query("SELECT count(*) AS count FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))[0]?.["count"],
    ) > 0;
  let over = false;
  void write.then(() => (over = true));
  await waitFor("the write is refused, or waits", async () => over || (await waits()));
  expect(acknowledged).toBe(false);
  await left.kill();
  expect(await write).toBe("refused");
  await client.close({ timeout: 0 });
}
