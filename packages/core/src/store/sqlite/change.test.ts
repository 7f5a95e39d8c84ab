import { expect, test } from "bun:test";
import { ada, call, engine, fail, idle, problem, sleep, start } from "../run-store.fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import { Change } from "./change.ts";
import { newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a change without effects says nothing, one with a timer says when", () => {
  const cx = new Change(bench.on.t, start);
  expect(cx.effectsOrNothing()).toBeUndefined();
  cx.addDue(start + 20);
  cx.addDue(start + 10);
  cx.addDue(undefined);
  expect(cx.effectsOrNothing()).toEqual({ deliveries: [], finished: [], ready: 0, due: start + 10, touched: [] });
});

test("children are cancelled however deep they go", () => {
  const depth = 2_000;
  bench.on.hot("c0");
  for (let i = 1; i < depth; i++) {
    const child = newRun(`c${i}`, { parent: { run: `c${i - 1}`, seq: 0, detached: false } });
    bench.on.append(`c${i - 1}`, call(0, child), idle());
    bench.on.verb("parkRun", {
      by: engineItself,
      run: `c${i - 1}`,
      epoch: bench.on.t.runs.get(`c${i - 1}`)?.epoch ?? 0,
      now: start,
    });
    bench.on.verb("claimRuns", { by: engineItself, owner: engine, limit: 1, now: start, journalBytesMax: 100 });
  }
  const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
  bench.on.append(`c${depth - 1}`, sleep(0, start + 100), idle());
  bench.on.verb("parkRun", { by: engineItself, run: `c${depth - 1}`, epoch: 1, now: start });
  bench.on.verb("cancelRun", { by: ada, run: "c0", notice, error: problem("no"), now: start });
  expect(bench.on.one("SELECT count(*) FROM runs WHERE status = 'cancelled'")).toBe(depth);
  expect(bench.on.one("SELECT count(*) FROM waits")).toBe(0);
});

test("a run that ended leaves nothing that could wake it", () => {
  bench.on.hot("r1", { timeoutAt: start + 100 });
  bench.on.append("r1", sleep(0, start + 100), fail());
  expect(bench.on.one("SELECT count(*) FROM waits")).toBe(0);
  expect(bench.on.verb("fireTimers", { by: engineItself, now: start + 200, limit: 9 })).toMatchObject({ fired: 0 });
});
