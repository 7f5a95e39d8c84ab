// Starts that are gathered, on their tables: what is kept of them, and what is left when their run is deleted.
import { expect, test } from "bun:test";
import type { Admission } from "../../../kernel/flow.ts";
import { ada, finish, start, value } from "../../run-store.fixture.suite.ts";
import { newRun, withBench } from "../sqlite-store.fixture.suite.ts";
import { engineItself } from "../../../kernel/inner-actor.ts";

const bench = withBench();

function gather(id: string, key: string): void {
  const admission: Admission = { queuedMax: 10, batch: { id: "b", size: 2, waitMs: 100, bytesMax: 1_000 } };
  const run = newRun(id, { input: value(id), key, flow: { gates: [], share: "", admission } });
  bench.on.verb("createRun", { by: ada, run, now: start });
}

test("inputs are kept apart until the run begins, keys until it is deleted", () => {
  const { on } = bench;
  gather("a", "k1");
  expect(on.one("SELECT count(*) FROM flow_joined WHERE input IS NOT NULL")).toBe(1);
  gather("b", "k2");
  expect(on.one("SELECT count(*) FROM flow_joined WHERE input IS NOT NULL")).toBe(0);
  expect(on.one("SELECT key FROM flow_joined WHERE key IS NOT NULL")).toBe("k2");
  expect(on.one("SELECT count(*) FROM flow_windows")).toBe(0);
  on.verb("claimRuns", { by: engineItself, owner: "engine-1", limit: 1, now: start, journalBytesMax: 1 });
  on.append("a", finish());
  on.verb("deleteRuns", { by: ada, runs: ["a"], now: start });
  expect(on.one("SELECT (SELECT count(*) FROM flow_joined) + (SELECT count(*) FROM flow_places)")).toBe(0);
});

test("a run without flow control has no row of it, and none is looked for", () => {
  const { on } = bench;
  on.hot("plain");
  on.append("plain", finish());
  for (const table of ["places", "lines", "shares", "gates", "windows", "joined"])
    expect([table, on.one(`SELECT count(*) FROM flow_${table}`)]).toEqual([table, 0]);
});
