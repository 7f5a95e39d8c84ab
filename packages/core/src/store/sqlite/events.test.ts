import { expect, test } from "bun:test";
import { start, value } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("the oldest match is found across pages, by key and without, from the creation of the run on", () => {
  const { events } = bench.on.t;
  bench.on.hot("r1");
  for (let i = 0; i < 300; i++) {
    if (i === 150) bench.on.hot("r2");
    events.insert({
      name: "e",
      key: i % 2 === 0 ? "even" : undefined,
      payload: value({ i, tens: i % 10 }),
      at: start,
    });
  }
  const find = (more: object) => events.find({ run: "r1", name: "e", ...more })?.event.id;
  expect(find({})).toBe(1);
  expect(find({ match: value({ i: 148 }) })).toBe(149);
  expect(find({ match: value({ i: 299 }) })).toBe(300);
  expect(find({ match: value({ i: 299 }), key: "even" })).toBeUndefined();
  expect(find({ match: value({ i: 298 }), key: "even" })).toBe(299);
  expect(find({ run: "r2" })).toBe(151);
  expect(find({ run: "r2", key: "even" })).toBe(1);
  expect(events.consume("r1", 1, 0)).toBe(true);
  expect(events.consume("r1", 1, 5)).toBe(false);
  expect(find({})).toBe(2);
  events.release("r1", 0);
  expect(find({})).toBe(1);
});
