// The daylight-saving rules: each transition by hand, and all of them against an oracle that walks
// the clock minute by minute.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Cron, cronTimes, lastCronTimes, nextCronTime, parseCron } from "./cron.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
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

/** How often it fires on each of three local days around a transition, given the instant at which the first one starts. */
function timesADay(cron: Cron, dayStarts: readonly string[]): number[] {
  return dayStarts.slice(1).map((end, index) => {
    const afterMs = Date.parse(dayStarts[index] ?? end) - 1;
    return cronTimes(cron, { afterMs, untilMs: Date.parse(end) - 1, limit: 100_000 }).length;
  });
}

/** Whether the times in a window are the same distance apart throughout. */
function gapsBetween(cron: Cron, from: string, to: string): number[] {
  const times = cronTimes(cron, { afterMs: Date.parse(from), untilMs: Date.parse(to), limit: 10_000 });
  return [...new Set(times.slice(1).map((ms, index) => ms - (times[index] ?? 0)))];
}

describe("a time that a daylight-saving gap swallows fires once, later by the gap", () => {
  test.each([
    // 02:00 becomes 03:00 on 10 March 2024.
    [
      "30 2 * * *",
      "America/New_York",
      "2024-03-09T12:00Z",
      "2024-03-11T12:00Z",
      ["2024-03-10T07:30Z", "2024-03-11T06:30Z"],
    ],
    // 01:00 becomes 02:00 on 31 March 2024.
    [
      "30 1 * * *",
      "Europe/Lisbon",
      "2024-03-30T12:00Z",
      "2024-04-01T12:00Z",
      ["2024-03-31T01:30Z", "2024-04-01T00:30Z"],
    ],
    // 02:00 becomes 02:30 on 6 October 2024.
    [
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2024-10-05T00:00Z",
      "2024-10-06T20:00Z",
      ["2024-10-05T15:45Z", "2024-10-06T15:15Z"],
    ],
    // The 30th of December 2011 was left out altogether: its noon is the next day's, which fires once.
    [
      "0 12 * * *",
      "Pacific/Apia",
      "2011-12-29T00:00Z",
      "2011-12-31T23:00Z",
      ["2011-12-29T22:00Z", "2011-12-30T22:00Z", "2011-12-31T22:00Z"],
    ],
  ])("%s in %s", (expression, timezone, from, to, expected) => {
    expect(between(cronOf(expression, timezone), from, to)).toEqual(expected);
  });

  test("with six fields, to the second", () => {
    const [ms] = cronTimes(cronOf("15 30 2 * * *", "America/New_York"), {
      afterMs: Date.parse("2024-03-10T00:00Z"),
      untilMs: Date.parse("2024-03-11T00:00Z"),
      limit: 9,
    });
    expect(ms).toBe(Date.parse("2024-03-10T07:30:15Z"));
  });

  test("a list or range is fixed times too, and two that meet fire once", () => {
    const day = ["2024-03-10T05:00Z", "2024-03-11T03:59Z"] as const;
    expect(between(cronOf("30 2,14 * * *", "America/New_York"), ...day)).toEqual([
      "2024-03-10T07:30Z",
      "2024-03-10T18:30Z",
    ]);
    expect(between(cronOf("30 1-3 * * *", "America/New_York"), ...day)).toEqual([
      "2024-03-10T06:30Z",
      "2024-03-10T07:30Z",
    ]);
  });

  test("shifted times and those after the gap come in order", () => {
    expect(between(cronOf("15,40 2 * * *", "Australia/Lord_Howe"), "2024-10-05T12:00Z", "2024-10-06T00:00Z")).toEqual([
      "2024-10-05T15:40Z",
      "2024-10-05T15:45Z",
    ]);
  });
});

