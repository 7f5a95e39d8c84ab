// The store in memory with the whole suites of its ports, the simulated clock and the faulty store on Node: nothing in them is
// Bun's.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { crashAt, faultyStore } from "../../testing/faulty-store.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { auditLogSuite } from "../audit-log.suite.ts";
import { identityStoreSuite } from "../identity-store.suite.ts";
import { runStoreSuite } from "../run-store.suite.ts";
import { Fixture, by, childOf, newRun, op, settled, value } from "./fixture.suite.ts";
import { MemoryRunStore } from "./memory-run-store.ts";

runStoreSuite("in memory, on Node", () => new MemoryRunStore());
identityStoreSuite("in memory, on Node", () => new MemoryRunStore());
auditLogSuite("in memory, on Node", () => new MemoryRunStore());

void test("this is not Bun", () => {
  assert.equal("Bun" in globalThis, false);
});

void test("runs wait, wake, call, lock and end", async () => {
  const f = new Fixture();
  await f.hot("p", { timeoutAt: 60_000 });
  const made = await f.append(
    "p",
    op.lock(0, "l"),
    op.token(1, "t"),
    op.emit(2, "x", { n: 1 }),
    op.event(3, "x", { match: { n: 1 } }),
  );
  assert.deepEqual(settled(made.events), [
    [0, "completed", { fence: 1 }],
    [1, "completed", { token: "t" }],
    [2, "completed", 1],
    [3, "completed", { n: 1 }],
  ]);
  await f.append("p", op.call(4, childOf("p", 4)), op.callback(5, "t"), op.sleep(6, 5000), op.idle);
  assert.equal(await f.park("p"), "parked");
  assert.deepEqual(await f.claim(), ["p.4"]);
  await f.append("p.4", op.finish("out"));
  await f.store.completeToken({ by, token: "t", kind: "callback", value: value(5), now: 2000 });
  assert.equal((await f.fire(5000)).fired, 1);
  assert.deepEqual((await f.journal("p")).slice(4), [
    [4, "completed", "out"],
    [5, "completed", 5],
    [6, "completed", undefined],
  ]);
  assert.deepEqual(await f.claim(), ["p"]);
  assert.equal((await f.append("p", op.fail())).status, "failed");
  const retried = await f.store.retryRun({ by, run: "p", now: 5000 });
  assert.equal(retried.outcome, "ok");
});

void test("a crash leaves what was written before it", async () => {
  const f = new Fixture();
  const clock = new SimulatedClock(1000);
  const random = new SimulatedRandom(1);
  const faulty = faultyStore(f.store, { plan: crashAt(2, "before"), afterCrash: "reject" });
  clock.after(random.int(1, 100), () => faulty.crash());
  const create = (id: string) => faulty.store.createRun({ by, run: newRun(id), now: clock.now() });
  await create("a");
  await assert.rejects(create("b"), { code: "store_failed" });
  assert.equal(clock.advanceToNext(), true);
  assert.deepEqual(
    (await f.store.listRuns({ filter: {}, limit: 9 })).runs.map((run) => run.id),
    ["a"],
  );
});
