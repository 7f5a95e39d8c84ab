import { expect, test } from "bun:test";
import { start, value } from "../run-store.fixture.suite.ts";
import { listEvents } from "./event-list.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("rare names among many others are found wherever they are, in order, once", () => {
  for (let i = 1; i <= 2_500; i++) {
    const name = i % 800 === 1 ? "rare" : `often.${i % 3}`;
    bench.on.t.events.insert({ name, payload: value(i), at: start - i });
  }
  const list = (more: object) => listEvents(bench.on.db, { after: 0, limit: 3, ...more }).map(({ id }) => id);
  expect(list({ names: ["rare"] })).toEqual([1, 801, 1_601]);
  expect(list({ names: ["ra*e"], after: 1_601 })).toEqual([2_401]);
  expect(list({ name: "rare", after: 801, names: ["*"] })).toEqual([1_601, 2_401]);
  expect(list({ names: ["often.*"] })).toEqual([2, 3, 4]);
  expect(list({ names: ["*.1", "rare"], after: 799 })).toEqual([801, 802, 805]);
  expect(list({ names: [] })).toEqual([]);
  expect(list({ names: ["rare"], name: "often.1" })).toEqual([]);
  expect(list({ after: 2_499 })).toEqual([2_500]);
  const newest = (more: object = {}) => list({ order: "newest", ...more });
  expect(newest()).toEqual([2_500, 2_499, 2_498]);
  expect(newest({ after: 2_498 })).toEqual([2_497, 2_496, 2_495]);
  expect(newest({ after: 2 })).toEqual([1]);
  expect(newest({ name: "rare" })).toEqual([2_401, 1_601, 801]);
  expect(newest({ names: ["ra*e"], after: 801 })).toEqual([1]);
});
