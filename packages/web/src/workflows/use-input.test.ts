// The form and the JSON editor in step, and JSON values.
import { describe, expect, test } from "bun:test";
import { pointer, readJson, sameJson, withName } from "./json-value.ts";
import { changedInput, startInput } from "./use-input.ts";

describe("in step", () => {
  test("the form changes the text", () => {
    const state = changedInput(startInput({ a: 1 }), { from: "form", value: { a: 2 } });
    expect(state).toEqual({ value: { a: 2 }, text: '{\n  "a": 2\n}', error: undefined });
  });

  test("the text changes the form, and stays as it is typed", () => {
    const state = changedInput(startInput({ a: 1 }), { from: "text", text: '{"a":3}' });
    expect(state).toEqual({ value: { a: 3 }, text: '{"a":3}', error: undefined });
    expect(changedInput(state, { from: "form", value: { a: 3 } })).toBe(state);
  });

  test("text that is no JSON keeps the last value, says where, and the form puts it right", () => {
    const broken = changedInput(startInput({ a: 1 }), { from: "text", text: '{"a":' });
    expect(broken.value).toEqual({ a: 1 });
    expect(broken.error).toBeString();
    expect(changedInput(broken, { from: "form", value: { a: 1 } })).toEqual(startInput({ a: 1 }));
  });

  test("an empty text is no input", () => {
    expect(changedInput(startInput({}), { from: "text", text: " " })).toEqual({
      value: undefined,
      text: " ",
      error: undefined,
    });
  });
});

test("names keep their places", () => {
  const object = { a: 1, b: 2, c: 3 };
  expect(Object.keys(withName(object, "b", 5))).toEqual(["a", "b", "c"]);
  expect(withName(object, "b", undefined)).toEqual({ a: 1, c: 3 });
  expect(Object.keys(withName(object, "d", 1))).toEqual(["a", "b", "c", "d"]);
});

test("a name such as __proto__ is a name", () => {
  const object = withName({}, "__proto__", "x");
  expect(JSON.stringify(object)).toBe('{"__proto__":"x"}');
});

test("sameness does not depend on the order of names", () => {
  expect(sameJson({ a: [1, { b: null }], c: 2 }, { c: 2, a: [1, { b: null }] })).toBe(true);
  expect(sameJson({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(sameJson([1], { 0: 1 })).toBe(false);
});

test("pointers escape what JSON Pointer says", () => {
  expect(pointer(pointer("", "a/b~c"), 0)).toBe("/a~1b~0c/0");
});

test("what is read", () => {
  expect(readJson("null")).toEqual({ value: null });
  expect(readJson("{")).toHaveProperty("error");
});
