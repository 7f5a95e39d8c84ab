import { expect, test } from "bun:test";
import { start, value } from "../run-store.fixture.suite.ts";
import { fits } from "./events.ts";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("the oldest match is found across pages, by key and without, in one millisecond or many", () => {
  const { events } = bench.on.t;
  for (let i = 0; i < 300; i++) {
    events.insert({
      name: "e",
      key: i % 2 === 0 ? "even" : undefined,
      payload: value({ i, tens: i % 10 }),
      at: start + Math.floor(i / 150),
    });
  }
  const find = (more: object) => events.find({ run: "r1", name: "e", since: start, ...more })?.id;
  expect(find({})).toBe(1);
  expect(find({ match: value({ i: 148 }) })).toBe(149);
  expect(find({ match: value({ i: 299 }) })).toBe(300);
  expect(find({ match: value({ i: 299 }), key: "even" })).toBeUndefined();
  expect(find({ match: value({ i: 298 }), key: "even" })).toBe(299);
  expect(find({ since: start + 1 })).toBe(151);
  expect(find({ since: start + 1, key: "even" })).toBe(1);
  expect(events.consume("r1", 1, 0)).toBe(true);
  expect(events.consume("r1", 1, 5)).toBe(false);
  expect(find({})).toBe(2);
  events.release("r1", 0);
  expect(find({})).toBe(1);
});

test("what lives in a blob fits no pattern", () => {
  const reference = encodeBlobRef("ab".repeat(32));
  expect(fits(reference, undefined)).toBe(true);
  expect(fits(reference, value({}))).toBe(false);
  expect(fits(value({}), reference)).toBe(false);
  expect(fits(value({ a: 1 }), value({ a: 1 }))).toBe(true);
});
