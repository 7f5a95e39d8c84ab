import { expect, test } from "bun:test";
import { ada, done, engine, idle, sleep, start } from "../run-store.fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import { newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a creation is answered with what its caller cannot know", () => {
  const create = (id: string, more: object = {}) =>
    bench.on.verb("createRun", { by: ada, run: newRun(id, more), claim: { owner: engine }, now: start });
  expect(create("r1")).toEqual({ outcome: "created", owner: engine, delayed: false });
  expect(create("r2", { dueAt: start + 5 })).toMatchObject({ outcome: "created", owner: null, delayed: true });
  expect(create("r1")).toMatchObject({ outcome: "id_taken", run: { id: "r1", status: "running" } });
});

test("an incarnation that was parked, released or recovered is over", () => {
  const epochs: number[] = [];
  bench.on.hot("r1");
  const note = () => epochs.push(bench.on.t.runs.get("r1")?.epoch ?? -1);
  const claim = () =>
    bench.on.verb("claimRuns", { by: engineItself, owner: engine, limit: 1, now: start, journalBytesMax: 1 });
  note();
  bench.on.append("r1", sleep(0, start + 5), idle());
  bench.on.verb("parkRun", { by: engineItself, run: "r1", epoch: 1, now: start });
  note();
  bench.on.verb("fireTimers", { by: engineItself, now: start + 5, limit: 1 });
  claim();
  note();
  bench.on.verb("releaseRuns", { by: engineItself, runs: [{ run: "r1", epoch: 3 }], crashed: false, now: start });
  note();
  claim();
  bench.on.verb("recover", { by: engineItself, owner: "another", now: start });
  note();
  expect(epochs).toEqual([1, 2, 3, 4, 6]);
});

test("the counter of settled entries survives the writer's memory", () => {
  bench.on.hot("r1");
  bench.on.append("r1", done(0), done(1), done(2));
  expect(bench.on.column("SELECT ord FROM runs")).toEqual([0]);
  bench.on.t.runs.reset();
  expect(bench.on.append("r1", done(3)).events).toMatchObject([{ ord: 4 }]);
  bench.on.t.runs.reset();
  bench.on.verb("recover", { by: engineItself, owner: "another", now: start });
  expect(bench.on.column("SELECT ord FROM runs")).toEqual([4]);
});
