// What the rules of builds do with their rows, apart from any adapter.
import { expect, test } from "bun:test";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { MemoryBuildRows } from "../memory/builds/builds.ts";
import { buildVerbs } from "./builds.ts";

test("what is refused writes nothing", () => {
  const rows = new MemoryBuildRows();
  const build = { id: "b", target: "t", options: value({}), on: { capabilities: [], labels: [] }, createdAt: start };
  buildVerbs.createBuild(rows, { by: ada, build, queuedMax: 5 });
  const before = rows.build("b");
  expect(buildVerbs.appendBuild(rows, { build: "b", epoch: 0, events: [], keepBytes: 1, now: start })).toEqual({
    outcome: "stale",
  });
  expect(buildVerbs.releaseBuilds(rows, { builds: [{ build: "b", epoch: 0 }], why: "", now: start })).toEqual({
    released: [],
  });
  expect(rows.build("b")).toEqual(before);
  expect(rows.events.get("b")).toHaveLength(1);
});

test("more is not dropped than there is", () => {
  const rows = new MemoryBuildRows();
  const build = { id: "b", target: "t", options: value({}), on: { capabilities: [], labels: [] }, createdAt: start };
  buildVerbs.createBuild(rows, { by: ada, build, queuedMax: 5 });
  buildVerbs.claimBuild(rows, { build: "b", worker: "w", now: start });
  const events = [{ kind: "output", at: start, stream: "stdout", bytes: new Uint8Array(9) } as const];
  const answer = buildVerbs.appendBuild(rows, { build: "b", epoch: 1, events, keepBytes: 0, now: start });
  expect(answer).toMatchObject({ build: { outputBytes: 0, outputBytesSeen: 9 } });
});
