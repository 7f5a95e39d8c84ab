// The port's fence: which incarnation may write, and what follows a write that was refused.
import { describe, expect, test } from "bun:test";
import { approval, done, finish, idle, withStore, type MakeStore } from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

export function fencingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: the fence of append`, () => {
    const desk = withStore(makeStore);
    const write = (run: string, epoch: number) =>
      desk.store.append({ by: engineItself, run, epoch, ops: [done(9)], now: desk.now });

    test("refuses every incarnation but the one that owns the run", async () => {
      await desk.hot("r1");
      expect(await write("r1", 0)).toEqual({ outcome: "stale" });
      expect(await write("r1", 2)).toEqual({ outcome: "stale" });
      expect(await write("none", 1)).toEqual({ outcome: "stale" });
      await desk.create("r2");
      expect(await write("r2", 0)).toEqual({ outcome: "stale" });
      await desk.append("r1", idle());
      await desk.park("r1");
      expect(await write("r1", 1)).toEqual({ outcome: "stale" });
      expect(await write("r1", 2)).toEqual({ outcome: "stale" });
      expect(await desk.journal("r1")).toEqual([]);
    });

    test("refuses writes after the end", async () => {
      await desk.hot("r1");
      await desk.append("r1", finish("all"));
      expect(await write("r1", 1)).toEqual({ outcome: "stale" });
      expect(await write("r1", 2)).toEqual({ outcome: "stale" });
    });

    test("refuses one and takes the others that are committed with it", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      const [a, stale, b] = await Promise.all([write("r1", 1), write("r1", 7), write("r2", 1)]);
      expect([a.outcome, stale.outcome, b.outcome]).toEqual(["ok", "stale", "ok"]);
    });

    test("refuses what an incarnation writes after a write that was refused: a journal has no gaps", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      const odd = [approval(0, "twice"), approval(1, "twice")];
      const broken = { by: engineItself, run: "r1", epoch: 1, now: desk.now };
      const outcomes = await Promise.allSettled([
        desk.store.append({ ...broken, ops: odd }),
        write("r1", 1),
        desk.store.parkRun(broken),
        write("r2", 1),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
      expect(await Promise.allSettled([write("r1", 1)])).toMatchObject([{ status: "rejected" }]);
      expect(await desk.journal("r1")).toEqual([]);
      await desk.store.releaseRuns({ by: engineItself, runs: [broken], crashed: false, now: desk.now });
      await desk.claim();
      const { epoch } = (await desk.store.getRun({ run: "r1" })) ?? { epoch: 0 };
      expect(await write("r1", epoch)).toMatchObject({ outcome: "ok" });
    });
  });
}
