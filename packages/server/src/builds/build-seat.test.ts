// What a worker that came for one build may say.
import { describe, expect, test } from "bun:test";
import type { RunOp, WorkerToEngine } from "@sluice/protocol";
import { isBuildWorker, ofBuild } from "./build-seat.ts";

const version = `build-1-${"0".repeat(16)}-${"a".repeat(16)}`;
const manifest = (name: string) => ({ name, triggers: [], validates: false });
const ops = (...list: readonly object[]): WorkerToEngine => ({
  type: "ops",
  run: "run_1",
  epoch: 1,
  ops: list as unknown as readonly RunOp[],
});

describe("a worker of one build", () => {
  test("is known by its name", () => {
    expect([isBuildWorker("build:run_1"), isBuildWorker("builder")]).toEqual([true, false]);
  });

  test("has the workflow of builds and nothing else, in a version of its own kind", () => {
    const workflows = [manifest("build.run"), manifest("orders")];
    const said: WorkerToEngine = { type: "deploy", worker: "w", version, workflows, tasks: [{ name: "t" }] };
    expect(ofBuild(said)).toEqual({ ...said, workflows: [manifest("build.run")], tasks: [] });
    // That of a project would get it the project's runs.
    expect(ofBuild({ ...said, version: "0".repeat(64) })).toBeUndefined();
  });

  test("reports steps, lines and the end of its run", () => {
    const done = ops({ op: "done" }, { op: "log" }, { op: "progress" }, { op: "finish", output: new Uint8Array() });
    expect(ofBuild(done)).toBe(done);
    expect(ofBuild({ type: "handback", runs: [], tasks: [{ task: "task_1", epoch: 1 }] })).toEqual({
      type: "handback",
      runs: [],
      tasks: [],
    });
  });

  test.each(["call", "start", "emit", "state", "lock", "event", "approval", "token", "task", "cache"])(
    "does nothing in the server's name: %s",
    (op) => expect(ofBuild(ops({ op: "done" }, { op }))).toBeUndefined(),
  );

  test("neither goes on as another run, nor asks for secrets", () => {
    expect(ofBuild(ops({ op: "finish", input: new Uint8Array() }))).toBeUndefined();
    expect(ofBuild({ type: "reveal", request: "r", name: "password" })).toBeUndefined();
    expect(ofBuild({ type: "past", request: "r", runs: [] })).toBeUndefined();
  });
});
