// The machine of failovers on its own: what each outcome leads to, and what stops it by which name.
import { describe, expect, test } from "bun:test";
import { begun, next, settle } from "./machine.ts";
import type { Attempt, Fenced, Outcome, State } from "./machine.ts";

const attempt: Attempt = {
  id: "fail_1",
  from: "a",
  to: "b",
  before: 1,
  mode: "ungraceful",
  agree: 2,
  dwellMs: 100,
  lossBytesMax: 0,
  catchUpLooksMax: 1,
  catchUpMs: 10,
  overrides: [],
};
const walk = (outcomes: readonly Outcome[], of: Attempt = attempt): State =>
  outcomes.reduce((state, outcome) => settle(of, state, outcome), begun);
const down: Outcome = { of: "confirm", down: 2, up: 0, silent: 1 };
const claimed: Outcome = { of: "claim", epoch: 2, active: { site: "a", epoch: 1 } };
const frozen: Outcome = { of: "freeze", positions: { db: 10 } };
const fenced = (more: Partial<Fenced> = {}): Outcome => ({
  of: "fence",
  data: [{ data: "db", confirmed: 10, mark: undefined, primary: false, ...more }],
});
const at = (position: number): Outcome => ({ of: "assess", data: [{ data: "db", position }] });
const promoted: Outcome = { of: "promote", data: [{ data: "db", position: 10 }] };
const touched = [down, down, claimed, frozen] as const;

test("goes through all of its phases and says what it knows", () => {
  const state = walk([
    ...touched,
    fenced(),
    at(10),
    promoted,
    { of: "shift" },
    { of: "verify", failed: [] },
    { of: "open" },
    { of: "conclude" },
  ]);
  expect(state).toMatchObject({ ended: "completed", epoch: 2, proofs: { db: "confirmed" }, exceptions: [] });
  expect(state.loss).toEqual([{ data: "db", after: 10, bytes: 0 }]);
  expect(next(attempt, state, false)).toEqual({ act: "end", ended: "completed" });
});

describe("observers", () => {
  test("have to agree twice, with a pause between", () => {
    const once = walk([down]);
    expect(next(attempt, once, false)).toEqual({ act: "pause", ms: 100 });
    expect(next(attempt, once, true)).toEqual({ act: "confirm" });
    expect(walk([down, down]).phase).toBe("claim");
  });
  test.each([
    [{ of: "confirm", down: 1, up: 2, silent: 0 }, "site-not-down"],
    [{ of: "confirm", down: 1, up: 0, silent: 5 }, "too-few-observers"],
  ] as const)("%j stops it before anything was touched", (outcome, rule) => {
    expect(walk([outcome])).toMatchObject({ phase: "end", ended: "failed", broken: { rule } });
    expect(walk([outcome], { ...attempt, overrides: [rule] })).toMatchObject({
      phase: "claim",
      exceptions: [{ rule }],
    });
  });
  test("are not asked where both sites are up", () => {
    expect(walk([{ of: "confirm", down: 0, up: 0, silent: 0 }], { ...attempt, mode: "graceful" }).phase).toBe("claim");
  });
});

test.each([
  [{ of: "claim", epoch: 3, active: { site: "b", epoch: 2 } }, "already-active"],
  [{ of: "claim", epoch: 3, active: { site: "a", epoch: 2 } }, "already-active"],
  [{ of: "claim", refused: "standby-not-ready", reason: "x" }, "standby-not-ready"],
  [{ of: "claim", refused: "epoch-lost", reason: "x" }, "epoch-lost"],
] as const)("%j stops it, whatever is overridden", (outcome, rule) => {
  const overrides = ["already-active", "standby-not-ready", "epoch-lost"] as const;
  expect(walk([down, down, outcome], { ...attempt, overrides })).toMatchObject({ phase: "end", broken: { rule } });
});

describe("that the old site is done is shown", () => {
  const synchronous = { epoch: 1, writer: "a", synchronous: true };
  test.each([
    [{}, "confirmed"],
    [{ confirmed: undefined, mark: synchronous }, "synchronous"],
    [{ confirmed: undefined, mark: { epoch: 2, writer: "b", synchronous: false }, primary: true }, "promoted"],
  ] as const)("by %j: %s", (more, proof) => {
    expect(walk([...touched, fenced(more)])).toMatchObject({ phase: "assess", proofs: { db: proof } });
  });
  test.each([
    { confirmed: undefined },
    { confirmed: undefined, mark: { ...synchronous, epoch: 0 } },
    { confirmed: undefined, mark: { ...synchronous, writer: "b" } },
    { confirmed: undefined, mark: { ...synchronous, synchronous: false } },
  ])("not by %j: the old site is opened again", (more) => {
    expect(walk([...touched, fenced(more)])).toMatchObject({ phase: "thaw", broken: { rule: "fence-unproven" } });
    const state = walk([...touched, fenced(more)], { ...attempt, overrides: ["fence-unproven"] });
    expect(state).toMatchObject({ phase: "assess", proofs: { db: "overridden" } });
  });
  test("a new site that follows nobody is refused, and never opened beside the old one", () => {
    const state = walk([...touched, fenced({ primary: true, mark: synchronous })]);
    expect(state).toMatchObject({ phase: "thaw", broken: { rule: "standby-not-ready" } });
    const was = walk([...touched, fenced({ primary: true, mark: { epoch: 2, writer: "b", synchronous: false } })]);
    expect(settle(attempt, was, { of: "assess", refused: "epoch-lost", reason: "x" }).phase).toBe("end");
  });
});

describe("what would be lost", () => {
  test("is waited for, then stops it, then is reported where that was allowed", () => {
    const behind = walk([...touched, fenced(), at(4)]);
    expect(next(attempt, behind, false)).toEqual({ act: "pause", ms: 10 });
    expect(settle(attempt, behind, at(4))).toMatchObject({ phase: "thaw", broken: { rule: "loss-above-max" } });
    const allowed = { ...attempt, lossBytesMax: 6 };
    expect(walk([...touched, fenced(), at(4), at(4)], allowed)).toMatchObject({
      phase: "promote",
      loss: [{ data: "db", after: 4, bytes: 6 }],
    });
    expect(walk([...touched, fenced(), at(4), at(4)], { ...allowed, mode: "graceful" }).broken?.rule).toBe(
      "loss-above-max",
    );
  });
  test("is unknown where the old site never answered", () => {
    const overrides = ["fence-unproven", "loss-above-max"] as const;
    const outcomes = [
      down,
      down,
      claimed,
      { of: "freeze", positions: {} },
      fenced({ confirmed: undefined }),
      at(4),
    ] as const;
    expect(walk(outcomes, { ...attempt, overrides }).loss).toEqual([{ data: "db", after: 4, bytes: undefined }]);
  });
});

test("probes that fail are passed only by name", () => {
  const verify: Outcome = { of: "verify", failed: ["web: answers 500"] };
  const before = [...touched, fenced(), at(10), promoted, { of: "shift" }] as const;
  expect(walk([...before, verify])).toMatchObject({ phase: "end", broken: { rule: "verify-failed" } });
  expect(walk([...before, verify], { ...attempt, overrides: ["verify-failed"] }).phase).toBe("open");
});
