// Filters of the list of runs.
import { expect, test } from "bun:test";
import { belongs, bulkFilterOf, describeFilter, filterOf } from "./run-filter.ts";

const run = {
  id: "r",
  workflow: "shop/pay",
  status: "failed",
  statusReason: null,
  createdAt: 1_000,
  startedAt: null,
  endedAt: null,
} as const;

test("the URL's words become the API's, with times counted back from now", () => {
  expect(filterOf({}, 5)).toEqual({});
  expect(filterOf({ workflow: "a", status: ["failed"], within: "1h", from: 1 }, 3_600_005)).toEqual({
    workflow: "a",
    status: ["failed"],
    from: 5,
  });
  expect(
    filterOf({ status: [], from: 1, to: 9, tag: "t", parent: "p", version: "v", chain: "c", attr: "a=1" }, 0),
  ).toEqual({
    from: 1,
    to: 9,
    tag: "t",
    parent: "p",
    version: "v",
    chain: "c",
    attr: "a=1",
  });
  expect(filterOf({ reason: ["poison"], ended: "1h" }, 3_600_005)).toEqual({ reason: ["poison"], endedFrom: 5 });
});

test("a run that changed is in the list, is not, or nobody here can say", () => {
  expect(belongs(run, {})).toBe(true);
  expect(belongs(run, { workflow: "shop/pay", status: ["failed", "timedout"], from: 1_000, to: 1_001 })).toBe(true);
  expect(belongs(run, { workflow: "other" })).toBe(false);
  expect(belongs(run, { status: ["completed"] })).toBe(false);
  expect(belongs(run, { from: 1_001 })).toBe(false);
  expect(belongs(run, { to: 1_000 })).toBe(false);
  expect(belongs(run, { reason: ["poison"] })).toBe(false);
  expect(belongs({ ...run, statusReason: "poison" }, { reason: ["poison"] })).toBe(true);
  expect(belongs(run, { endedFrom: 5 })).toBe(false);
  expect(belongs({ ...run, endedAt: 5 }, { endedFrom: 5 })).toBe(true);
  expect(belongs(run, { tag: "x" })).toBeUndefined();
  expect(belongs(run, { tag: "x", workflow: "other" })).toBe(false);
});

test("a bulk operation takes conditions as a list", () => {
  expect(bulkFilterOf({ tag: "t" })).toEqual({ tag: "t" });
  expect(bulkFilterOf({ attr: 'a=1,b="x,y"' })).toEqual({ attributes: ["a=1", 'b="x,y"'] });
});

test("a filter says what it asks for", () => {
  const words = (status: string) => status.toUpperCase();
  expect(describeFilter({}, words)).toBe("of every workflow");
  expect(describeFilter({ workflow: "a", status: ["failed", "timedout"], tag: "t", from: 1 }, words)).toBe(
    "of a, that are failed or timedout, tagged t, of the chosen time",
  );
});
