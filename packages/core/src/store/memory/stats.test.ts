import { expect, test } from "bun:test";
import { statsOf } from "./stats.ts";
import { Tables } from "./tables.ts";

test("of an empty store nothing is counted", () => {
  const nothing = { runs: {}, ready: 0, timers: 0, events: 0, bytes: 0, held: {} };
  expect(statsOf(new Tables("memory"), undefined)).toMatchObject({ ...nothing, held: expect.any(Object) as object });
});
