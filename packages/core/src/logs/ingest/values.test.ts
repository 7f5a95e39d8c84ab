import { describe, expect, test } from "bun:test";
import { emptyFields, flattenInto, momentOf, momentOfNanos } from "./values.ts";

const noon = Date.UTC(2026, 2, 4, 12);

describe("a moment", () => {
  test.each([
    ["2026-03-04T12:00:00Z", noon, 0],
    ["2026-03-04T12:00:00.123456789Z", noon + 123, 456_789],
    ["2026-03-04T13:00:00.5+01:00", noon + 500, 0],
    [noon, noon, 0],
    [noon / 1_000, noon, 0],
    [noon / 1_000 + 0.25, noon + 250, 0],
    [noon * 1_000 + 7, noon, 7_000],
    [String(noon), noon, 0],
    [`${noon}123456`, noon, 123_456],
  ])("may be written as %p", (value, timeMs, subNs) => {
    expect(momentOf(value)).toEqual({ timeMs, subNs });
  });

  test.each([["yesterday"], [Number.NaN], [-1], [{}], [null]])("is not %p", (value) => {
    expect(momentOf(value).timeMs).toBeNaN();
  });

  test("of nanoseconds loses none of them", () => {
    expect(momentOfNanos("1772625600000000001")).toEqual({ timeMs: 1_772_625_600_000, subNs: 1 });
    expect(momentOfNanos("5")).toEqual({ timeMs: 0, subNs: 5 });
    expect(momentOfNanos("1e18").timeMs).toBeNaN();
  });
});

test("objects become flat fields, whatever they are called", () => {
  const fields = emptyFields();
  flattenInto(fields, "", { a: { b: { c: 1 }, n: null }, list: [1, { x: 2 }], ok: true, __proto__: 1, t: "x" });
  flattenInto(fields, "", JSON.parse('{"__proto__":{"polluted":true}}'));
  expect({ ...fields }).toEqual({ "a.b.c": 1, list: '[1,{"x":2}]', ok: true, t: "x", "__proto__.polluted": true });
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  let deep: unknown = 1;
  for (let i = 0; i < 100; i++) deep = { d: deep };
  flattenInto(fields, "deep", deep);
  expect(Object.keys(fields).filter((name) => name.startsWith("deep"))).toHaveLength(1);
});
