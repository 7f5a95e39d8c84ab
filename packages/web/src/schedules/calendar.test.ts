import { describe, expect, test } from "bun:test";
import { addSpans, countByStatus, daysOf, groupByDay, isDay, loudest, ZoneDays } from "./calendar.ts";
import type { Fire } from "./calendar.ts";

function fire(at: string, status: Fire["status"] = "completed", schedule = "nightly"): Fire {
  return { schedule, workflow: "report", at: Date.parse(at), run: null, runStatus: null, status };
}

describe("days", () => {
  test("of a month are whole weeks from Monday on", () => {
    const days = daysOf("2026-11-21", "month");
    expect([days[0], days.at(-1), days.length]).toEqual(["2026-10-26", "2026-12-06", 42]);
    expect(daysOf("2027-02-10", "month")).toHaveLength(28);
    expect(daysOf("2026-11-22", "week")).toEqual([
      "2026-11-16",
      "2026-11-17",
      "2026-11-18",
      "2026-11-19",
      "2026-11-20",
      "2026-11-21",
      "2026-11-22",
    ]);
  });

  test("a month after the 31st is the next month", () => {
    expect(addSpans("2026-01-31", "month", 1)).toBe("2026-02-01");
    expect(addSpans("2026-01-31", "month", -1)).toBe("2025-12-01");
    expect(addSpans("2026-01-01", "week", -1)).toBe("2025-12-25");
  });

  test("what is no day is not taken for one", () => {
    expect([isDay("2026-02-28"), isDay("2026-02-30"), isDay("x"), isDay(undefined)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("zones", () => {
  test("begin their days at their midnight, on both sides of a change of the clocks", () => {
    const lisbon = new ZoneDays("Europe/Lisbon");
    expect(new Date(lisbon.startOf("2026-03-29")).toISOString()).toBe("2026-03-29T00:00:00.000Z");
    expect(new Date(lisbon.startOf("2026-03-30")).toISOString()).toBe("2026-03-29T23:00:00.000Z");
    expect(new Date(lisbon.startOf("2026-10-26")).toISOString()).toBe("2026-10-26T00:00:00.000Z");
    const tokyo = new ZoneDays("Asia/Tokyo");
    expect(new Date(tokyo.startOf("2026-01-01")).toISOString()).toBe("2025-12-31T15:00:00.000Z");
    const kiritimati = new ZoneDays("Pacific/Kiritimati");
    expect(kiritimati.dayOf(kiritimati.startOf("2026-01-01"))).toBe("2026-01-01");
  });

  test("begin a day without midnight when the clocks have jumped", () => {
    // In Beirut 2026-03-29 begins at 01:00, which is 2026-03-28 22:00 UTC.
    const beirut = new ZoneDays("Asia/Beirut");
    const start = beirut.startOf("2026-03-29");
    expect(beirut.dayOf(start)).toBe("2026-03-29");
    expect(beirut.dayOf(start - 1_000)).toBe("2026-03-28");
  });

  test("say on which day something is", () => {
    const at = Date.parse("2026-11-21T23:30:00Z");
    expect(new ZoneDays("UTC").dayOf(at)).toBe("2026-11-21");
    expect(new ZoneDays("Asia/Tokyo").dayOf(at)).toBe("2026-11-22");
  });
});

test("fires are put together by day and schedule, in their order", () => {
  const fires = [
    fire("2026-11-20T02:00Z"),
    fire("2026-11-20T03:00Z", "failed"),
    fire("2026-11-20T04:00Z", "coming", "x"),
  ];
  const grouped = groupByDay([...fires, fire("2026-11-21T02:00Z", "coming")], new ZoneDays("UTC"));
  expect([...grouped.keys()]).toEqual(["2026-11-20", "2026-11-21"]);
  expect(grouped.get("2026-11-20")?.map(({ schedule, fires: found }) => [schedule, found.length])).toEqual([
    ["nightly", 2],
    ["x", 1],
  ]);
  expect(loudest(fires)).toBe("failed");
  expect(countByStatus(fires)).toEqual([
    ["failed", 1],
    ["completed", 1],
    ["coming", 1],
  ]);
});
