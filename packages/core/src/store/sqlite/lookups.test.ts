import { expect, test } from "bun:test";
import { done, start } from "../run-store.fixture.suite.ts";
import { Lookups } from "./lookups.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a run in memory is read with its true counter", () => {
  bench.on.hot("r1", { tags: ["a"], parent: { run: "p", seq: 2, detached: false } });
  bench.on.append("r1", done(0), done(1));
  const lookups = new Lookups(bench.on.db);
  expect(lookups.getRun({ run: "r1" })).toMatchObject({
    ord: 2,
    tags: ["a"],
    parent: { run: "p", seq: 2, detached: false },
  });
  expect(lookups.getRun({ run: "r1", access: { workflows: ["other"] } })).toBeUndefined();
});

test("keys without a value are left out", () => {
  bench.on.hot("r1");
  const run = new Lookups(bench.on.db).getRun({ run: "r1" });
  expect(Object.values(run ?? {})).not.toContain(undefined);
  expect(Object.keys(run ?? {})).not.toContain("endedAt");
});

test("state past its time is absent though its row is there", () => {
  bench.on.t.state.put({ scope: "global", key: "k", expiresAt: start + 5 }, new Uint8Array(1));
  const lookups = new Lookups(bench.on.db);
  expect(lookups.getState({ scope: "global", key: "k", now: start + 4 })).toMatchObject({ version: 1 });
  expect(lookups.getState({ scope: "global", key: "k", now: start + 5 })).toBeUndefined();
});
