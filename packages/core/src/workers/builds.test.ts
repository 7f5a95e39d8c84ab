// Builds between store and workers: what is given out when, and what becomes of it when things go wrong.
import { expect, test } from "bun:test";
import { SluiceError, workerMessageCodes } from "@sluice/protocol";
import { FleetDesk } from "./fleet.fixture.suite.ts";

const by = { kind: "user", id: "ada" } as const;

test("builds wait their turn, oldest first, and too many are refused", async () => {
  const desk = await new FleetDesk({ buildsQueuedMax: 2 }).start();
  const [first, second] = [await desk.build(), await desk.build()];
  const on = { capabilities: [], labels: [] };
  const third = await desk.fleet.builds.create({ by, target: "t", options: {}, on });
  expect(third).toMatchObject({ ok: false, error: { code: "builds_full" } });
  const line = await desk.worker("a");
  await desk.settle();
  expect([await desk.status(first), await desk.status(second)]).toEqual(["running a 1", "queued - 0"]);
  line.say("BUILD_FAILED", { build_id: first, status: "failed" });
  await desk.settle();
  expect(await desk.status(second)).toBe("running a 1");
});

test("a build that was cancelled while its worker was away is ended when it comes back, or after the grace", async () => {
  const desk = await new FleetDesk({ reconnectGraceMs: 60_000 }).start();
  const line = await desk.worker("a", { heartbeat_ms: 5_000 });
  const build = await desk.build();
  line.cut();
  await desk.fleet.builds.cancel({ by, build });
  const back = await desk.worker("a", { heartbeat_ms: 5_000, running: [{ build_id: build, epoch: 1 }] });
  expect(back.heard()).toContainEqual(["BUILD_CANCEL", { build_id: build, grace_ms: 5_000 }]);
  await desk.advance(5_000);
  expect(await desk.status(build)).toBe("cancelled a 1");
});

test("a worker that is told of a timeout too late changes nothing any more", async () => {
  const desk = await new FleetDesk().start();
  const line = await desk.worker("a");
  const build = await desk.build({ options: { timeout_ms: 1_000 } });
  await desk.advance(1_000);
  await desk.advance(0);
  expect(await desk.status(build)).toBe("failed a 1");
  line.heard();
  line.say("BUILD_COMPLETED", { build_id: build, status: "success", epoch: 1 });
  await desk.settle();
  expect(line.heard()).toMatchObject([["ERROR", { code: "stale_epoch" }]]);
  expect(await desk.status(build)).toBe("failed a 1");
  expect(desk.fleet.workers[0]?.room).toBe(1);
});

test("when the store cannot write a build is given out later, and an end that was not stored is not the end", async () => {
  const desk = await new FleetDesk().start();
  const { builds } = desk.store;
  const refusal = new SluiceError({ code: "disk_full", message: "no room" });
  const [claim, append] = [builds.claimBuild.bind(builds), builds.appendBuild.bind(builds)];
  builds.claimBuild = () => Promise.reject(refusal);
  const line = await desk.worker("a");
  const build = await desk.build();
  expect(await desk.status(build)).toBe("queued - 0");
  builds.claimBuild = claim;
  await desk.advance(1_000);
  expect(await desk.status(build)).toBe("running a 1");
  builds.appendBuild = () => Promise.reject(refusal);
  line.say("BUILD_COMPLETED", { build_id: build, status: "success" });
  await desk.settle();
  builds.appendBuild = append;
  await desk.settle();
  expect(await desk.status(build)).toBe("running a 2");
  line.say("BUILD_COMPLETED", { build_id: build, status: "success" });
  await desk.settle();
  expect(await desk.status(build)).toBe("completed a 2");
});

test("whoever watches hears of every change until they stop listening", async () => {
  const desk = await new FleetDesk().start();
  const line = await desk.worker("a");
  const build = await desk.build({ on: { capabilities: [], labels: ["none"] } });
  let changes = 0;
  const stop = desk.fleet.builds.watch(build, () => changes++);
  await desk.fleet.builds.cancel({ by, build });
  expect(changes).toBe(1);
  stop();
  expect(await desk.fleet.builds.get("none")).toMatchObject({ ok: false, error: { code: "build_not_found" } });
  expect(await desk.fleet.builds.cancel({ by, build })).toMatchObject({ ok: false, error: { code: "build_is_final" } });
  expect(line.heard()).toEqual([]);
});

test("a worker that is leaving gives back what it was just asked for, and is asked for nothing more", async () => {
  const desk = await new FleetDesk().start();
  const leaving = await desk.worker("a", { heartbeat_ms: 5_000 });
  const build = await desk.build();
  const request = leaving.sent.find(({ type }) => type === workerMessageCodes.BUILD_REQUEST)?.id;
  leaving.say("ERROR", { request_id: request, code: "worker_draining", message: "This worker is leaving." });
  await desk.settle();
  expect(await desk.status(build)).toBe("queued a 1");
  expect(desk.fleet.workers[0]?.draining).toBe(true);
  const other = await desk.worker("b", { heartbeat_ms: 5_000 });
  await desk.settle();
  expect(await desk.status(build)).toBe("running b 2");
  expect(other.heard()).toContainEqual(["BUILD_REQUEST", expect.objectContaining({ build_id: build, epoch: 2 })]);
  // What it says of the build now is late, and the other one's stands.
  leaving.say("BUILD_COMPLETED", { build_id: build, status: "success", epoch: 1 });
  await desk.settle();
  expect(await desk.status(build)).toBe("running b 2");
});

test("a worker that has no room after all is asked again a little later, and an error about nothing is only logged", async () => {
  const desk = await new FleetDesk().start();
  const line = await desk.worker("a", { heartbeat_ms: 5_000 });
  const build = await desk.build();
  const request = line.sent.find(({ type }) => type === workerMessageCodes.BUILD_REQUEST)?.id;
  line.heard();
  line.say("ERROR", { request_id: request, code: "worker_busy", message: "This worker has no room." });
  await desk.settle();
  expect(await desk.status(build)).toBe("queued a 1");
  await desk.advance(999);
  expect(line.heard().filter(([name]) => name === "BUILD_REQUEST")).toEqual([]);
  await desk.advance(1);
  expect(await desk.status(build)).toBe("running a 2");
  line.say("ERROR", { request_id: request, code: "worker_busy", message: "It says so again." });
  line.say("ERROR", { code: "odd", message: "Nobody asked." });
  await desk.settle();
  expect(await desk.status(build)).toBe("running a 2");
  expect(desk.logs.filter((each) => each === "a worker answered with an error")).toHaveLength(2);
});
