// The ready-made service and `ctx.transaction` against a real PostgreSQL server, by Bun's client and by the package `postgres`; and
// a process that is killed between the commit there and the journal's.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secret, workflow } from "sluice";
import type { PostgresDatabase, RunHandle } from "sluice";
import { postgres } from "sluice/services";
import { testEngine } from "sluice/testing";
import type { TestEngine } from "sluice/testing";
import { installPeers, loadPostgres, peersInstallMs, startPostgres } from "./service-peers.suite.ts";
import type { PeerServer } from "./service-peers.suite.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installPeers();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

/** What is on its way out there takes real time, while virtual time may leap. */
const patient = { timeout: "365 days", retry: false } as const;

/** The result of a run that may have to wait for its next attempt. */
async function resultOf(engine: TestEngine, run: RunHandle): Promise<unknown> {
  const result = run.result();
  const over = result.then(
    () => true,
    () => true,
  );
  for (let ended = false; !ended;) {
    if ((await run.get()).status === "waiting") await engine.advance("1m");
    const turn = new Promise<boolean>((resolve) => void setImmediate(() => resolve(false)));
    ended = await Promise.race([over, turn]);
  }
  return result;
}

/** What of a connection is used here. */
interface Connection extends PostgresDatabase {
  unsafe(sql: string, params?: never): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close?: () => Promise<void>;
  end?: () => Promise<void>;
}

