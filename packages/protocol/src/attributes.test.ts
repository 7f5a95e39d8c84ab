import { describe, expect, test } from "bun:test";
import { attributeValue, conditionValue, isAttributeName, parseCondition, splitConditions } from "./attributes.ts";

describe("values of attributes", () => {
  test.each([
    ["number", 1.5, 1.5],
    ["number", "1", undefined],
    ["number", Number.NaN, undefined],
    ["boolean", false, false],
    ["boolean", 0, undefined],
    ["keyword", "a", "a"],
    ["keyword", "x".repeat(513), undefined],
    ["text", "x".repeat(4_096), "x".repeat(4_096)],
    ["text", "\0", undefined],
    ["text", "\ud800", undefined],
    ["time", new Date(5), 5],
    ["time", "1970-01-02T00:00:00Z", 86_400_000],
    ["time", "soon", undefined],
    ["time", 1.5, undefined],
  ] as const)("of type %s: %p is %p", (type, given, stored) => {
    expect(attributeValue(type, given)).toBe(stored as never);
  });

  test("names are words", () => {
    expect(["total", "a-b_C9", "9a", "a.b", "", "x".repeat(65)].map(isAttributeName)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("conditions", () => {
  test.each([
    ["total>=100", { name: "total", operator: ">=", value: "100" }],
    ["total!=-1", { name: "total", operator: "!=", value: "-1" }],
    ["name=a=b", { name: "name", operator: "=", value: "a=b" }],
    ["name=", { name: "name", operator: "=", value: "" }],
    ['name="a,b\\""', { name: "name", operator: "=", value: 'a,b"' }],
    ["note~two words", { name: "note", operator: "~", value: "two words" }],
    ["total", undefined],
    ["=1", undefined],
  ])("%s", (text, condition) => {
    expect(parseCondition(text)).toEqual(condition as never);
  });

  test("are separated by commas outside of quotes", () => {
    expect(splitConditions('a=1, b="x,\\"y",c<2,')).toEqual(["a=1", 'b="x,\\"y"', "c<2"]);
  });

  test("mean what the type makes of them", () => {
    const meant = (type: Parameters<typeof conditionValue>[0], text: string) => {
      const condition = parseCondition(text);
      return condition === undefined ? undefined : conditionValue(type, condition);
    };
    expect(meant("number", "n>=1e3")).toBe(1_000);
    expect(meant("number", "n=")).toBeUndefined();
    expect(meant("boolean", "b=true")).toBe(true);
    expect(meant("boolean", "b<true")).toBeUndefined();
    expect(meant("keyword", "k~part")).toBeUndefined();
    expect(meant("text", "t~part")).toBe("part");
    expect(meant("time", "t<2023-11-14")).toBe(1_699_920_000_000);
    expect(meant("time", "t>5")).toBe(5);
  });
});
