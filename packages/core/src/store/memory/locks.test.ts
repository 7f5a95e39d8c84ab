import { describe, expect, test } from "bun:test";
import { expectSettled, Fixture, op } from "./fixture.suite.ts";

const events = (p: { readonly effects: { readonly deliveries: readonly { readonly event: unknown }[] } }) =>
  p.effects.deliveries.map(({ event }) => event) as Parameters<typeof expectSettled>[0];

async function setUp() {
  const f = new Fixture();
  for (const id of ["a", "b", "c"]) await f.hot(id);
  return f;
}

describe("locks", () => {
  test("have one holder, and go to waiters in the order in which they came", async () => {
    const f = await setUp();
    expectSettled((await f.append("a", op.lock(0, "l"))).events, [0, "completed", { fence: 1 }]);
    expectSettled((await f.append("b", op.lock(0, "l"))).events);
    expectSettled((await f.append("c", op.lock(0, "l"))).events);
    const freed = await f.append("a", op.unlock(1, "l", 1));
    expectSettled(freed.events, [1, "completed", true]);
    expectSettled(events(freed), [0, "completed", { fence: 2 }]);
    const passed = await f.append("b", op.finish());
    expect(passed.effects.deliveries.map(({ run }) => run)).toEqual(["c"]);
    expectSettled(events(passed), [0, "completed", { fence: 3 }]);
  });

  test("are waited for by their holder, too, and freed by nobody else", async () => {
    const f = await setUp();
    await f.append("a", op.lock(0, "l"));
    expectSettled((await f.append("a", op.lock(1, "l"))).events);
    expectSettled((await f.append("b", op.unlock(0, "l", 1))).events, [0, "completed", false]);
    expectSettled((await f.append("a", op.unlock(2, "l", 9))).events, [2, "completed", false]);
    const own = await f.append("a", op.unlock(3, "l", 1));
    expectSettled(own.events, [1, "completed", { fence: 2 }], [3, "completed", true]);
  });

  test("keep counting fences after they were free", async () => {
    const f = await setUp();
    await f.append("a", op.lock(0, "l"), op.unlock(1, "l", 1));
    expectSettled((await f.append("b", op.lock(0, "l"))).events, [0, "completed", { fence: 2 }]);
  });

  test("expire, and the late holder frees nothing", async () => {
    const f = await setUp();
    await f.append("a", op.lock(0, "l", { ttl: 500 }));
    f.now = 1500;
    expectSettled((await f.append("a", op.unlock(1, "l", 1))).events, [1, "completed", false]);
    expectSettled((await f.append("b", op.lock(0, "l", { ttl: 500 }))).events, [0, "completed", { fence: 2 }]);
    expectSettled((await f.append("a", op.unlock(2, "l", 1))).events, [2, "completed", false]);
    await f.append("c", op.lock(0, "l"));
    f.now = 2000;
    expectSettled((await f.append("a", op.lock(3, "l"))).events);
    expect(await f.journal("c")).toEqual([[0, "completed", { fence: 3 }]]);
  });

  test("are waited for no longer than the time limit", async () => {
    const f = await setUp();
    await f.append("a", op.lock(0, "l"));
    await f.append("b", op.lock(0, "l", { due: 2000 }));
    expectSettled(events(await f.fire(2000)), [0, "failed", "time limit"]);
    const freed = await f.append("a", op.unlock(1, "l", 1));
    expect(freed.effects.deliveries).toEqual([]);
    expectSettled((await f.append("c", op.lock(0, "l"))).events, [0, "completed", { fence: 2 }]);
  });
});
