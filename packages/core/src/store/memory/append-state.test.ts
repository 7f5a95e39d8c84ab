import { expect, test } from "bun:test";
import type { StoreOp } from "../../kernel/run-store.ts";
import { expectSettled, Fixture, read, settled, value } from "./fixture.suite.ts";

type StateStoreOp = Extract<StoreOp, { readonly op: "state" }>;

function state(seq: number, verb: StateStoreOp["verb"], more: Partial<StateStoreOp> = {}): StoreOp {
  return { op: "state", seq, n: 0, name: `run:${verb}:k`, key: "k", scope: "run:a", verb, ...more };
}

test("state is read and changed together with its entry", async () => {
  const f = new Fixture();
  await f.hot("a");
  const { events } = await f.append(
    "a",
    state(0, "get"),
    state(1, "set", { value: value("v") }),
    state(2, "get"),
    state(3, "delete"),
    state(4, "delete"),
    state(5, "get", { scope: "global" }),
  );
  expectSettled(
    events,
    [0, "completed", undefined],
    [1, "completed", undefined],
    [2, "completed", "v"],
    [3, "completed", true],
    [4, "completed", false],
    [5, "completed", undefined],
  );
});

test("numbers are added to, from 0, and keep the time they have left", async () => {
  const f = new Fixture();
  await f.hot("a");
  const { events } = await f.append("a", state(0, "incr", { ttl: 500 }), state(1, "incr", { amount: -2.5 }));
  expectSettled(events, [0, "completed", 1], [1, "completed", -1.5]);
  const entry = await f.store.getState({ scope: "run:a", key: "k", now: 1000 });
  expect([read(entry?.value), entry?.version, entry?.expiresAt]).toEqual([-1.5, 2, 1500]);
  f.now = 1500;
  expectSettled((await f.append("a", state(2, "incr"))).events, [2, "completed", 1]);
});

test("what is not a number, or would not be one, fails and stays", async () => {
  const f = new Fixture();
  await f.hot("a");
  await f.append("a", state(0, "set", { value: value("text") }));
  const { events } = await f.append("a", state(1, "incr"), state(2, "incr", { key: "n", amount: Infinity }));
  expect(settled(events)).toMatchObject([
    [1, "failed", { code: "bad_request" }],
    [2, "failed", { code: "bad_request" }],
  ]);
  expect(read((await f.store.getState({ scope: "run:a", key: "k", now: 1000 }))?.value)).toBe("text");
  expect(await f.store.getState({ scope: "run:a", key: "n", now: 1000 })).toBeUndefined();
});
