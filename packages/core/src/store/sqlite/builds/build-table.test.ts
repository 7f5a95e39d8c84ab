// The tables of builds: what is deleted takes everything along, and rows come back as they were written.
import { expect, test } from "bun:test";
import { start, value } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a build that is put again takes the place of the one before, and goes with its events", () => {
  const { builds } = bench.on.t;
  const build = {
    id: "bld_1",
    target: "t",
    options: value({ command: ["a"] }),
    on: { capabilities: [], labels: [] },
    createdAt: start,
    status: "queued",
    epoch: 0,
    by: { kind: "user", id: "ada" },
    cancelling: false,
    events: 0,
    outputBytes: 0,
    outputBytesSeen: 0,
  } as const;
  builds.putBuild(build);
  builds.putBuild({ ...build, status: "completed", endedAt: start + 1 });
  builds.addEvent("bld_1", { no: 1, at: start, kind: "output", epoch: 1, stream: "stdout", bytes: Uint8Array.of(1) });
  expect(builds.build("bld_1")).toEqual({ ...build, status: "completed", endedAt: start + 1 });
  expect([builds.countQueued(), builds.endedBefore(start + 2, 5)]).toEqual([0, ["bld_1"]]);
  expect(bench.on.column("SELECT size FROM build_events")).toEqual([1]);
  builds.deleteBuild("bld_1");
  expect(bench.on.column("SELECT no FROM build_events")).toEqual([]);
  expect(builds.build("bld_1")).toBeUndefined();
});
