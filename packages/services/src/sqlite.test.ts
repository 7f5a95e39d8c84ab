// A real database file.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workflow } from "sluice";
import { testEngine } from "sluice/testing";
import { calling } from "./calling.fixture.suite.ts";
import { sqlite } from "./sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("statements are steps, with parameters", async () => {
  await using it = await calling(sqlite.withConfig({ config: { file: join(folder, "a.db") } }));
  await it.call("execute", { sql: "CREATE TABLE t (id INTEGER, name TEXT)" });
  const insert = { sql: "INSERT INTO t VALUES (?, ?), (2, NULL)", params: [1, "'; DROP TABLE t; --"] };
  expect(await it.call<object>("execute", insert)).toEqual({ changes: 2 });
  expect(await it.call<object>("query", { sql: "SELECT * FROM t ORDER BY id" })).toEqual([
    { id: 1, name: "'; DROP TABLE t; --" },
    { id: 2, name: null },
  ]);
  expect(it.call("query", { sql: "SELECT * FROM nothing" })).rejects.toThrow("nothing");
});

test("a transaction takes place once, and other statements stay out of it", async () => {
  const file = join(folder, "b.db");
  const shop = sqlite.withConfig({ config: { file } });
  let calls = 0;
  const order = workflow({ name: "order", services: { shop } }, async (ctx) => {
    await ctx.services.shop.execute({ sql: "CREATE TABLE orders (id TEXT)" });
    const added = await ctx.transaction(shop, (tx) => {
      calls++;
      tx.prepare("INSERT INTO orders VALUES (?)").run("o-1");
      return calls;
    });
    return [added, await ctx.services.shop.query({ sql: "SELECT id FROM orders" })];
  });
  await using engine = await testEngine({ workflows: [order] });
  const run = await engine.start(order, undefined);
  expect(await run.result()).toEqual([1, [{ id: "o-1" }]]);
  const db = new Database(file);
  expect(db.query("SELECT key FROM sluice_checkpoints").values()).toEqual([[`${run.id}:1`]]);
  db.close();
});
