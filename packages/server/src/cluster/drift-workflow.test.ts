// Drift that is looked for by itself: told once, put right where that is asked for, and no longer once the file says nothing of it.
import { expect, test } from "bun:test";
import { ClusterRig, configMap } from "./cluster-rig.suite.ts";

interface Told {
  readonly component: string;
  readonly objects: readonly string[];
}

/** What was told, in its order. */
async function told(rig: ClusterRig): Promise<readonly Told[]> {
  const { events } = (await rig.fixture.send("/api/v1/events?name=cluster.drifted")).body;
  return (events as { payload: Told }[]).map(({ payload }) => payload);
}

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await reached())) await new Promise((resolve) => setImmediate(resolve));
}

const read = (rig: ClusterRig, name: string) => rig.ask("addComponent", [], { body: { file: `${name}.yaml` } });
const runs = async (rig: ClusterRig) =>
  (await rig.fixture.send("/api/v1/runs?workflow=cluster.drift")).body.runs as { status: string; output?: unknown }[];

test("drift is told when it comes and when it has gone, and not in between", async () => {
  await using rig = await ClusterRig.make();
  await rig.component("web", { "a.json": configMap("a", { x: "1" }) });
  await rig.apply("web");
  await rig.component("web", {}, { drift: { everyMs: 600_000 } });
  rig.double.touch("ConfigMap", "a", { data: { x: "theirs" } });
  await read(rig, "web");
  await until(async () => (await told(rig)).length === 1);
  await read(rig, "web");
  rig.double.touch("ConfigMap", "a", { data: { x: "1" } });
  await read(rig, "web");
  await until(async () => (await told(rig)).length === 2);
  expect(await told(rig)).toEqual([
    { component: "web", objects: ["ConfigMap default/a"] },
    { component: "web", objects: [] },
  ]);
  expect(await runs(rig)).toHaveLength(1);
  await rig.component("web", {}, {});
  await until(async () => (await runs(rig))[0]?.status === "completed");
});

test("drift is put right where that is asked for", async () => {
  await using rig = await ClusterRig.make();
  await rig.component("web", { "a.json": configMap("a", { x: "1" }) });
  await rig.apply("web");
  rig.double.touch("ConfigMap", "a", { data: { x: "theirs" } });
  await rig.component("web", {}, { drift: { everyMs: 1_000, mode: "repair" } });
  await until(() => JSON.stringify(rig.double.get("ConfigMap", "a")?.["data"]) === '{"x":"1"}');
  expect((await told(rig))[0]).toEqual({ component: "web", objects: ["ConfigMap default/a"] });
});
