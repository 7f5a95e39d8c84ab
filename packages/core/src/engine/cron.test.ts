// What an expression may contain, what is refused, the calendar, and that the zone of the process
// makes no difference. How clock changes are handled has a file of its own.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Cron, cronExpressionCharsMax, cronTimes, lastCronTimes, nextCronTime, parseCron } from "./cron.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function cronOf(expression: string, timezone = "UTC"): Cron {
  const parsed = parseCron(expression, timezone);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.cron;
}

/** The times from one ISO instant (exclusive) to another (inclusive), as ISO instants without seconds. */
function between(cron: Cron, from: string, to: string): string[] {
  const window = { afterMs: Date.parse(from), untilMs: Date.parse(to), limit: 10_000 };
  return cronTimes(cron, window).map((ms) => new Date(ms).toISOString().replace(":00.000Z", "Z"));
}

describe("the calendar", () => {
  test.each([
    ["0 0 29 2 *", "2096-03-01T00:00Z", "2104-02-29T00:00Z"],
    ["0 0 29 2 *", "2024-02-29T00:00Z", "2028-02-29T00:00Z"],
    ["59 23 31 12 *", "2024-12-31T23:59Z", "2025-12-31T23:59Z"],
    ["0 0 1 1 *", "2024-12-31T23:59Z", "2025-01-01T00:00Z"],
    ["@yearly", "2024-06-01T00:00Z", "2025-01-01T00:00Z"],
    ["@monthly", "2024-06-01T00:00Z", "2024-07-01T00:00Z"],
    ["@weekly", "2024-06-01T00:00Z", "2024-06-02T00:00Z"],
    ["@daily", "2024-06-01T00:00Z", "2024-06-02T00:00Z"],
    ["0 0 L * *", "2024-02-01T00:00Z", "2024-02-29T00:00Z"],
    ["0 0 15W * *", "2024-06-01T00:00Z", "2024-06-14T00:00Z"],
    ["0 0 LW * *", "2024-06-01T00:00Z", "2024-06-28T00:00Z"],
    ["0 0 * * MON#2", "2024-06-01T00:00Z", "2024-06-10T00:00Z"],
    ["0 0 * * FRI#L", "2024-06-01T00:00Z", "2024-06-28T00:00Z"],
    ["0 0 * jan,JUL mon-fri", "2024-06-01T00:00Z", "2024-07-01T00:00Z"],
    ["0 0 * * 7", "2024-06-01T00:00Z", "2024-06-02T00:00Z"],
    ["0 0 13 * FRI", "2024-06-01T00:00Z", "2024-06-07T00:00Z"],
    ["0 0 13 * +FRI", "2024-06-01T00:00Z", "2024-09-13T00:00Z"],
    ["0 10-20/5 9 * * *", "2024-06-01T09:10Z", "2024-06-01T09:15Z"],
  ])("%s after %s is %s", (expression, after, expected) => {
    expect(nextCronTime(cronOf(expression), Date.parse(after))).toBe(Date.parse(expected));
  });

  test("a zone half an hour off the hour", () => {
    expect(between(cronOf("0 9 * * *", "Asia/Kolkata"), "2024-06-01T00:00Z", "2024-06-02T00:00Z")).toEqual([
      "2024-06-01T03:30Z",
    ]);
  });

  test("the year ends where the zone says so", () => {
    expect(nextCronTime(cronOf("0 0 1 1 *", "America/New_York"), Date.parse("2024-12-31T00:00Z"))).toBe(
      Date.parse("2025-01-01T05:00Z"),
    );
  });

  test("strictly after, to the millisecond", () => {
    const noonMs = Date.parse("2024-06-01T12:00Z");
    for (const expression of ["0 12 * * *", "0 * * * *"]) {
      const cron = cronOf(expression);
      expect(nextCronTime(cron, noonMs - 1)).toBe(noonMs);
      expect(nextCronTime(cron, noonMs - 0.5)).toBe(noonMs);
      expect(nextCronTime(cron, noonMs)).toBeGreaterThan(noonMs);
    }
  });

  test("the search has an end on both sides", () => {
    const cron = cronOf("0 0 * * *");
    expect(nextCronTime(cron, -1e15)).toBe(dayMs);
    expect(nextCronTime(cron, Date.UTC(2600, 0, 1))).toBeUndefined();
    expect(nextCronTime(cron, Number.MAX_SAFE_INTEGER)).toBeUndefined();
    expect(() => nextCronTime(cron, Number.NaN)).toThrow("afterMs");
  });
});

