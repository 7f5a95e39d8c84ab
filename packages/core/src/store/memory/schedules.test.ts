import { describe, expect, test } from "bun:test";
import type { Overlap } from "@sluice/protocol";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { ScheduleRecord } from "../../kernel/run-store.ts";
import { Fixture, by, newRun, op, value } from "./fixture.suite.ts";

function schedule(id: string, more: Partial<ScheduleRecord> = {}): Omit<ScheduleRecord, "paused" | "handledUntil"> {
  return {
    id,
    workflow: "w",
    cron: "* * * * *",
    timezone: "UTC",
    input: value(id),
    catchUp: "one",
    catchUpMax: 1,
    overlap: "skip",
    jitterMs: 0,
    createdAt: 500,
    source: "code",
    ...more,
  };
}

const put = (f: Fixture, ...schedules: ReturnType<typeof schedule>[]) =>
  f.store.putSchedules({ by, workflows: ["w"], schedules, now: f.now });

describe("schedules", () => {
  test("of code are exactly those it declares, and keep what happened to them", async () => {
    const f = new Fixture();
    await put(
      f,
      schedule("a"),
      schedule("b"),
      schedule("api", { source: "api" }),
      schedule("other", { workflow: "x" }),
    );
    await f.store.setSchedulePaused({ by, schedule: "a", paused: true, now: 1000 });
    const left = await put(f, schedule("a", { cron: "0 * * * *", createdAt: 900 }));
    expect(left.map(({ id }) => id)).toEqual(["a", "api", "other"]);
    expect(left[0]).toMatchObject({ cron: "0 * * * *", paused: true, handledUntil: 500, createdAt: 500 });
    expect(await f.store.listSchedules()).toEqual(left);
  });

  test("do not catch up on what passed while they were paused", async () => {
    const f = new Fixture();
    await put(f, schedule("a"));
    const pause = (paused: boolean, now: number) => f.store.setSchedulePaused({ by, schedule: "a", paused, now });
    expect(await pause(false, 600)).toMatchObject({ paused: false, handledUntil: 500 });
    expect(await pause(true, 700)).toMatchObject({ paused: true });
    expect(await pause(false, 800)).toMatchObject({ paused: false, handledUntil: 800 });
    expect(await f.store.setSchedulePaused({ by, schedule: "none", paused: true, now: 1 })).toBeUndefined();
  });
});

describe("firing", () => {
  const cancel = {
    notice: { status: "cancelled", reason: "cancelled_by_schedule", message: "next" },
    error: value("next"),
  } as const;
  const runs = (...ids: string[]) => ids.map((id) => newRun(id, { schedule: "a" }));

  async function fired(overlap: Overlap, busy: boolean) {
    const f = new Fixture();
    await put(f, schedule("a"));
    if (busy) await f.hot("busy", { schedule: "a" });
    const p = {
      by: engineItself,
      schedule: "a",
      expect: 500,
      handledUntil: 900,
      runs: runs("x", "y"),
      overlap,
      cancel,
      now: 1000,
    };
    const outcome = await f.store.fireSchedule(p);
    expect(await f.store.fireSchedule(p)).toEqual({ outcome: "stale" });
    expect(await f.store.listSchedules()).toMatchObject([{ handledUntil: 900 }]);
    if (outcome.outcome !== "ok") throw new Error(outcome.outcome);
    const { created, effects, skipped } = outcome;
    return [created.map(({ id }) => id), skipped, effects.deliveries.map(({ run }) => run), effects.ready];
  }

  test("creates runs once, as its overlap allows", async () => {
    expect(await fired("skip", false)).toEqual([["y"], 1, [], 1]);
    expect(await fired("skip", true)).toEqual([[], 2, [], 0]);
    expect(await fired("allow", true)).toEqual([["x", "y"], 0, [], 2]);
    expect(await fired("cancel", true)).toEqual([["x", "y"], 0, ["busy"], 2]);
    expect(await fired("queue", true)).toEqual([["x", "y"], 0, [], 2]);
  });

  test("queues behind the runs of the schedule when they have a serial key", async () => {
    const f = new Fixture();
    await put(f, schedule("a"));
    const queued = runs("x", "y").map((run) => ({ ...run, serialKey: "schedule:a" }));
    const p = {
      by: engineItself,
      schedule: "a",
      expect: 500,
      handledUntil: 900,
      runs: queued,
      overlap: "queue",
      cancel,
      now: 1000,
    } as const;
    expect(await f.store.fireSchedule(p)).toMatchObject({ outcome: "ok", effects: { ready: 1 } });
    expect(await f.claim()).toEqual(["x"]);
    await f.append("x", op.finish());
    expect(await f.claim()).toEqual(["y"]);
    expect((await f.run("y")).by).toEqual({ kind: "schedule", id: "a" });
  });

  test("of a schedule that is gone is stale", async () => {
    const f = new Fixture();
    const p = {
      by: engineItself,
      schedule: "none",
      expect: 0,
      handledUntil: 1,
      runs: [],
      overlap: "skip",
      cancel,
      now: 1,
    } as const;
    expect(await f.store.fireSchedule(p)).toEqual({ outcome: "stale" });
  });
});
