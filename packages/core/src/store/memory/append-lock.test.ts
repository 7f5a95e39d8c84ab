import { expect, test } from "bun:test";
import { expectSettled, Fixture, op } from "./fixture.suite.ts";

test("a lock that is asked for again after a crash is waited for once", async () => {
  const f = new Fixture();
  await f.hot("a");
  await f.hot("b");
  await f.append("a", op.lock(0, "l"));
  await f.append("b", op.lock(0, "l"));
  await f.append("b", op.lock(0, "l"));
  const freed = await f.append("a", op.unlock(1, "l", 1));
  expect(freed.effects.deliveries).toHaveLength(1);
  expectSettled((await f.append("b", op.unlock(1, "l", 2))).events, [1, "completed", true]);
  expectSettled((await f.append("a", op.lock(2, "l"))).events, [2, "completed", { fence: 3 }]);
});

test("a lock nobody wants to wait for is had at once or not at all", async () => {
  const f = new Fixture();
  await f.hot("a");
  const { events } = await f.append("a", op.lock(0, "l", { due: 1000 }), op.lock(1, "l", { due: 1000 }));
  expectSettled(events, [0, "completed", { fence: 1 }], [1, "failed", "time limit"]);
});

test("a waiter's own time to live begins when it gets the lock", async () => {
  const f = new Fixture();
  for (const id of ["a", "b", "c"]) await f.hot(id);
  await f.append("a", op.lock(0, "l"));
  await f.append("b", op.lock(0, "l", { ttl: 500 }));
  await f.append("c", op.lock(0, "l"));
  f.now = 5000;
  expect((await f.append("a", op.unlock(1, "l", 1))).effects.due).toBe(5500);
  expect(await f.fire(5499)).toMatchObject({ fired: 0, next: 5500 });
  expect(await f.fire(5500)).toMatchObject({ fired: 1, effects: { deliveries: [{ run: "c" }] } });
});
