import { expect, test } from "bun:test";
import { start, value } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("what has expired is absent, and found by the sweep, oldest first", () => {
  const { state } = bench.on.t;
  state.put({ scope: "s", key: "late", expiresAt: start + 2 }, value(1));
  state.put({ scope: "s", key: "early", expiresAt: start + 1 }, value(1));
  state.put({ scope: "s", key: "never" }, value(1));
  expect(state.get("s", "early", start + 1)).toBeUndefined();
  expect(state.get("s", "late", start + 1)).toBeDefined();
  expect(state.expired(start + 2, 9).map(({ key }) => key)).toEqual(["early", "late"]);
  expect(state.expired(start + 2, 1)).toHaveLength(1);
  expect([...state.keysOf("s")].toSorted()).toEqual(["early", "late", "never"]);
});
