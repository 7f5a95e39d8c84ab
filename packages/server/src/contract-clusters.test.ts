// The routes of clusters, components, plans and operations answer what the API document says.
import { expect, test } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { ClusterRig, configMap } from "./cluster/cluster-rig.suite.ts";

test("answers are what the API document says", async () => {
  await using rig = await ClusterRig.make();
  const { ask } = rig;
  await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) }, { owner: "team" });
  const first = await rig.apply("web");
  rig.write("web/conf.json", configMap("conf", { a: "2" }));
  const second = await rig.apply("web");
  await ask("listClusters");
  await ask("getClusterStatus", ["main"]);
  await ask("getClusterStatus", ["none"]);
  await ask("listComponents");
  await ask("getComponent", ["none"]);
  await ask("getComponentHealth", ["web"]);
  expect((await ask("listPlans", ["web"])).body.plans).toHaveLength(2);
  expect((await ask("listOperations", ["web"])).body.operations.map((each: { id: string }) => each.id)).toEqual([
    second.id,
    first.id,
  ]);
  await ask("getPlan", [second.plan]);
  await ask("getPlan", ["none"]);
  await ask("getComponent", ["web"]);
  await ask("approvePlan", [second.plan], { body: { hash: "x" } });
  await ask("undoOperation", [second.id], { body: {} });
  await ask("undoOperation", ["none"], { body: {} });
  await ask("getComponentDrift", ["web"]);
  await ask("getMesh", ["main"]);
  await ask("analyzeMesh", ["main"], { body: {} });
  await ask("upgradeMesh", ["main"], { body: { from: "a", to: "b" } });
  await ask("releaseCanary", ["main"], { body: {} });
  await ask("bootstrapComponents", [], { body: { components: ["web"] } });
  await ask("bootstrapComponents", [], { body: { components: ["none"] } });
  const names = Object.keys(routes) as RouteName[];
  const ours = names.filter((name) => routes[name].tag === "clusters");
  expect(ours.filter((name) => !rig.visited.has(name))).toEqual([]);
});

test.each([
  ["addCluster", { name: "Main", kubeconfig: "{}" }, "invalid_name"],
  ["addCluster", { name: "main", kubeconfig: "a: [" }, "invalid_kubeconfig"],
  ["addCluster", { name: "main" }, "invalid_kubeconfig"],
  ["addComponent", { file: "none.yaml" }, "invalid_component"],
  ["addComponent", { file: "../../etc/passwd" }, "invalid_component"],
  ["addComponent", { file: "elsewhere.yaml" }, "cluster_not_found"],
] as const)("%s of %j is refused", async (route, body, code) => {
  await using rig = await ClusterRig.make();
  rig.write("elsewhere.yaml", "name: a\ncluster: none\nmanifests: [a]\n");
  expect((await rig.ask(route, [], { body })).body.error.code).toBe(code);
});

test("who may see one cluster sees nothing of another", async () => {
  await using rig = await ClusterRig.make();
  await rig.component("web", { "conf.json": configMap("conf", {}) });
  const { token } = (
    await rig.fixture.post("/api/v1/tokens", { name: "t", role: "operator", limits: { cluster: ["other"] } })
  ).body;
  const headers = { authorization: `Bearer ${token}` };
  expect((await rig.ask("listClusters", [], { headers })).body.clusters).toEqual([]);
  expect((await rig.ask("listComponents", [], { headers })).body.components).toEqual([]);
  expect((await rig.ask("getComponent", ["web"], { headers })).body.error.code).toBe("component_not_found");
  expect((await rig.ask("createPlan", ["web"], { headers, body: {} })).status).toBe(404);
});