describe("windows", () => {
  test("hold no more than the limit, the first or the last", () => {
    const cron = cronOf("0 * * * *");
    const window = { afterMs: 0, untilMs: dayMs, limit: 3 };
    expect(cronTimes(cron, window)).toEqual([hourMs, 2 * hourMs, 3 * hourMs]);
    expect(lastCronTimes(cron, window)).toEqual([22 * hourMs, 23 * hourMs, 24 * hourMs]);
    expect(cronTimes(cron, { ...window, limit: 0 })).toEqual([]);
    expect(lastCronTimes(cron, { ...window, limit: 0 })).toEqual([]);
  });

  test("hold nothing where nothing falls into them", () => {
    const cron = cronOf("0 0 29 2 *");
    const window = { afterMs: Date.parse("2024-03-01T00:00Z"), untilMs: Date.parse("2027-01-01T00:00Z"), limit: 5 };
    expect(cronTimes(cron, window)).toEqual([]);
    expect(lastCronTimes(cron, window)).toEqual([]);
    expect(lastCronTimes(cron, { ...window, afterMs: window.untilMs })).toEqual([]);
  });

  test("finding the last times costs nothing for the length of the window", () => {
    const cron = cronOf("* * * * * *", "America/New_York");
    const untilMs = Date.parse("2024-11-03T06:00:02Z");
    const steps = countSteps(cron);
    expect(lastCronTimes(steps.cron, { afterMs: untilMs - 60 * dayMs, untilMs, limit: 3 })).toEqual([
      untilMs - 2000,
      untilMs - 1000,
      untilMs,
    ]);
    expect(steps.count()).toBeLessThan(20_000);
  });
});

/** The same cron, counting how many wall times it is asked for. */
function countSteps(cron: Cron): { cron: Cron; count: () => number } {
  let steps = 0;
  const wall: Cron["wall"] = {
    after(wallMs) {
      steps++;
      return cron.wall.after(wallMs);
    },
    back(count, fromMs, floorMs) {
      steps += count;
      return cron.wall.back(count, fromMs, floorMs);
    },
  };
  return { cron: { ...cron, wall }, count: () => steps };
}

describe("parseCron", () => {
  test.each([
    "",
    " ",
    "* * *",
    "* * * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "*/0 * * * *",
    "*/70 * * * *",
    "5/15 * * * *",
    "9-5 * * * *",
    "a b c d e",
    "@reboot",
    "@never",
    "2024-01-01T00:00:00",
    "1,,2 * * * *",
    "* * * foo *",
    "-1 * * * *",
    "1.5 * * * *",
    "0 0 * * MON#6",
    `0 0 * * ${"1,".repeat(cronExpressionCharsMax)}1`,
  ])("refuses %p", (expression) => {
    expect(parseCron(expression, "UTC")).toMatchObject({
      ok: false,
      code: "invalid_cron",
      hint: expect.stringContaining("five fields"),
    });
  });

  test.each(["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 * 2 MON#5,+MON#5"])(
    "refuses %p, which no date matches or nobody can read",
    (expression) => {
      expect(parseCron(expression, "UTC")).toMatchObject({ ok: false, code: "invalid_cron" });
    },
  );

  test("says that no date ever matches", () => {
    expect(parseCron("0 0 30 2 *", "Europe/Lisbon")).toMatchObject({
      message: '"0 0 30 2 *" is not a cron expression: no date ever matches it',
    });
  });

  test.each(["Mars/Base", "", "GMT+1", "Europe/", "UTC "])("refuses the time zone %p", (timezone) => {
    expect(parseCron("0 0 * * *", timezone)).toMatchObject({
      ok: false,
      code: "invalid_timezone",
      hint: expect.stringContaining("IANA"),
    });
  });

  test("a missing time zone is not the process's own", () => {
    expect(parseCron("0 0 * * *", undefined as unknown as string)).toMatchObject({ code: "invalid_timezone" });
    expect(parseCron(5 as unknown as string, "UTC")).toMatchObject({ code: "invalid_cron" });
  });

  test("any text is read or refused, and what is read has a next time", () => {
    const part = fc.oneof(
      fc.nat(70).map(String),
      fc.constantFrom("*", "?", "L", "W", "15W", "MON", "jan", "1-5", "*/7", "1,2", "#2", "MON#2", "+", "@daily"),
    );
    const nearMiss = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(" "));
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearMiss), (expression) => {
        const parsed = parseCron(expression, "Europe/Lisbon");
        if (parsed.ok) expect(nextCronTime(parsed.cron, Date.parse("2024-01-01T00:00Z"))).toBeNumber();
        else expect(parsed.message.length).toBeLessThan(cronExpressionCharsMax + 250);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the process's own time zone", () => {
  const script = `
    import { parseCron, cronTimes } from ${JSON.stringify(import.meta.resolve("./cron.ts"))};
    const out = [String(new Date(0))];
    for (const zone of ["Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "UTC"])
      for (const expression of ["30 2 * * *", "30 1 * * *", "*/20 * * * *"])
        for (const from of ["2024-03-10T00:00Z", "2024-11-03T00:00Z", "2024-03-31T00:00Z", "2024-10-27T00:00Z"]) {
          const afterMs = Date.parse(from);
          const { cron } = parseCron(expression, zone);
          out.push(...cronTimes(cron, { afterMs, untilMs: afterMs + 2 * 86400000, limit: 200 }));
        }
    console.log(JSON.stringify(out));
  `;
  function timesUnder(TZ: string): { zone: string; times: number[] } {
    const child = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, TZ } });
    const [zone, ...times] = JSON.parse(child.stdout.toString()) as [string, ...number[]];
    return { zone, times };
  }

  test("makes no difference", () => {
    const [utc, newYork, lordHowe] = [
      timesUnder("UTC"),
      timesUnder("America/New_York"),
      timesUnder("Australia/Lord_Howe"),
    ];
    expect(newYork.zone).not.toBe(utc.zone);
    expect(utc.times.length).toBeGreaterThan(1000);
    expect(newYork.times).toEqual(utc.times);
    expect(lordHowe.times).toEqual(utc.times);
  });
});
