import { describe, expect, test } from "bun:test";
import { countsFor } from "./breaker.ts";
import { CancelledError, NonRetryableError, TimeoutError } from "./errors.ts";

const refused = Object.assign(new TypeError("connect refused by 10.0.0.1"), { code: "ECONNREFUSED" });

describe("a failure", () => {
  test("counts unless it says something about what was asked", () => {
    const count = (error: unknown) => countsFor({ name: "a" }, error);
    expect([refused, new TimeoutError("late"), "thrown text"].map(count)).toEqual([true, true, true]);
    expect([new NonRetryableError("no such order"), new CancelledError()].map(count)).toEqual([false, false]);
  });

  test.each([
    ["its name", ["TypeError"], true],
    ["its code", ["ECONNREFUSED"], true],
    ["a part of its message", ["refused by"], true],
    ["a pattern", [/^connect .* by/], true],
    ["none of several", ["TimeoutError", /^late/], false],
    ["an empty list", [], false],
  ])("counts by %s", (_how, expectedErrors, counts) => {
    expect(countsFor({ name: "a", expectedErrors }, refused)).toBe(counts);
  });

  test("counts where a function says so, whatever was thrown", () => {
    expect(countsFor({ name: "a", expectedErrors: (error) => error === 7 }, 7)).toBe(true);
    expect(countsFor({ name: "a", expectedErrors: ["7"] }, 7)).toBe(true);
  });
});
