// What is fired and what is given up in every catch-up mode, after long sleeps and clock jumps, and
// that no sequence of looks fires a nominal time twice.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Cron, cronTimes, parseCron } from "./cron.ts";
import {
  jitterMs,
  planFireMax,
  planSchedule,
  type SchedulePlan,
  type ScheduleState,
  skippedCountMax,
} from "./schedule-plan.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const startMs = Date.parse("2024-05-01T00:00Z");

function cronOf(expression: string, timezone = "UTC"): Cron {
  const parsed = parseCron(expression, timezone);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.cron;
}

const hourly = cronOf("0 * * * *");

function look(state: Partial<ScheduleState>): SchedulePlan {
  return planSchedule({
    cron: hourly,
    lastFiredMs: undefined,
    createdMs: startMs,
    nowMs: startMs,
    catchUp: "skip",
    catchUpMax: 10,
    graceMs: minuteMs,
    ...state,
  });
}

describe("on time", () => {
  test.each(["skip", "one", "all"] as const)("a time within the grace is fired with catchUp %p", (catchUp) => {
    const nominalMs = startMs + hourMs;
    for (const lateMs of [0, 1, minuteMs]) {
      expect(look({ catchUp, nowMs: nominalMs + lateMs })).toEqual({
        fire: [nominalMs],
        skipped: 0,
        skippedIsFloor: false,
        nextMs: nominalMs + hourMs,
        handledUntilMs: nominalMs,
      });
    }
  });

  test("one millisecond past the grace it is missed", () => {
    const nominalMs = startMs + hourMs;
    expect(look({ nowMs: nominalMs + minuteMs + 1 })).toMatchObject({
      fire: [],
      skipped: 1,
      handledUntilMs: nominalMs,
    });
  });

  test("before it is due nothing happens", () => {
    expect(look({ nowMs: startMs + hourMs - 1 })).toEqual({
      fire: [],
      skipped: 0,
      skippedIsFloor: false,
      nextMs: startMs + hourMs,
      handledUntilMs: startMs,
    });
  });

  test("the moment of creation is not owed, and an older mark does not reach behind it", () => {
    expect(look({ nowMs: startMs }).fire).toEqual([]);
    expect(look({ nowMs: startMs, lastFiredMs: startMs - dayMs, catchUp: "all" }).fire).toEqual([]);
  });

  test("more than a plan holds: the rest at once, nothing lost", () => {
    const cron = cronOf("* * * * * *");
    const nowMs = startMs + hourMs;
    let lastFiredMs = startMs;
    const fired: number[] = [];
    for (let looks = 1; looks <= 4; looks++) {
      const plan = look({ cron, graceMs: dayMs, nowMs, lastFiredMs });
      expect(plan.fire.length).toBeLessThanOrEqual(planFireMax);
      if (looks < 4) expect(plan.nextMs).toBeLessThanOrEqual(nowMs);
      else expect(plan.nextMs).toBe(nowMs + 1000);
      fired.push(...plan.fire);
      lastFiredMs = plan.handledUntilMs;
    }
    expect(fired).toEqual(cronTimes(cron, { afterMs: startMs, untilMs: nowMs, limit: 10_000 }));
  });
});

describe("after 60 days off", () => {
  const nowMs = startMs + 60 * dayMs + 30 * minuteMs;
  const latestMs = nowMs - 30 * minuteMs;
  const missed = 60 * 24;

  test("skip gives all up", () => {
    expect(look({ nowMs, catchUp: "skip" })).toEqual({
      fire: [],
      skipped: skippedCountMax,
      skippedIsFloor: true,
      nextMs: latestMs + hourMs,
      handledUntilMs: latestMs,
    });
    const daily = look({ nowMs, catchUp: "skip", cron: cronOf("0 0 * * *") });
    expect(daily).toMatchObject({ fire: [], skipped: 60, skippedIsFloor: false, handledUntilMs: latestMs });
  });

  test("one fires the latest", () => {
    expect(look({ nowMs, catchUp: "one", cron: cronOf("0 0 * * *") })).toMatchObject({
      fire: [latestMs],
      skipped: 59,
      skippedIsFloor: false,
      handledUntilMs: latestMs,
      nextMs: latestMs + dayMs,
    });
  });

  test("one fires the latest missed, and what is on time besides", () => {
    expect(look({ nowMs: latestMs, catchUp: "one" })).toMatchObject({ fire: [latestMs - hourMs, latestMs] });
  });

  test("all fires the latest catchUpMax", () => {
    const plan = look({ nowMs, catchUp: "all", catchUpMax: 3 });
    expect(plan.fire).toEqual([latestMs - 2 * hourMs, latestMs - hourMs, latestMs]);
    expect(look({ nowMs, catchUp: "all", catchUpMax: missed - 1 }).skipped).toBe(1);
    expect(look({ nowMs, catchUp: "all", catchUpMax: 0 }).fire).toEqual([]);
  });

  test("all with more than a plan holds fires every one, over several looks", () => {
    const first = look({ nowMs, catchUp: "all", catchUpMax: missed });
    const second = look({ nowMs: nowMs + 5, catchUp: "all", catchUpMax: missed, lastFiredMs: first.handledUntilMs });
    expect([...first.fire, ...second.fire]).toEqual(
      cronTimes(hourly, { afterMs: startMs, untilMs: nowMs, limit: missed + 1 }),
    );
    expect([first.skipped, second.skipped]).toEqual([0, 0]);
    expect(second.nextMs).toBeGreaterThan(nowMs);
  });

  test("a second look has nothing to do", () => {
    const first = look({ nowMs, catchUp: "all" });
    expect(look({ nowMs: nowMs + 1, catchUp: "all", lastFiredMs: first.handledUntilMs })).toMatchObject({
      fire: [],
      skipped: 0,
      handledUntilMs: first.handledUntilMs,
      nextMs: first.nextMs,
    });
  });

  test.each(["skip", "one", "all"] as const)(
    "every second, %p: the work is bounded, not the five million times",
    (catchUp) => {
      let steps = 0;
      const perSecond = cronOf("* * * * * *", "America/New_York");
      const cron: Cron = {
        ...perSecond,
        wall: {
          after(wallMs) {
            steps++;
            return perSecond.wall.after(wallMs);
          },
          back(count, fromMs, floorMs) {
            steps += count;
            return perSecond.wall.back(count, fromMs, floorMs);
          },
        },
      };
      const plan = look({ cron, nowMs, catchUp, catchUpMax: 500 });
      expect(plan).toMatchObject({
        skipped: skippedCountMax,
        skippedIsFloor: true,
        handledUntilMs: nowMs,
        nextMs: nowMs + 1000,
      });
      expect(steps).toBeLessThan(5000);
    },
  );
});

