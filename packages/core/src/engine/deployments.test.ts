import { describe, expect, test } from "bun:test";
import type { WorkflowManifest } from "@sluice/protocol";
import { schedule, workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { Deployments } from "./deployments.ts";
import type { DeployedWorker } from "./deployments.ts";
import { EngineFixture, pass } from "./engine-fixture.suite.ts";
import { plainManifest } from "./played-worker.suite.ts";

function manifests(...names: string[]): WorkflowManifest[] {
  return names.map((name) => ({ name, triggers: [], validates: false }));
}

function worker(id: string, version: string, quarantine = false): DeployedWorker {
  return { link: { id, send: () => undefined }, version, workflows: new Map(), quarantine, remote: false, slots: 1 };
}

describe("the current code", () => {
  test("is what was made current last, whole: workflows it no longer has are gone", () => {
    const deployments = new Deployments();
    expect([deployments.version, deployments.workflows]).toEqual(["", []]);
    deployments.setCurrent("v1", manifests("a", "b"));
    deployments.setCurrent("v2", manifests("b", "c"));
    expect(deployments.version).toBe("v2");
    expect(deployments.workflow("a")).toBeUndefined();
    expect(deployments.workflow("b")?.version).toBe("v2");
    expect(deployments.workflows.map(({ manifest }) => manifest.name)).toEqual(["b", "c"]);
  });
});

describe("a workflow of the product itself", () => {
  test("stays whatever is deployed, is nobody else's, and is not part of what is deployed", () => {
    const deployments = new Deployments();
    deployments.addBuiltIn("own-1", manifests("a"));
    deployments.setCurrent("v1", manifests("a", "b"));
    expect(deployments.workflow("a")?.version).toBe("own-1");
    expect(deployments.workflows.map(({ version }) => version)).toEqual(["v1", "v1"]);
    const own = worker("w", "own-1");
    deployments.add(own);
    expect([deployments.forCurrent("a"), deployments.forCurrent("b")]).toEqual([own, undefined]);
    // Code that comes with its worker.
    expect(deployments.workflow("a", "own-2")).toMatchObject({ manifest: { name: "a" }, version: "own-2" });
  });
});

describe("a worker", () => {
  test("is found by exactly its version, and only for suspects when it is set apart for them", () => {
    const deployments = new Deployments();
    const [one, apart] = [worker("w1", "v1"), worker("w2", "v1", true)];
    deployments.add(apart);
    deployments.add(one);
    expect(deployments.withVersion("v1")).toBe(one);
    expect(deployments.withVersion("v1", true)).toBe(apart);
    expect(deployments.withVersion("v2")).toBeUndefined();
    expect(deployments.withVersion("")).toBeUndefined();
  });

  test("executes the current version of a workflow only when it has that version", () => {
    const deployments = new Deployments();
    deployments.add(worker("w1", "v1"));
    deployments.setCurrent("v2", manifests("a"));
    expect(deployments.forCurrent("a")).toBeUndefined();
    const next = worker("w2", "v2");
    deployments.add(next);
    expect(deployments.forCurrent("a")).toBe(next);
    expect(deployments.forCurrent("unknown")).toBeUndefined();
  });

  test("that comes again under its id replaces what it was, and is gone when it is removed", () => {
    const deployments = new Deployments();
    deployments.add(worker("w1", "v1"));
    deployments.add(worker("w1", "v2"));
    expect(deployments.workers).toHaveLength(1);
    expect(deployments.get("w1")?.version).toBe("v2");
    deployments.remove("w1");
    expect([deployments.get("w1"), deployments.withVersion("v2"), deployments.workers.length]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });
});

test("a time that comes while the deployment of its schedule is taken back is owed, and caught up by the next one", async () => {
  const clock = new SimulatedClock(Date.parse("2026-03-02T00:00:00Z") + 1);
  let refuses = false;
  const report = workflow(
    { name: "report", triggers: [schedule("* * * * *", { input: null, catchUp: "all" })] },
    async () => undefined,
  );
  const f = await EngineFixture.start({
    workflows: [report],
    clock,
    plan: ({ verb }) => (refuses && verb === "putVersion" ? { fault: "fail" } : undefined),
  });
  const [{ manifest } = { manifest: plainManifest("none") }] = f.engine.deployments.workflows;
  await f.engine.deploy("v0", []);
  refuses = true;
  expect((await f.engine.deploy("v2", [manifest])).ok).toBe(false);
  for (let minutes = 0; minutes < 3; minutes++) await pass(clock, 60_000);
  expect(await f.store.countRuns({ filter: {} })).toBe(0);
  refuses = false;
  expect((await f.engine.deploy("v2", [manifest])).ok).toBe(true);
  await pass(clock, 1_000);
  expect(await f.store.countRuns({ filter: {} })).toBe(3);
});
