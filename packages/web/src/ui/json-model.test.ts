// The tree of a JSON value.

import { describe, expect, test } from "bun:test";
import { JsonModel, matchesMax } from "./json-model.ts";

function drawn(model: JsonModel): string[] {
  return Array.from({ length: model.count }, (_, index) => {
    const row = model.row(index);
    return row === undefined
      ? ""
      : `${"  ".repeat(row.depth)}${row.key ?? ""}${row.open ? "-" : row.size > 0 ? "+" : " "}${row.text}`;
  });
}

describe("a tree", () => {
  test("of a small value is open, and closes and opens row by row", () => {
    const model = new JsonModel({ id: 7, tags: ["a", "b"], nothing: null, empty: {} });
    const whole = [
      "-{id, tags, nothing, empty}",
      "  id 7",
      "  tags-[2]",
      "    0 a",
      "    1 b",
      "  nothing null",
      "  empty {}",
    ];
    expect(drawn(model)).toEqual(whole);
    model.toggle(2);
    expect(drawn(model)).toEqual([...whole.slice(0, 2), "  tags+[2]", ...whole.slice(5)]);
    model.toggle(2);
    expect(drawn(model)).toEqual(whole);
    model.toggle(0);
    expect(drawn(model)).toEqual(["+{id, tags, nothing, empty}"]);
  });

  test("of a large value shows one level, whatever is inside", () => {
    const model = new JsonModel(Array.from({ length: 200_000 }, (_, id) => ({ id, name: `n${id}` })));
    expect(model.count).toBe(200_001);
    model.toggle(200_000);
    expect(model.row(200_002)).toMatchObject({ key: "name", text: "n199999", depth: 2 });
  });

  test("of one long text shows its beginning, and opens into pieces", () => {
    const text = "x".repeat(1_000);
    const model = new JsonModel({ text });
    expect(model.row(1)?.text).toEndWith("… 760 more characters");
    model.toggle(1);
    expect(model.count).toBe(5);
    expect(model.textAt(1)).toBe(text);
  });

  test.each([
    [1, "1"],
    ["a", "a"],
    [null, "null"],
    [true, "true"],
    [[], "[]"],
  ])("of %p is one row", (value, text) => {
    expect(drawn(new JsonModel(value))).toEqual([` ${text}`]);
  });
});

describe("search", () => {
  const value = { users: [{ name: "Mara" }, { name: "Jon", note: { mara: 1 } }], count: 2 };

  test("finds names and values without regard to case, and opens the way to each", () => {
    const model = new JsonModel(value);
    model.toggle(0);
    expect(model.search("MARA")).toBe(2);
    expect(model.row(model.reveal(0))).toMatchObject({ key: "name", text: "Mara" });
    expect(model.row(model.reveal(1))).toMatchObject({ key: "mara", text: "1", depth: 4 });
    expect(model.reveal(2)).toBe(-1);
    expect(model.search("")).toBe(0);
  });

  test("stops at a limit", () => {
    expect(new JsonModel(Array.from({ length: 5_000 }, () => "same")).search("same")).toBe(matchesMax);
  });
});

test("a row is copied as JSON, a text as it is", () => {
  const model = new JsonModel({ a: { b: [1] }, c: "line\nline" });
  expect(model.textAt(1)).toBe('{\n  "b": [\n    1\n  ]\n}');
  expect(model.textAt(model.count - 1)).toBe("line\nline");
});