describe("wall-clock jumps", () => {
  test("backwards: what was fired is not fired again, and the next time is after it", () => {
    const firedMs = startMs + 5 * hourMs;
    for (const backMs of [1, 30 * minuteMs, 3 * hourMs, 30 * dayMs]) {
      expect(look({ nowMs: firedMs - backMs, lastFiredMs: firedMs, catchUp: "all" })).toEqual({
        fire: [],
        skipped: 0,
        skippedIsFloor: false,
        nextMs: firedMs + hourMs,
        handledUntilMs: firedMs,
      });
    }
  });

  test("forwards and back: the times in between are handled once", () => {
    const ahead = look({ nowMs: startMs + 10 * hourMs, catchUp: "all" });
    expect(ahead.fire).toHaveLength(10);
    const back = look({ nowMs: startMs + 2 * hourMs, catchUp: "all", lastFiredMs: ahead.handledUntilMs });
    expect(back).toMatchObject({ fire: [], handledUntilMs: ahead.handledUntilMs });
    expect(look({ nowMs: startMs + 11 * hourMs, catchUp: "all", lastFiredMs: back.handledUntilMs }).fire).toEqual([
      startMs + 11 * hourMs,
    ]);
  });

  test("whatever the clock does, each nominal time is fired at most once, in order, and everything is accounted for", () => {
    const jumps = fc.array(fc.integer({ min: -3 * dayMs, max: 3 * dayMs }), { minLength: 1, maxLength: 20 });
    const setting = fc.record({
      cron: fc.constantFrom(hourly, cronOf("30 1 * * *", "Europe/Lisbon"), cronOf("*/7 * * * *", "America/New_York")),
      catchUp: fc.constantFrom("skip" as const, "one" as const, "all" as const),
      catchUpMax: fc.nat(40),
      graceMs: fc.nat(2 * hourMs),
    });
    const octoberMs = Date.parse("2024-10-26T00:00Z");
    fc.assert(
      fc.property(setting, jumps, (chosen, clock) => {
        let nowMs = octoberMs;
        let latestNowMs = octoberMs;
        let lastFiredMs: number | undefined;
        const fired: number[] = [];
        let skipped = 0;
        let exact = true;
        for (const jumpMs of clock) {
          nowMs += jumpMs;
          latestNowMs = Math.max(latestNowMs, nowMs);
          let plan = planSchedule({ ...chosen, lastFiredMs, createdMs: octoberMs, nowMs });
          for (; ; plan = planSchedule({ ...chosen, lastFiredMs, createdMs: octoberMs, nowMs })) {
            expect(plan.handledUntilMs).toBeGreaterThanOrEqual(lastFiredMs ?? octoberMs);
            for (const ms of plan.fire) expect(ms).toBeGreaterThan(fired.at(-1) ?? octoberMs);
            for (const ms of plan.fire) expect(ms).toBeLessThanOrEqual(nowMs);
            fired.push(...plan.fire);
            skipped += plan.skipped;
            exact &&= !plan.skippedIsFloor;
            lastFiredMs = plan.handledUntilMs;
            if (plan.nextMs === undefined || plan.nextMs > nowMs) break;
          }
        }
        const all = cronTimes(chosen.cron, { afterMs: octoberMs, untilMs: latestNowMs, limit: 100_000 });
        if (exact) expect(fired.length + skipped).toBe(all.length);
        else expect(fired.length + skipped).toBeLessThan(all.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe("jitterMs", () => {
  test("is the same after every restart: these values never change", () => {
    expect(jitterMs("report", 1_714_521_600_000, 30_000)).toBe(615);
    expect(jitterMs("report", 1_714_525_200_000, 30_000)).toBe(18359);
    expect(jitterMs("nightly/ü", 1_714_521_600_000, 30_000)).toBe(29763);
  });

  test("stays in range and uses all of it", () => {
    const values = Array.from({ length: 2000 }, (_, hour) => jitterMs("report", startMs + hour * hourMs, 9));
    expect(new Set(values)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    for (const value of new Set(values)) {
      expect(values.filter((other) => other === value).length).toBeWithin(140, 260);
    }
  });

  test("none where none is asked for", () => {
    expect(jitterMs("report", startMs, 0)).toBe(0);
    expect(jitterMs("report", startMs, -5)).toBe(0);
  });

  test("is a whole number up to the maximum for every id and time", () => {
    fc.assert(
      fc.property(fc.string(), fc.maxSafeInteger(), fc.nat({ max: 7 * dayMs }), (id, nominalMs, maxMs) => {
        const ms = jitterMs(id, nominalMs, maxMs);
        expect(Number.isInteger(ms) && ms >= 0 && ms <= maxMs).toBe(true);
      }),
    );
  });
});