describe("a time that occurs twice fires at its first occurrence only", () => {
  test.each([
    [
      "30 1 * * *",
      "America/New_York",
      "2024-11-03T00:00Z",
      "2024-11-04T12:00Z",
      ["2024-11-03T05:30Z", "2024-11-04T06:30Z"],
    ],
    [
      "30 1 * * *",
      "Europe/Lisbon",
      "2024-10-27T00:00Z",
      "2024-10-28T12:00Z",
      ["2024-10-27T00:30Z", "2024-10-28T01:30Z"],
    ],
    [
      "45 1 * * *",
      "Australia/Lord_Howe",
      "2024-04-06T12:00Z",
      "2024-04-07T16:00Z",
      ["2024-04-06T14:45Z", "2024-04-07T15:15Z"],
    ],
    [
      "0,30 0-2 * * *",
      "America/New_York",
      "2024-11-03T04:00Z",
      "2024-11-03T12:00Z",
      ["2024-11-03T04:30Z", "2024-11-03T05:00Z", "2024-11-03T05:30Z", "2024-11-03T07:00Z", "2024-11-03T07:30Z"],
    ],
  ])("%s in %s", (expression, timezone, from, to, expected) => {
    expect(between(cronOf(expression, timezone), from, to)).toEqual(expected);
  });

  test("also when asked from inside the second pass", () => {
    const cron = cronOf("30 1 * * *", "America/New_York");
    expect(nextCronTime(cron, Date.parse("2024-11-03T06:10Z"))).toBe(Date.parse("2024-11-04T06:30Z"));
  });
});

describe("wildcards and steps follow elapsed time", () => {
  const newYorkSpring = ["2024-03-09T05:00Z", "2024-03-10T05:00Z", "2024-03-11T04:00Z", "2024-03-12T04:00Z"];
  const newYorkAutumn = ["2024-11-02T04:00Z", "2024-11-03T04:00Z", "2024-11-04T05:00Z", "2024-11-05T05:00Z"];
  const lisbonSpring = ["2024-03-30T00:00Z", "2024-03-31T00:00Z", "2024-03-31T23:00Z", "2024-04-01T23:00Z"];
  const lisbonAutumn = ["2024-10-25T23:00Z", "2024-10-26T23:00Z", "2024-10-28T00:00Z", "2024-10-29T00:00Z"];

  test.each([
    ["America/New_York", newYorkSpring, [24, 23, 24]],
    ["America/New_York", newYorkAutumn, [24, 25, 24]],
    ["Europe/Lisbon", lisbonSpring, [24, 23, 24]],
    ["Europe/Lisbon", lisbonAutumn, [24, 25, 24]],
  ])("every hour and every quarter in %s from %p: %p hours", (timezone, days, hours) => {
    const [from = "", to = ""] = [days[0], days[3]];
    for (const hourly of ["30 * * * *", "0 * * * *", "@hourly", "30 0-23 * * *"]) {
      expect(timesADay(cronOf(hourly, timezone), days)).toEqual(hours);
      expect(gapsBetween(cronOf(hourly, timezone), from, to)).toEqual([hourMs]);
    }
    expect(timesADay(cronOf("*/15 * * * *", timezone), days)).toEqual(hours.map((count) => count * 4));
    expect(gapsBetween(cronOf("*/15 * * * *", timezone), from, to)).toEqual([15 * minuteMs]);
    expect(gapsBetween(cronOf("* * * * *", timezone), from, to)).toEqual([minuteMs]);
  });

  test("every second, through both transitions", () => {
    const cron = cronOf("* * * * * *", "America/New_York");
    for (const change of ["2024-03-10T07:00Z", "2024-11-03T06:00Z"]) {
      const afterMs = Date.parse(change) - 10_000;
      const expected = Array.from({ length: 20 }, (_, index) => afterMs + (index + 1) * 1000);
      expect(cronTimes(cron, { afterMs, untilMs: afterMs + dayMs, limit: 20 })).toEqual(expected);
    }
  });

  test("where the clock moves by half an hour, whenever the wall shows the minute", () => {
    const cron = cronOf("30 * * * *", "Australia/Lord_Howe");
    expect(timesADay(cron, ["2024-10-05T13:30Z", "2024-10-06T13:00Z"])).toEqual([24]);
    expect(timesADay(cron, ["2024-04-06T13:00Z", "2024-04-07T13:30Z"])).toEqual([25]);
    expect(
      gapsBetween(cronOf("*/15 * * * *", "Australia/Lord_Howe"), "2024-10-05T00:00Z", "2024-10-07T00:00Z"),
    ).toEqual([15 * minuteMs]);
    expect(
      gapsBetween(cronOf("*/30 * * * *", "Australia/Lord_Howe"), "2024-04-06T00:00Z", "2024-04-08T00:00Z"),
    ).toEqual([30 * minuteMs]);
  });

  test("a minute step in a fixed hour runs in both passes and not in a gap", () => {
    expect(between(cronOf("*/30 1 * * *", "America/New_York"), "2024-11-03T00:00Z", "2024-11-03T12:00Z")).toEqual([
      "2024-11-03T05:00Z",
      "2024-11-03T05:30Z",
      "2024-11-03T06:00Z",
      "2024-11-03T06:30Z",
    ]);
    expect(between(cronOf("*/30 2 * * *", "America/New_York"), "2024-03-10T00:00Z", "2024-03-10T12:00Z")).toEqual([]);
  });
});

