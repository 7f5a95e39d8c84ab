import { expect, test } from "bun:test";
import { extractPipe, fieldsPipe, filterPipe, jsonPipe, logfmtPipe } from "./pass.ts";
import { through } from "./pipes.fixture.suite.ts";

test("rows are chosen, and so are their fields", () => {
  const rows = [{ a: 1, b: 2 }, { a: 3 }];
  expect(through(rows, (next) => filterPipe({ kind: "field", name: "a", op: ">", value: "2" }, next))).toEqual([
    { a: 3 },
  ]);
  expect(through(rows, (next) => fieldsPipe(["b", "a"], next))).toEqual([{ b: 2, a: 1 }, { a: 3 }]);
});

test("fields are taken out of texts; what has none passes as it is", () => {
  const extract = { pattern: String.raw`user=(?P<user>\w+)`, from: "_line" };
  expect(through([{ _line: "user=ada x" }, { _line: "x" }, {}], (next) => extractPipe(extract, next))).toEqual([
    { _line: "user=ada x", user: "ada" },
    { _line: "x" },
    {},
  ]);
  expect(through([{ m: '{"a":{"b":1}}' }, { m: "{no" }, { m: "text" }], (next) => jsonPipe("m", next))).toEqual([
    { m: '{"a":{"b":1}}', "a.b": 1 },
    { m: "{no" },
    { m: "text" },
  ]);
  expect(through([{ m: String.raw`a=1 b="two \"w\"" c= d` }], (next) => logfmtPipe("m", next))).toMatchObject([
    { a: "1", b: 'two "w"', c: "" },
  ]);
});
