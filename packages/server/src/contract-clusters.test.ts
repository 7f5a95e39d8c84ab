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
  await visitRecoveries(rig);
  const names = Object.keys(routes) as RouteName[];
  const ours = names.filter((name) => routes[name].tag === "clusters");
  expect(ours.filter((name) => !rig.visited.has(name))).toEqual([]);
});

/** Nobody answers at the addresses of this plan; what goes between real sites is in `cluster/recovery-real.slow.test.ts`. */
async function visitRecoveries(rig: ClusterRig): Promise<void> {
  const { ask } = rig;
  const urls = { a: "postgres://x@127.0.0.1:1/x", b: "postgres://x@127.0.0.1:1/x" };
  const plan = {
    name: "shop",
    sites: [
      { name: "a", domain: "berlin" },
      { name: "b", domain: "paris" },
    ],
    engine: { domain: "berlin" },
    epochs: { kind: "etcd", endpoints: ["http://127.0.0.1:1"], domains: ["office"] },
    data: [{ name: "db", kind: "postgres", urls }],
  };
  rig.write("shop.yaml", JSON.stringify(plan));
  expect((await ask("addRecovery", [], { body: { file: "shop.yaml" } })).body.recovery.name).toBe("shop");
  await rig.fixture.engine.ended("watch-shop-1-0");
  const { recovery } = (await ask("getRecovery", ["shop"])).body;
  expect(recovery.readiness.findings.map(({ rule }: { readonly rule: string }) => rule)).toEqual(
    expect.arrayContaining(["engine-in-failure-domain", "too-few-observers", "epochs-unreachable", "data-unreachable"]),
  );
  expect((await ask("listRecoveries")).body.recoveries).toHaveLength(1);
  expect((await ask("checkRecovery", ["shop"], { body: { protect: true } })).body.error.code).toBe("unavailable");
  expect((await ask("createFailover", ["shop"], { body: { to: "b" } })).body.error.code).toBe("unavailable");
  expect((await ask("createFailover", ["shop"], { body: { to: "b", overrides: ["none"] } })).body.error.code).toBe(
    "bad_request",
  );
  expect((await ask("listFailovers", ["shop"])).body.failovers).toEqual([]);
  expect((await ask("getRecovery", ["none"])).body.error.code).toBe("recovery_not_found");
  for (const [route, body] of [
    ["approveFailover", { hash: "x" }],
    ["beginFailover", { hash: "x" }],
    ["reviewFailover", {}],
  ] as const)
    expect((await ask(route, ["none"], { body })).body.error.code).toBe("failover_not_found");
  expect((await ask("getFailover", ["none"])).status).toBe(404);
  const { schemas } = (await ask("listFileSchemas")).body;
  for (const { name } of schemas) expect((await ask("getFileSchema", [name])).body.type).toBe("object");
  expect((await ask("getFileSchema", ["none"])).status).toBe(404);
}

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
