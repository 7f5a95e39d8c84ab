import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { decodeErrorValue, decodeValue } from "@sluice/protocol";
import { database, defineService, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { PlayedEngine } from "./played-engine.suite.ts";

const db = new Database(":memory:");
db.run("CREATE TABLE orders (id TEXT NOT NULL)");
const orders = (): number => db.query("SELECT 1 FROM orders").values().length;

async function outcomes(engine: PlayedEngine): Promise<unknown[]> {
  return (await engine.acknowledge()).flatMap((op) =>
    op.op === "done"
      ? [[op.name, op.error === undefined ? decodeValue(op.value ?? new Uint8Array(0)) : decodeErrorValue(op.error)]]
      : [],
  );
}
const add = (tx: Database): number => tx.prepare("INSERT INTO orders VALUES ('o')").run().changes;

test("is a step: named, retried, and executed once though its journal entry is lost", async () => {
  let attempts = 0;
  const body = (ctx: Context): Promise<unknown> =>
    ctx.transaction(
      db,
      (tx, step) => {
        attempts++;
        if (step.attempt === 1) throw new Error("not yet");
        return [add(tx), step.idempotencyKey];
      },
      { name: "order", retry: { attempts: 2, delay: 1 } },
    );
  const first = new PlayedEngine([workflow({ name: "flow" }, body)]);
  await first.assign();
  await first.events({ event: "wake", seq: 0 });
  expect(await outcomes(first)).toEqual([["order", [1, "r:0"]]]);
  // Another worker takes the run up, as if nothing of that had reached the journal.
  const second = new PlayedEngine([workflow({ name: "flow" }, body)]);
  await second.assign({ epoch: 2 });
  expect(await outcomes(second)).toEqual([["order", [1, "r:0"]]]);
  expect([attempts, orders()]).toEqual([2, 1]);
});

test("takes the database of a service, which is started for it", async () => {
  let starts = 0;
  const service = defineService({
    id: "shop",
    setup: () => {
      starts++;
      return { [database]: db, count: () => orders() };
    },
  }).withConfig();
  const flow = workflow({ name: "flow", services: { shop: service } }, async (ctx) => {
    const added = await ctx.transaction(service, (tx) => add(tx));
    return [added, await ctx.services.shop.count()];
  });
  const engine = new PlayedEngine([flow]);
  await engine.assign({ run: "r", generation: 1 });
  expect(await outcomes(engine)).toEqual([
    ["transaction", 1],
    ["shop.count", 2],
  ]);
  expect(starts).toBe(1);
});

test("of a service without a database is refused, and so is one inside a step", async () => {
  const bare = defineService({ id: "bare", setup: () => ({ go: () => 1 }) }).withConfig();
  const flow = workflow({ name: "flow" }, async (ctx) => {
    await ctx.transaction(bare as never, () => 1).catch(() => 0);
    await ctx.step("outer", () => ctx.transaction(db, () => 1));
  });
  const engine = new PlayedEngine([flow]);
  await engine.assign();
  expect(await outcomes(engine)).toMatchObject([
    ["transaction", { code: "bad_request" }],
    ["outer", { code: "bad_request" }],
  ]);
});
