import { expect, test } from "bun:test";
import { cronTimes, lastCronTimes, parseCron } from "./cron.ts";
import type { Cron } from "./cron.ts";
import { intervalTimes } from "./interval.ts";

function cronOf(expression: string): Cron {
  const parsed = parseCron(expression, "UTC");
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.cron;
}

test("an interval names its whole multiples since 1970", () => {
  const cron = cronOf("@every 1h 30m");
  const hourMs = 3_600_000;
  expect(cronTimes(cron, { afterMs: hourMs, untilMs: 7 * hourMs, limit: 10 })).toEqual([
    1.5 * hourMs,
    3 * hourMs,
    4.5 * hourMs,
    6 * hourMs,
  ]);
  expect(lastCronTimes(cron, { afterMs: 0, untilMs: 5 * hourMs, limit: 2 })).toEqual([3 * hourMs, 4.5 * hourMs]);
});

test("an interval is counted from an instant in both directions", () => {
  const from = Date.UTC(2026, 0, 1, 6);
  const cron = cronOf("@every 7d from 2026-01-01T06:00:00.000Z");
  expect(cronTimes(cron, { afterMs: from - 1, untilMs: Number.MAX_SAFE_INTEGER, limit: 2 })).toEqual([
    from,
    from + 7 * 86_400_000,
  ]);
  expect(lastCronTimes(cron, { afterMs: 0, untilMs: from - 1, limit: 1 })).toEqual([from - 7 * 86_400_000]);
});

test("a long wait costs a step, not one for each time", () => {
  const cron = cronOf("@every 1s");
  expect(lastCronTimes(cron, { afterMs: 0, untilMs: Date.UTC(2400, 0, 1), limit: 1 })).toEqual([Date.UTC(2400, 0, 1)]);
});

test.each([
  "@every",
  "@every ",
  "@every soon",
  "@every 10ms",
  "@every 1500ms",
  "@every 5m from",
  "@every 5m from then",
])("%p is no interval", (expression) => {
  expect(parseCron(expression, "UTC")).toMatchObject({ ok: false, code: "invalid_cron" });
  if (expression.startsWith("@every ")) expect(intervalTimes(expression)).toBeUndefined();
});
