import { expect, test } from "bun:test";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a version goes on growing when a value has expired", () => {
  const set = (now: number, more: object = {}) =>
    bench.on.verb("setState", { by: ada, scope: "s", key: "k", value: value(1), now, ...more });
  expect(set(start, { expiresAt: start + 5 })).toEqual({ outcome: "ok", version: 1 });
  expect(set(start + 5, { ifVersion: 1 })).toEqual({ outcome: "conflict", version: 0 });
  expect(set(start + 5, { ifVersion: 0 })).toEqual({ outcome: "ok", version: 2 });
});
