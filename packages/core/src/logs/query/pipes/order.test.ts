import { expect, test } from "bun:test";
import { compareValues, limitPipe, sortPipe, uniqPipe } from "./order.ts";
import { through } from "./pipes.fixture.suite.ts";

const cut = (): never => {
  throw new Error("nothing has to be left out here");
};

test("the first so many pass, and no more are asked for", () => {
  const asked: boolean[] = [];
  const pipe = limitPipe(2, () => true);
  for (let i = 0; i < 3; i++) asked.push(pipe.push({ get: () => undefined, names: () => [], texts: () => [] }));
  expect(asked).toEqual([true, false, false]);
  expect(through([{ a: 1 }], (next) => limitPipe(0, next))).toEqual([]);
});

test("rows are sorted by size, then by text; what is absent comes last", () => {
  const rows = [{ a: "x" }, { a: 10 }, {}, { a: "9" }, { a: "b" }];
  const sorted = (descending: boolean) => through(rows, (next) => sortPipe([{ name: "a", descending }], { next, cut }));
  expect(sorted(false)).toEqual([{ a: "9" }, { a: 10 }, { a: "b" }, { a: "x" }, {}]);
  expect(sorted(true)).toEqual([{ a: "x" }, { a: "b" }, { a: 10 }, { a: "9" }, {}]);
  expect(compareValues(undefined, undefined)).toBe(0);
});

test("each combination of values passes once", () => {
  const rows = [{ a: 1, b: 1, c: 1 }, { a: 1, b: 1, c: 2 }, { a: 1 }, { a: 1 }];
  expect(through(rows, (next) => uniqPipe(["a", "b"], { next, cut }))).toEqual([{ a: 1, b: 1 }, { a: 1 }]);
});
