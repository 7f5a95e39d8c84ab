import { expect, test } from "bun:test";
import { matchesAny } from "../../kernel/patterns.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";
import { visibleWorkflows } from "./visible-workflows.ts";

const bench = withBench();
const names = ["a", "a\0", "a/b", "a/c", "ab", "b", "\u{FFFD}", "\u{1F600}x"];

test("the workflows with runs that fit the patterns are found", () => {
  for (const [index, workflow] of [...names, ...names].entries()) bench.on.hot(`r${index}`, { workflow });
  const visible = (...workflows: string[]) => visibleWorkflows(bench.on.db, { workflows })?.toSorted();
  for (const patterns of [["a*"], ["a/*", "b"], ["*x"], ["a*b"], ["\u{FFFD}*", "a"], ["a\0*"], []]) {
    expect(visible(...patterns)).toEqual(names.filter((name) => matchesAny(patterns, name)).toSorted());
  }
  // A name that is written out costs no look: it need not have runs.
  expect(visible("none", "no*")).toEqual(["none"]);
});

test("access that narrows nothing is none", () => {
  const { db } = bench.on;
  expect(visibleWorkflows(db, undefined)).toBeUndefined();
  expect(visibleWorkflows(db, { workflows: ["b", "*"] })).toBeUndefined();
  expect(visibleWorkflows(db, { workflows: ["b*"] }, "bc")).toBeUndefined();
  expect(visibleWorkflows(db, { workflows: ["b*"] }, "a")).toEqual([]);
});
