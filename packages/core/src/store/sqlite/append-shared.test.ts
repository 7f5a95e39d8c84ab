import { expect, test } from "bun:test";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { lock, ordered, sleep, start, state, unlock } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("adding to a number keeps its time to live unless a new one is given", () => {
  bench.on.hot("r1");
  bench.on.append("r1", state(0, "set", { value: 1, ttl: 500 }), state(1, "incr"));
  expect(bench.on.column("SELECT expires_at FROM state")).toEqual([start + 500]);
  bench.on.append("r1", state(2, "incr", { ttl: 900 }));
  expect(bench.on.column("SELECT expires_at FROM state")).toEqual([start + 900]);
  bench.on.append("r1", state(3, "set", { value: 1 }));
  expect(bench.on.column("SELECT expires_at FROM state")).toEqual([null]);
});

test("a state value in a blob names it until it is replaced or deleted", () => {
  bench.on.hot("r1");
  const large = (seq: number, character: string) => {
    const set = state(seq, "set", { value: 0 });
    return { ...set, value: encodeBlobRef(character.repeat(64)) } as typeof set;
  };
  const owners = "SELECT hash FROM blob_refs WHERE owner LIKE 'state %'";
  bench.on.append("r1", large(0, "a"), large(1, "b"));
  expect(bench.on.column(owners)).toEqual(["b".repeat(64)]);
  expect(bench.on.append("r1", state(2, "incr")).events).toMatchObject([{ status: "failed" }]);
  bench.on.append("r1", state(3, "delete"));
  expect(bench.on.column(owners)).toEqual([]);
});

test("an expired lock goes to its oldest waiter before a newcomer", () => {
  for (const id of ["r1", "r2", "r3"]) bench.on.hot(id);
  bench.on.append("r1", lock(0, "l", { ttl: 100 }));
  bench.on.append("r2", lock(0, "l"), sleep(1, start + 900));
  bench.on.now = start + 100;
  const asked = bench.on.append("r3", lock(0, "l"));
  expect(asked.events).toEqual([]);
  expect(asked.effects?.deliveries).toMatchObject([{ run: "r2", event: { seq: 0 } }]);
  expect(ordered(bench.on.append("r1", unlock(1, "l", 1)).events)).toEqual([[1, "completed", false]]);
});