describe("against an oracle", () => {
  const zones = [
    "Europe/Lisbon",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Africa/Casablanca",
  ];
  /** Instants around which something happens in one of the zones, and one where nothing does. */
  const centres = [
    "2024-03-10T07:00Z",
    "2024-11-03T06:00Z",
    "2024-03-31T01:00Z",
    "2024-10-27T01:00Z",
    "2024-10-05T15:30Z",
    "2024-04-06T15:00Z",
    "2011-12-30T10:00Z",
    "2018-11-04T03:00Z",
    "2024-04-14T02:00Z",
    "2024-07-01T00:00Z",
  ];
  const field = (max: number, wild: boolean): fc.Arbitrary<number[] | "*"> => {
    const list = fc.uniqueArray(fc.nat({ max }), { minLength: 1, maxLength: 4 });
    return wild ? fc.oneof(list, fc.constant("*" as const)) : list;
  };

  interface Wall {
    readonly minute: number;
    readonly hour: number;
    readonly wallMs: number;
  }
  const walls = new Map(
    zones.map((zone) => [
      zone,
      new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }),
    ]),
  );
  function wallAt(zone: string, instantMs: number): Wall {
    const text = walls.get(zone)?.format(instantMs).replace(" ", "T") ?? "";
    return { hour: Number(text.slice(11, 13)), minute: Number(text.slice(14, 16)), wallMs: Date.parse(`${text}Z`) };
  }

  /** Both rules by brute force: what the wall shows at every minute of eight days, and what it never shows. */
  function oracle(zone: string, minutes: number[] | "*", hours: number[] | "*", centreMs: number): number[] {
    const matches = ({ minute, hour }: Pick<Wall, "minute" | "hour">): boolean =>
      (minutes === "*" || minutes.includes(minute)) && (hours === "*" || hours.includes(hour));
    const elapsed = minutes === "*" || hours === "*";
    const found = new Set<number>();
    const seen = new Set<number>();
    let previous = wallAt(zone, centreMs - 4 * dayMs);
    for (let ms = centreMs - 4 * dayMs + minuteMs; ms <= centreMs + 4 * dayMs; ms += minuteMs) {
      const wall = wallAt(zone, ms);
      for (let gap = previous.wallMs + minuteMs; gap < wall.wallMs; gap += minuteMs) {
        const date = new Date(gap);
        const shiftedMs = ms - minuteMs + (gap - previous.wallMs);
        if (!elapsed && matches({ minute: date.getUTCMinutes(), hour: date.getUTCHours() })) found.add(shiftedMs);
      }
      if (matches(wall) && (elapsed || !seen.has(wall.wallMs))) found.add(ms);
      seen.add(wall.wallMs);
      previous = wall;
    }
    // The outer days only feed the inner ones: what they repeat or shift.
    return [...found].filter((ms) => ms > centreMs - 2 * dayMs && ms <= centreMs + 2 * dayMs).toSorted((a, b) => a - b);
  }

  test("next, all and last times agree with it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...centres),
        field(59, true),
        field(23, true),
        fc.integer({ min: 1, max: 40 }),
        (zone, centre, minutes, hours, limit) => {
          const cron = cronOf(`${String(minutes)} ${String(hours)} * * *`, zone);
          const centreMs = Date.parse(centre);
          const expected = oracle(zone, minutes, hours, centreMs);
          const window = { afterMs: centreMs - 2 * dayMs, untilMs: centreMs + 2 * dayMs };
          expect(cronTimes(cron, { ...window, limit: 10_000 })).toEqual(expected);
          expect(lastCronTimes(cron, { ...window, limit })).toEqual(expected.slice(-limit));
          for (const offsetMs of [-hourMs - 1, -1, 0, 1, 29 * minuteMs, hourMs]) {
            const next = expected.find((ms) => ms > centreMs + offsetMs);
            if (next !== undefined) expect(nextCronTime(cron, centreMs + offsetMs)).toBe(next);
          }
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);
});
