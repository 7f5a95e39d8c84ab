// Matching the steps of two runs.
import { expect, test } from "bun:test";
import { stepPairs } from "./compare.ts";
import type { Journal } from "./journal.ts";
import type { Step } from "./words.ts";

let order = 0;
const step = (seq: number, name: string, more: Partial<Step> = {}) =>
  ({
    seq,
    name,
    kind: "step",
    occurrence: 0,
    status: "completed",
    attempt: 1,
    attempts: [],
    output: 1,
    error: null,
    order: ++order,
    ...more,
  }) as Step;
const journal = (...settled: Step[]): Journal => ({ settled, open: [], complete: true });
const shown = (a: Journal, b: Journal) =>
  stepPairs(a, b).map(({ key, difference }) => `${key}: ${difference ?? "same"}`);

test("steps are matched by name and occurrence, those of one run alone in their place", () => {
  const a = journal(step(0, "charge"), step(1, "hold"), step(2, "ship"), step(3, "ship", { occurrence: 1 }));
  const b = journal(step(0, "charge"), step(1, "check"), step(2, "ship"), step(3, "note"));
  expect(shown(a, b)).toEqual([
    "step charge 0: same",
    "step hold 0: only_a",
    "step check 0: only_b",
    "step ship 0: same",
    "step ship 1: only_a",
    "step note 0: only_b",
  ]);
});

test("differences: how it stands, what it gave, how often it was tried", () => {
  const error = { code: "step_failed", message: "no", details: { name: "Error" } } as Step["error"];
  const a = journal(step(0, "a"), step(1, "b"), step(2, "c"), step(3, "d"), step(4, "e"), step(5, "f"));
  const b = journal(
    step(0, "a", { status: "failed", error }),
    step(1, "b", { output: { x: 1 } }),
    step(2, "c", { attempt: 3 }),
    step(3, "d", { output: null, omitted: ["output"] }),
    step(4, "e", { error }),
    step(5, "f"),
  );
  expect(stepPairs(a, b).map(({ difference }) => difference)).toEqual([
    "status",
    "result",
    "attempts",
    "result",
    "result",
    undefined,
  ]);
});

test("an undo is no step of the same name", () => {
  expect(shown(journal(step(0, "a"), step(-1, "a", { kind: "undo" })), journal(step(0, "a")))).toEqual([
    "step a 0: same",
    "undo undo a 0: only_a",
  ]);
});
