// Where a text stops being JSON.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonFaultLine } from "./json-fault.ts";

test.each([
  ['{\n  "a": 1,\n  "b": }\n', 3],
  ['{\n  "a": 1\n  "b": 2\n}', 3],
  ["{", 1],
  ['{"a": [1, 2}', 1],
  ["\n\n'a'", 3],
  ["{}\n{}", 2],
  ["", 1],
  ['{"a":1,}', 1],
])("%j ends to be JSON in line %d", (text, line) => {
  expect(jsonFaultLine(text)).toBe(line);
});

test("whatever is JSON has no such line, and what is none has one", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => jsonFaultLine(JSON.stringify(value, null, 2)) === undefined));
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), fc.constantFrom("", "x", "}", '"', ","), (value, place, put) => {
      const text = JSON.stringify(value);
      const cut = `${text.slice(0, place % text.length)}${put}${text.slice((place % text.length) + 1)}`;
      let isJson = true;
      try {
        JSON.parse(cut);
      } catch {
        isJson = false;
      }
      return (jsonFaultLine(cut) === undefined) === isJson;
    }),
  );
});
