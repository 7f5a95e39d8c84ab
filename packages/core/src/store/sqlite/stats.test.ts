import { expect, test } from "bun:test";
import { finish, start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";
import { stats } from "./stats.ts";

const bench = withBench();

test("completed runs are what the others leave, for everybody and for some", () => {
  const { on } = bench;
  for (let i = 0; i < 12; i++) {
    on.hot(`r${i}`, { workflow: i % 3 === 0 ? "a" : "b", timeoutAt: start + 9 });
    if (i % 2 === 0) on.append(`r${i}`, finish());
  }
  expect(stats(on.db, undefined)).toMatchObject({ runs: { completed: 6, running: 6 }, timers: 6 });
  const some = stats(on.db, { access: { workflows: ["a"] }, names: [] });
  expect(some).toMatchObject({ runs: { completed: 2, running: 2 }, timers: 2, events: 0 });
  expect(stats(on.db, { access: { workflows: [] } }).runs).toEqual({});
  expect(some.bytes).toBe(stats(on.db, undefined).bytes);
});
