// What in a cluster is no longer as it was applied.
import { expect, test } from "bun:test";
import { ClusterRig, configMap } from "./cluster-rig.suite.ts";

test("drift is what somebody changed, removed or took over since it was applied, and nothing that only the file says", async () => {
  await using rig = await ClusterRig.make();
  const files = {
    "a.json": configMap("a", { x: "1" }),
    "b.json": configMap("b", {}),
    "c.json": configMap("c", { y: "1" }),
  };
  await rig.component("web", files);
  const drift = async () => (await rig.ask("getComponentDrift", ["web"])).body.drift;
  expect(await drift()).toMatchObject({ component: "web", changes: [] });
  await rig.apply("web");
  rig.write("web/c.json", configMap("c", { y: "2" }));
  expect((await drift()).changes).toEqual([]);
  rig.double.touch("ConfigMap", "a", { data: { x: "theirs" } });
  rig.double.drop("ConfigMap", "b");
  rig.double.put(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "default" }, data: { y: "9" } },
    "eve",
  );
  const { changes } = await drift();
  const seen = (changes as { key: string; action: string; fields: { path: string }[]; conflicts: object[] }[]).map(
    ({ key, action, fields, conflicts }) => [key, action, fields.map(({ path }) => path), conflicts],
  );
  expect(seen).toEqual([
    ["ConfigMap default/a", "update", [".data.x"], []],
    ["ConfigMap default/b", "create", expect.arrayContaining([".kind"]), []],
    ["ConfigMap default/c", "update", [".data.y"], [{ field: ".data.y", manager: "eve" }]],
  ]);
  expect((await rig.ask("listPlans", ["web"])).body.plans).toHaveLength(1);
  expect((await rig.ask("getComponentDrift", ["none"])).body.error.code).toBe("component_not_found");
});
