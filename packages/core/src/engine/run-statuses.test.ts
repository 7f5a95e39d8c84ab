// Every status that a run can have is one that runs get, and each reason is one of the closed set.
import { expect, test } from "bun:test";
import { runStatuses, runStatusReasons } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { EngineFixture, tester } from "./engine-fixture.suite.ts";

const forEver = (): Promise<never> => new Promise(() => undefined);
const fine = workflow({ name: "fine" }, async () => 1);
const broken = workflow({ name: "broken" }, async (ctx) =>
  ctx.step("fails", () => {
    throw new Error("no");
  }),
);
const busy = workflow({ name: "busy" }, async (ctx) => ctx.step("for ever", forEver));
const idle = workflow({ name: "idle" }, async (ctx) => ctx.waitFor("nothing"));
const late = workflow({ name: "late", timeout: "1ms" }, async (ctx) => ctx.waitFor("nothing"));
const undone = workflow({ name: "undone" }, async (ctx) => {
  await ctx.step("done", () => 1, { undo: forEver });
  throw new Error("after all");
});

test("runs are queued, running, waiting, paused, undoing, completed, failed, cancelled and timed out", async () => {
  const f = await EngineFixture.start({ workflows: [fine, broken, busy, idle, late, undone] });
  const [paused, cancelled] = [await f.run(idle), await f.run(idle)];
  await Promise.all([f.until(paused, "waiting"), f.until(cancelled, "waiting")]);
  await f.engine.operations.pause(tester, paused);
  await f.engine.operations.cancel({ by: tester, run: cancelled, reason: "why" });
  const reached: readonly (readonly [run: string, status: string, reason: string | undefined])[] = [
    [await f.run(fine, undefined, { delayMs: 3_600_000 }), "queued", "delayed"],
    [await f.run(busy), "running", undefined],
    [await f.run(idle), "waiting", "waiting_for_event"],
    [paused, "paused", "paused_by_user"],
    [await f.run(undone), "undoing", undefined],
    [await f.run(fine), "completed", undefined],
    [await f.run(broken), "failed", "error"],
    [cancelled, "cancelled", "cancelled_by_user"],
    [await f.run(late), "timedout", "run_timeout"],
  ];
  expect(reached.map(([, status]) => status)).toEqual([...runStatuses]);
  for (const [run, status, reason] of reached) {
    await f.until(run, status);
    const found = (await f.store.getRun({ run }))?.reason;
    expect([status, found]).toEqual([status, reason]);
    expect([undefined, ...runStatusReasons]).toContain(found);
  }
  const { runs } = await f.store.stats();
  expect(Object.keys(runs).every((status) => (runStatuses as readonly string[]).includes(status))).toBe(true);
});
