// Which runs an action makes sense for.
import { expect, test } from "bun:test";
import { isPossible, narrowed } from "./bulk.ts";

test.each([
  ["cancel", "running", null, true],
  ["cancel", "undoing", null, false],
  ["cancel", "failed", "error", false],
  ["retry", "failed", "error", true],
  ["retry", "completed", null, false],
  ["retry", "waiting", "non_determinism", true],
  ["retry", "running", null, false],
  ["pause", "waiting", "sleeping", true],
  ["pause", "paused", "paused_by_user", false],
  ["resume", "paused", "paused_by_user", true],
  ["resume", "running", null, false],
  ["delete", "cancelled", null, true],
  ["delete", "queued", null, false],
  ["fork", "completed", null, true],
] as const)("%s of a run that is %s (%p): %p", (action, status, statusReason, expected) => {
  expect(isPossible(action, { status, statusReason })).toBe(expected);
});

test("a filter is narrowed to what the action can be done to", () => {
  expect(narrowed("cancel", { workflow: "a" })).toEqual({
    workflow: "a",
    status: ["queued", "running", "waiting", "paused"],
  });
  expect(narrowed("retry", {})?.status).toEqual(["failed", "cancelled", "timedout"]);
  expect(narrowed("retry", { status: ["waiting", "running"] })?.status).toEqual(["waiting"]);
  expect(narrowed("resume", {})?.status).toEqual(["paused"]);
  expect(narrowed("delete", { status: ["running"] })).toBeUndefined();
  expect(narrowed("fork", { tag: "a" })).toEqual({ tag: "a" });
});
