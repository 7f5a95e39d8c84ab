import { expect, test } from "bun:test";
import { ada, engine, start } from "../run-store.fixture.suite.ts";
import { createdRecord } from "./run-row.ts";
import { newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("what the caller says of a new run is what the row says", () => {
  const runs = [
    newRun("r1"),
    newRun("r2", { dueAt: start + 5, key: "k", inputHash: "h", tags: ["a"], timeoutAt: start + 9 }),
    newRun("r3", { parent: { run: "p", seq: 0, detached: true }, schedule: "s", serialKey: "q", forkedFrom: "r1" }),
  ];
  for (const run of runs) {
    const p = { by: ada, run, claim: { owner: engine }, now: start + 2 };
    const answer = bench.on.verb("createRun", p) as { owner: string | null; delayed: boolean };
    const stored = bench.on.t.runs.record(run.id);
    expect(stored).toBeDefined();
    expect(createdRecord(p, answer)).toEqual(stored!);
  }
});
