import { expect, test } from "bun:test";
import { done, finish, start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a run is remembered while it is at work and forgotten when it has ended", () => {
  bench.on.hot("r1");
  const run = bench.on.t.runs.get("r1");
  expect(bench.on.t.runs.get("r1")).toBe(run);
  bench.on.append("r1", done(0), finish());
  const ended = bench.on.t.runs.get("r1");
  expect(ended).not.toBe(run!);
  expect(ended).toMatchObject({ status: "completed", ord: 1, owner: null, endedAt: start });
});

test("memory is bounded, and what is forgotten is read again", () => {
  for (let i = 0; i < 9_000; i++) bench.on.hot(`r${i}`);
  bench.on.append("r8999", done(0), done(1));
  const before = bench.on.t.runs.get("r8999");
  bench.on.t.runs.trim();
  expect(bench.on.t.runs.get("r8999")).not.toBe(before!);
  expect(bench.on.append("r8999", done(2)).events).toMatchObject([{ ord: 3 }]);
});

test("a change is written once, at the end of its verb", () => {
  bench.on.hot("r1");
  const { runs } = bench.on.t;
  const run = runs.get("r1")!;
  const before = bench.on.changes;
  run.crashes = 3;
  runs.save(run);
  run.pause = 1;
  runs.save(run);
  expect(bench.on.changes).toBe(before);
  runs.endVerb();
  runs.endVerb();
  expect(bench.on.changes).toBe(before + 1);
  expect(bench.on.column("SELECT crashes * 10 + pause FROM runs")).toEqual([31]);
});
