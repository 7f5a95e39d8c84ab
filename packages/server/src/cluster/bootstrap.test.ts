// Components brought up together: in the order of what stands on what, once, and only as far as it goes.
import { describe, expect, test } from "bun:test";
import { ClusterRig, configMap, deployment } from "./cluster-rig.suite.ts";

const bootstrap = async (rig: ClusterRig, components?: readonly string[]) => {
  const begun = await rig.ask("bootstrapComponents", [], { body: { components } });
  if (begun.status !== 201) return begun.body.error;
  await rig.fixture.engine.ended(begun.body.run);
  return (await rig.fixture.send(`/api/v1/runs/${begun.body.run}`)).body.run;
};
const operationsOf = async (rig: ClusterRig, name: string) =>
  (await rig.ask("listOperations", [name])).body.operations as readonly {
    readonly startedAt: number;
    readonly endedAt: number;
    readonly status: string;
  }[];

/** `web` stands on `db` and `cache`, which stand on nothing. */
async function shop(image = "one"): Promise<ClusterRig> {
  const rig = await ClusterRig.make();
  await rig.component("web", { "conf.json": configMap("web", {}) }, { dependsOn: ["db", "cache"] });
  await rig.component("db", { "db.json": deployment("db", image) });
  await rig.component("cache", { "conf.json": configMap("cache", {}) });
  return rig;
}

describe("bootstrap", () => {
  test("brings up each component behind what it stands on, and does nothing when all are up", async () => {
    await using rig = await shop();
    const run = await bootstrap(rig);
    expect(run).toMatchObject({ status: "completed", output: { db: "applied", cache: "applied", web: "applied" } });
    const [web, db, cache] = await Promise.all(["web", "db", "cache"].map((name) => operationsOf(rig, name)));
    const began = web?.[0]?.startedAt ?? 0;
    for (const below of [db, cache]) expect(below?.[0]?.endedAt ?? Infinity).toBeLessThanOrEqual(began);
    const again = await bootstrap(rig);
    expect(again).toMatchObject({ output: { db: "unchanged", cache: "unchanged", web: "unchanged" } });
    expect(await operationsOf(rig, "web")).toHaveLength(1);
    rig.write("cache/conf.json", configMap("cache", { size: "2" }));
    expect(await bootstrap(rig, ["web"])).toMatchObject({
      output: { db: "unchanged", cache: "applied", web: "unchanged" },
    });
  });

  test("leaves out what stands on something that did not come up, and says so", async () => {
    await using rig = await shop("broken");
    expect(await bootstrap(rig)).toMatchObject({
      status: "failed",
      error: { message: expect.stringContaining("db failed") },
    });
    expect((await operationsOf(rig, "cache")).map(({ status }) => status)).toEqual(["completed"]);
    expect(await operationsOf(rig, "web")).toEqual([]);
  });

  test("waits where somebody has to approve, and goes on when they have", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("db", { "conf.json": configMap("db", {}) }, { policy: { approval: "self" } });
    const { run } = (await rig.ask("bootstrapComponents", [], { body: {} })).body;
    const { clusters } = rig.fixture.store;
    const made = () => clusters.listPlans({ component: "db", limit: 1 });
    while ((await made()).length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [plan] = await made();
    expect(await operationsOf(rig, "db")).toEqual([]);
    await rig.ask("approvePlan", [plan?.id ?? ""], { body: { hash: plan?.hash } });
    await rig.fixture.engine.ended(run);
    expect((await operationsOf(rig, "db")).map(({ status }) => status)).toEqual(["completed"]);
  });

  test("refuses circles and names that there are not, and leaves alone what the policy refuses", async () => {
    await using rig = await ClusterRig.make();
    expect(await bootstrap(rig, ["none"])).toMatchObject({ code: "component_not_found" });
    await rig.component("a", { "conf.json": configMap("a", {}) }, { dependsOn: ["b"] });
    await rig.component("b", { "conf.json": configMap("b", {}) }, { dependsOn: ["a"] });
    expect(await bootstrap(rig)).toMatchObject({ code: "invalid_component" });
    await rig.component("b", {}, { policy: { approval: "none", protectedKinds: ["ConfigMap"] } });
    expect(await bootstrap(rig)).toMatchObject({
      status: "failed",
      error: { message: expect.stringMatching(/a left out.*b refused|b refused.*a left out/) },
    });
  });
});
