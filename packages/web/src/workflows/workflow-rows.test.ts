// The rows of the list of workflows.
import { describe, expect, test } from "bun:test";
import { percent, successOf } from "./success.ts";
import { chosen, joined } from "./workflow-rows.ts";
import type { ListedWorkflow, Stats } from "./words.ts";

const workflow = (name: string, more: Partial<ListedWorkflow> = {}): ListedWorkflow => ({
  name,
  description: null,
  version: "v",
  triggers: [],
  timeoutMs: null,
  retention: { ageMs: null, count: null },
  validates: false,
  attributes: {},
  flow: null,
  ...more,
});
const figures = { completed: 0, failed: 0, cancelled: 0, p50Ms: null, p95Ms: null };
const stats = (name: string, more: Partial<Stats> = {}): Stats => ({
  workflow: name,
  health: "good",
  unfinished: 0,
  lastRunAt: null,
  day: figures,
  hours: [],
  ...more,
});
const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name);
const hook = { type: "webhook", method: "POST", path: "/hooks/x", signed: false, name: "POST /x" } as const;

describe("rows", () => {
  const rows = joined(
    [workflow("b", { triggers: [hook, hook] }), workflow("a", { description: "Pays the bill" }), workflow("c")],
    [stats("b", { unfinished: 3, health: "failing" }), stats("a", { unfinished: 7 }), stats("gone")],
  );

  test("are those deployed and those that left runs behind", () => {
    expect(rows.map(({ name, deployed, triggers }) => [name, deployed, triggers])).toEqual([
      ["b", true, ["webhook"]],
      ["a", true, []],
      ["c", true, []],
      ["gone", false, []],
    ]);
  });

  test("go by name, or by a figure and then by name", () => {
    expect(names(chosen(rows, {}))).toEqual(["a", "b", "c", "gone"]);
    expect(names(chosen(rows, { sort: "unfinished" }))).toEqual(["a", "b", "c", "gone"]);
    expect(names(chosen(rows, { sort: "unfinished", health: ["failing", "good"] }))).toEqual(["a", "b", "gone"]);
  });

  test("are narrowed by words, health and triggers", () => {
    expect(names(chosen(rows, { q: "BILL pays" }))).toEqual(["a"]);
    expect(names(chosen(rows, { health: ["failing"] }))).toEqual(["b"]);
    expect(names(chosen(rows, { health: ["idle"] }))).toEqual(["c"]);
    expect(names(chosen(rows, { trigger: ["webhook"] }))).toEqual(["b"]);
    expect(names(chosen(rows, { trigger: ["none"] }))).toEqual(["a", "c", "gone"]);
  });
});

test("success is never rounded up to all", () => {
  expect(successOf({ completed: 0, failed: 0 })).toBeUndefined();
  expect(percent(successOf({ completed: 99_999, failed: 1 }) ?? 0)).toBe("99.9%");
  expect(percent(1)).toBe("100%");
});
