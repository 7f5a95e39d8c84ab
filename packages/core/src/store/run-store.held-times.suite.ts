// The port's held times: what a limit turned away of a schedule waits, and gets its run once.
import { describe, expect, test } from "bun:test";
import type { Overlap } from "@sluice/protocol";
import type { RunStore } from "../kernel/run-store.ts";
import { asked } from "./run-store.joining.suite.ts";
import { ada, finish, problem, start, value, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

export function heldTimesSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: times of schedules that a limit turns away`, () => {
    const desk = withStore(makeStore);
    const put = (...ids: readonly string[]) =>
      desk.store.putSchedules({
        by: ada,
        workflows: ["order"],
        schedules: ids.map((id) => ({
          id,
          workflow: "order",
          cron: "* * * * *",
          timezone: "UTC",
          input: value({}),
          catchUp: "all",
          catchUpMax: 9,
          overlap: "allow",
          jitterMs: 0,
          createdAt: start,
          source: "code",
        })),
        now: start,
      });
    type Fire = Parameters<RunStore["fireSchedule"]>[0];
    let handled = start;
    const fire = async (times: readonly number[], overlap: Overlap, more: Partial<Fire> = {}) => {
      const until = more.held === true ? handled : handled + 1;
      const rate = asked({ rate: { id: "w", count: 1, perMs: 1_000 } });
      const answer = await desk.store.fireSchedule({
        by: { kind: "schedule", id: "s" },
        schedule: "s",
        expect: handled,
        handledUntil: until,
        runs: times.map((time) =>
          desk.newRun(`${more.held === true ? "late" : "run"}-${time}`, { schedule: "s", ...rate }),
        ),
        times,
        overlap,
        cancel: {
          notice: { status: "cancelled", reason: "cancelled_by_schedule", message: "next" },
          error: problem("next", "cancelled"),
        },
        now: desk.now,
        ...more,
      });
      if (answer.outcome !== "ok") return "stale";
      handled = until;
      return { ...answer, created: answer.created.map(({ id }) => id) };
    };
    const held = async () => (await desk.store.listHeldTimes({ limit: 99 })).map(({ time }) => time);
    const begin = async (): Promise<void> => {
      handled = start;
      await put("s");
    };

    test("wait in the same commit, and get their runs when they are let go, once", async () => {
      await begin();
      expect(await fire([1, 2, 3], "allow")).toMatchObject({
        created: ["run-1"],
        skipped: 0,
        refused: { count: 2, retryAt: start + 1_000 },
      });
      expect(await desk.store.listHeldTimes({ schedule: "s", limit: 1 })).toEqual([
        { schedule: "s", time: 2, at: start },
      ]);
      expect(await desk.store.listHeldTimes({ schedule: "t", limit: 9 })).toEqual([]);
      expect(await desk.store.countHeldTimes()).toEqual([{ schedule: "s", count: 2 }]);
      desk.now += 1_000;
      expect(await fire([2, 3, 7], "allow", { held: true })).toMatchObject({
        created: ["late-2"],
        refused: { count: 1, retryAt: start + 2_000 },
      });
      expect(await desk.store.listHeldTimes({ limit: 9 })).toEqual([{ schedule: "s", time: 3, at: start }]);
      desk.now += 1_000;
      expect(await fire([2, 3], "allow", { held: true })).toMatchObject({ created: ["late-3"] });
      expect(await held()).toEqual([]);
    });

    test("without times are skipped, as before", async () => {
      await begin();
      expect(await fire([1, 2], "allow", { times: undefined })).toMatchObject({ created: ["run-1"], skipped: 1 });
      expect(await held()).toEqual([]);
    });

    test("under overlap skip the last one stands for all, and goes while a run is under way", async () => {
      await begin();
      expect(await fire([1], "skip")).toMatchObject({ created: ["run-1"] });
      expect(await fire([2], "skip")).toMatchObject({ created: [], skipped: 1 });
      expect(await held()).toEqual([]);
      await desk.claim();
      await desk.append("run-1", finish("done"));
      for (const time of [3, 4]) expect(await fire([time], "skip")).toMatchObject({ created: [], skipped: 0 });
      expect(await held()).toEqual([4]);
      desk.now += 1_000;
      expect(await fire([4], "skip", { held: true })).toMatchObject({ created: ["late-4"] });
      expect(await held()).toEqual([]);
    });

    test("under overlap cancel the last one ends the run before it when it begins, and not before", async () => {
      await begin();
      await fire([1], "cancel");
      for (const time of [2, 3]) await fire([time], "cancel");
      expect(await held()).toEqual([3]);
      expect((await desk.store.getRun({ run: "run-1" }))?.status).toBe("queued");
      desk.now += 1_000;
      expect(await fire([3], "cancel", { held: true })).toMatchObject({ created: ["late-3"] });
      expect((await desk.store.getRun({ run: "run-1" }))?.status).toBe("cancelled");
    });

    test("go with their schedule", async () => {
      await begin();
      await fire([1, 2], "allow");
      await put("t");
      expect(await held()).toEqual([]);
      await put("s");
      expect(await held()).toEqual([]);
    });
  });
}
