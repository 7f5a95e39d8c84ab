// The routes of workers and builds answer what the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { asking } from "./contract-fixture.suite.ts";
import { Rig } from "./workers/rig.suite.ts";

const visited = new Set<RouteName>();
let rig: Rig;
beforeAll(async () => {
  rig = await Rig.make();
});
afterAll(async () => rig[Symbol.asyncDispose]());

const ask = asking(() => rig.fixture, visited);

test("answers are what the API document says", async () => {
  const worker = await rig.worker("w", {
    runtime: "python",
    python_version: "3.12.1",
    labels: ["gpu"],
    heartbeat_ms: 60_000,
    token: await rig.token("w"),
  });
  worker.send("HEARTBEAT", { load: 0.5 });
  await worker.next("HEARTBEAT_ACK");
  const file = { path: "a", sha256: await rig.fixture.putBlob("a"), size: 1, mode: 0o644 };
  const options = {
    command: ["make"],
    cwd: "x",
    env: { A: "1" },
    inputs: [file],
    outputs: ["out/**"],
    timeout_ms: 60_000,
  };
  const { build } = (await ask("startBuild", [], { body: { target: "t", options, on: { labels: ["gpu"] } } })).body;
  await worker.next("BUILD_REQUEST");
  worker.send("BUILD_STARTED", { build_id: build.id });
  worker.send("BUILD_PROGRESS", { build_id: build.id, done: 1, total: 2, message: "m", chunk: new Uint8Array([0xff]) });
  worker.send("BUILD_COMPLETED", {
    build_id: build.id,
    status: "success",
    exit_code: 0,
    output: { a: [1n] },
    duration_ms: 3,
    artifacts: [file, { ...file, link: "b" }],
  });
  await rig.until(build.id, "completed");
  expect((await ask("getBuild", [build.id])).body.build).toMatchObject({
    artifacts: [file, { ...file, link: "b" }],
    options,
    durationMs: 3,
  });
  await ask("listBuildTasks", [build.id]);
  const { body: events } = await ask("watchBuild", [build.id], { query: "?after=1" });
  expect(events).toContain('"base64":"/w=="');
  expect(events).not.toContain("event: queued");
  const failing = (await ask("startBuild", [], { body: { target: "t" } })).body.build.id;
  await worker.next("BUILD_REQUEST");
  worker.send("BUILD_FAILED", { build_id: failing, status: "failed", error: { code: "c", message: "m" } });
  await rig.until(failing, "failed");
  await ask("cancelBuild", [failing], { body: {} });
  const waiting = (await ask("startBuild", [], { body: { target: "t", on: { runtime: "deno" } } })).body.build.id;
  await ask("cancelBuild", [waiting], { body: {} });
  await ask("listBuilds", [], { query: "?limit=1" });
  await ask("listBuilds", [], { query: "?status=failed" });
  await ask("listBuilds", [], { query: "?status=odd" });
  const outcome = { id: "a#build", status: "completed", cache: "hit", hash: "0".repeat(64), gives: "key", why: null };
  const task = {
    id: "a#build",
    package: "a",
    folder: "packages/a",
    task: "build",
    command: "x",
    dependencies: [],
    expectedMs: null,
  };
  const begun = {
    root: "/shop",
    machine: "m",
    tasks: ["build"],
    fingerprint: "0".repeat(64),
    plan: [task],
    settled: [{ ...outcome, durationMs: 0, savedMs: 3, exitCode: null }],
  };
  const { run } = (await ask("beginBuild", [], { body: begun })).body;
  await ask("beginBuild", [], { body: { ...begun, fingerprint: "short" } });
  expect((await ask("getBuild", [run], { query: "?wait=20s" })).body.build).toMatchObject({
    kind: "workspace",
    status: "completed",
    cache: { hits: 1, executed: 0, savedMs: 3 },
  });
  await ask("listBuildTasks", [run]);
  await ask("getBuildTaskLog", [run, "a#build"]);
  await ask("getBuildTaskLog", ["run_none", "a#build"]);
  await ask("listBuilds", [], { query: "?kind=workspace" });
  await ask("listWorkers");
  await ask("connectWorker");
  await ask("drainWorker", ["w"], { body: {} });
  await ask("drainWorker", ["none"], { body: {} });
  await ask("removeWorker", ["w"]);
  await ask("removeWorker", ["w"]);
  const names = Object.keys(routes) as RouteName[];
  const ours = names.filter((name) =>
    /^\/(worker$|api\/v1\/(workers|builds|workspace-builds))/.test(routes[name].path),
  );
  expect(ours.filter((name) => !visited.has(name))).toEqual([]);
});

test.each([
  [{ target: "" }, "target is empty"],
  [{ target: "t", options: { comand: [] } }, "comand"],
  [{ target: "t", options: { command: "make" } }, "options: command"],
  [{ target: "t", options: { env: { A: 1 } } }, "options: env"],
  [{ target: "t", on: { labels: "gpu" } }, "on.labels is not a list"],
  [{ target: "t", on: { label: [] } }, "label"],
  [{ target: "t", on: { runtime: 1 } }, "runtime"],
])("a build of %j is refused", async (body, message) => {
  const { status, body: answer } = await rig.fixture.post("/api/v1/builds", body);
  expect([status, answer.error.message]).toEqual([400, expect.stringContaining(message)]);
});
