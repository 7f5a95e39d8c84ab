// What a duration may look like, what is refused and why, and that reading never surprises.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  durationMsMax,
  durationTextCharsMax,
  formatDuration,
  InvalidDurationError,
  parseDuration,
} from "./duration.ts";

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function refusal(value: unknown): InvalidDurationError {
  try {
    parseDuration(value as string);
  } catch (error) {
    if (error instanceof InvalidDurationError) return error;
    throw error;
  }
  throw new Error(`${String(value)} was accepted`);
}

describe("parseDuration", () => {
  test.each([
    ["250ms", 250],
    ["10s", 10 * secondMs],
    ["5m", 5 * minuteMs],
    ["1.5h", 90 * minuteMs],
    [".5s", 500],
    ["3 days", 3 * dayMs],
    ["2 weeks", 14 * dayMs],
    ["30 days", 30 * dayMs],
    ["1h 30m", 90 * minuteMs],
    ["1h30m", 90 * minuteMs],
    ["1 w 2 d 3 h 4 min 5 sec 6 msec", 9 * dayMs + 3 * hourMs + 4 * minuteMs + 5006],
    ["  10 S  ", 10 * secondMs],
    ["3 DAYS", 3 * dayMs],
    ["0s", 0],
    ["0.6ms", 1],
    ["36500 days", durationMsMax],
  ])("reads %p", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test("takes a number as milliseconds, rounded to whole ones", () => {
    expect(parseDuration(0)).toBe(0);
    expect(parseDuration(1500)).toBe(1500);
    expect(parseDuration(0.1 + 0.2)).toBe(0);
    expect(parseDuration(durationMsMax)).toBe(durationMsMax);
  });

  test.each(
    [
      "",
      " ",
      "abc",
      "10",
      "10 10",
      "-5s",
      "+5s",
      "5s-",
      "1h, 30m",
      "1e3s",
      "0x10s",
      "5 parsecs",
      "5.s",
      "1..5s",
      "s",
      "1h 2h",
      "30m 1h",
      "∞",
      "NaN",
      "Infinity",
      "٣s",
      "5s\u0000",
      "1_000ms",
      "36501 days",
      "9".repeat(90) + "w",
      -1,
      -0.001,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      durationMsMax + 1,
      undefined,
      null,
      true,
      {},
      [],
      5n,
      new Date(0),
    ].map((value) => ({ value })),
  )("refuses $value", ({ value }) => {
    const error = refusal(value);
    expect(error.code).toBe("invalid_duration");
    expect(error.hint).not.toBe("");
  });

  test("says what is wrong and what to write", () => {
    expect(refusal("5 parsecs").message).toBe('"5 parsecs" is not a duration: unknown unit "parsecs"');
    expect(refusal("10").hint).toBe('add a unit, such as "10ms" or "10s"');
    expect(refusal("1 month").message).toContain('the length of "month" depends on the calendar');
    expect(refusal("1 month").hint).toContain('"30 days"');
    expect(refusal("2y").hint).toContain('"365 days"');
    expect(refusal("101000 days").hint).toContain("durationMsMax");
    expect(refusal(undefined).message).toBe("undefined is not a duration");
  });

  test("never repeats a long input in full", () => {
    const error = refusal(`${"x".repeat(durationTextCharsMax)}${"y".repeat(1_000_000)}`);
    expect(error.message.length).toBeLessThan(200);
    expect(error.hint).toContain("durationTextCharsMax");
  });

  test("any text is either read into range or refused with the typed error", () => {
    const nearMiss = fc
      .array(fc.oneof(fc.nat().map(String), fc.constantFrom("ms", "s", "m", "h", "days", "month", " ", ".", "-", "e")))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "grapheme" }), nearMiss), (text) => {
        let ms: number;
        try {
          ms = parseDuration(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidDurationError);
          return;
        }
        expect(Number.isInteger(ms) && ms >= 0 && ms <= durationMsMax).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("a part means amount times unit, whatever the spacing and the case", () => {
    const unit = fc.constantFrom<[string, number]>(
      ["ms", 1],
      ["s", secondMs],
      ["Min", minuteMs],
      ["HOURS", hourMs],
      ["d", dayMs],
    );
    fc.assert(
      fc.property(fc.nat(1000), unit, fc.constantFrom("", " ", "\t"), (amount, [name, ms], space) => {
        expect(parseDuration(`${amount}${space}${name}`)).toBe(amount * ms);
      }),
    );
  });
});

describe("formatDuration", () => {
  test.each([
    [0, "0ms"],
    [250, "250ms"],
    [999.9, "999ms"],
    [1000, "1s"],
    [1500, "1.5s"],
    [59_999, "59.99s"],
    [60_000, "1m"],
    [125_000, "2m 5s"],
    [hourMs, "1h"],
    [hourMs + 59_000, "1h"],
    [90 * minuteMs, "1h 30m"],
    [3 * dayMs + 4 * hourMs + 5, "3d 4h"],
    [-1500, "-1.5s"],
  ])("%p is %p", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("reads back to within two units, never longer than it was", () => {
    fc.assert(
      fc.property(fc.nat({ max: durationMsMax }), (ms) => {
        const back = parseDuration(formatDuration(ms));
        expect(back).toBeLessThanOrEqual(ms);
        expect(ms - back).toBeLessThanOrEqual(Math.max(10, ms / 24));
      }),
      { numRuns: 2000 },
    );
  });

  test("refuses what is not a number of milliseconds", () => {
    expect(() => formatDuration(Number.NaN)).toThrow(InvalidDurationError);
    expect(() => formatDuration(Number.POSITIVE_INFINITY)).toThrow(InvalidDurationError);
  });
});
