// The simulation on Node: engine, worker, store in memory and all that plays them need nothing of Bun.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { playSeeds } from "./seeds.suite.ts";

const loop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

void test("50 seeds of everything going wrong, on Node", async () => {
  assert.equal("Bun" in globalThis, false);
  const { failures, total } = await playSeeds({ from: 1, count: 50, loop });
  assert.deepEqual(failures, []);
  assert.ok(total.runs > 150 && total.effects > 500);
});