describe.skipIf(refusal !== undefined)("PostgreSQL", () => {
  const work = mkdtempSync(join(tmpdir(), "sluice-pg-"));
  let peer: PeerServer | undefined;
  beforeAll(async () => {
    peer = await startPostgres();
  }, peersInstallMs);
  afterAll(async () => {
    await peer?.[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });
  const url = (): string => peer?.url ?? "";
  const bun = (): Connection => new Bun.SQL({ url: url(), max: 4 }) as unknown as Connection;
  const packaged = async (): Promise<Connection> => {
    const client = await loadPostgres<(url: string, options: object) => Connection>();
    return client(url(), { max: 4, onnotice: () => undefined });
  };
  const closed = async (db: Connection): Promise<void> => (db.close ?? db.end)?.call(db);

  test("statements are steps, with parameters; the URL is a secret", async () => {
    const sql = postgres.withConfig({ auth: { url: secret("pg") } });
    const flow = workflow({ name: "statements", services: { sql } }, async (ctx) => {
      const { execute, query } = ctx.services.sql;
      await execute({ sql: "CREATE TABLE t (id int PRIMARY KEY, name text)" }, patient);
      const insert = { sql: "INSERT INTO t VALUES ($1, $2), (2, NULL)", params: [1, "'; DROP TABLE t; --"] };
      const changed = await execute(insert, patient);
      const rows = await query({ sql: "SELECT * FROM t ORDER BY id" }, patient);
      const failed = await query({ sql: "SELECT * FROM nothing" }, patient).catch((error: unknown) => String(error));
      return { changed, rows, failed };
    });
    await using engine = await testEngine({ workflows: [flow], secrets: { pg: url() } });
    const run = await engine.start(flow, undefined);
    expect(await run.result()).toEqual({
      changed: { changes: 2 },
      rows: [
        { id: 1, name: "'; DROP TABLE t; --" },
        { id: 2, name: null },
      ],
      failed: expect.stringContaining("nothing"),
    });
    expect(JSON.stringify(await run.steps())).not.toContain("shop-password");
  });

  const makers: readonly (readonly [string, () => Connection | Promise<Connection>])[] = [
    ["Bun's client", bun],
    ["the package postgres", packaged],
  ];
  test.each(makers)(
    "a transaction takes place once with %s, also when two execute it at the same time",
    async (name, make) => {
      const db = await make();
      const other = await make();
      const table = `orders_${name.length}`;
      await db.unsafe(`CREATE TABLE ${table} (id serial)`);
      let failing = true;
      const flow = (using: Connection) =>
        workflow({ name: "order" }, (ctx) =>
          ctx.transaction(
            using,
            async (connection) => {
              await connection.unsafe(`INSERT INTO ${table} DEFAULT VALUES`);
              if (failing) {
                failing = false;
                throw new Error("after the effect");
              }
              const [row] = await connection.unsafe(`SELECT count(*)::int AS n FROM ${table}`);
              return { count: row?.["n"], at: new Date(7) };
            },
            { retry: { attempts: 2, delay: 0 }, timeout: "365 days" },
          ),
        );
      // Two engines that both believe to hold the run: one of them was taken for dead.
      await using first = await testEngine({ workflows: [flow(db)], seed: name.length });
      await using second = await testEngine({ workflows: [flow(other)], seed: name.length });
      const runs = await Promise.all([first.start("order", undefined), second.start("order", undefined)]);
      expect(runs[0].id).toBe(runs[1].id);
      expect(await Promise.all([resultOf(first, runs[0]), resultOf(second, runs[1])])).toEqual([
        { count: 1, at: new Date(7) },
        { count: 1, at: new Date(7) },
      ]);
      const [row] = await db.unsafe(`SELECT count(*)::int AS n FROM ${table}`);
      expect(row?.["n"]).toBe(1);
      await Promise.all([db, other].map(closed));
    },
    30_000,
  );

  test.each(makers)("with %s checkpoints of runs that are over go when they are a week old", async (name, make) => {
    const db = await make();
    await db.unsafe("DROP TABLE IF EXISTS sluice_checkpoints");
    const note = workflow({ name: "note", retry: { attempts: 1 } }, async (ctx, fails: boolean) => {
      await ctx.transaction(db, () => Promise.resolve(name), { timeout: "365 days" });
      if (fails) throw new Error("it may be retried");
    });
    await using engine = await testEngine({ workflows: [note] });
    const [over, failed] = [await engine.start(note, false), await engine.start(note, true)];
    await over.result();
    expect(await failed.result().catch(String)).toContain("it may be retried");
    await engine.advance("8 days");
    const last = await engine.start(note, false);
    await last.result();
    const runs = async (): Promise<(string | undefined)[]> =>
      (await db.unsafe("SELECT key FROM sluice_checkpoints")).map(({ key }) => String(key).split(":")[0]);
    // It goes beside the run.
    while ((await runs()).includes(over.id)) await new Promise((resolve) => void setImmediate(resolve));
    expect(new Set(await runs())).toEqual(new Set([failed.id, last.id]));
    await closed(db);
  });

  test.each(makers)("with %s the table of checkpoints is made once by many at the same moment", async (_name, make) => {
    const dbs = await Promise.all(Array.from({ length: 8 }, async () => make()));
    const note = workflow({ name: "note", retry: { attempts: 1 } }, (ctx, at: number) =>
      ctx.transaction(dbs[at] ?? dbs[0]!, () => Promise.resolve(at)),
    );
    for (let round = 0; round < 10; round++) {
      await dbs[0]?.unsafe("DROP TABLE IF EXISTS sluice_checkpoints");
      await using engine = await testEngine({ workflows: [note] });
      const runs = await Promise.all(dbs.map((_, at) => engine.start(note, at)));
      expect(await Promise.all(runs.map((run) => run.result()))).toEqual([...dbs.keys()]);
    }
    for (const db of dbs) await closed(db);
  });

  test("killed after the commit of the effect, the run goes on with its result and does not repeat it", async () => {
    const marker = join(work, "marker");
    const child = join(import.meta.dir, "postgres-child.suite.ts");
    const args = [process.execPath, child, join(work, "data"), url(), marker];
    const first = Bun.spawn(args, { stdout: "pipe", stderr: "inherit" });
    await first.exited;
    expect([first.signalCode, await first.stdout.text()]).toEqual(["SIGKILL", ""]);
    const second = Bun.spawn(args, { stdout: "pipe", stderr: "inherit" });
    expect([await second.exited, await second.stdout.text()]).toEqual([0, "1\n"]);
    const db = bun();
    expect((await db.unsafe("SELECT id FROM killed")).map(({ id }) => id)).toEqual(["o-1"]);
    await closed(db);
    expect(readFileSync(`${marker}.calls`, "utf8")).toBe("x");
  }, 60_000);
});
