// Meshes over HTTP: upgrades and canaries as runs, from their first look to their end, or back.
import { describe, expect, test } from "bun:test";
import { shopMesh, webRoutes } from "@sluice/core/cluster/double";
import type { MeshDouble } from "@sluice/core/cluster/double";
import { ClusterRig } from "./cluster-rig.suite.ts";

interface Shop extends AsyncDisposable {
  readonly rig: ClusterRig;
  readonly mesh: MeshDouble;
  /** What Prometheus says next; the last one again and again. */
  readonly figures: (string | undefined)[];
}

async function shop(): Promise<Shop> {
  const rig = await ClusterRig.make({ clusterLimits: { healthPollMs: 1, meshWaitMs: 2_000 } });
  const mesh = shopMesh(rig.double);
  rig.double.put(webRoutes);
  rig.double.put({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: { ports: [{ name: "http", port: 80 }] },
  });
  rig.double.put({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "admin", namespace: "shop" },
    spec: { ports: [{ name: "http", port: 80 }] },
  });
  rig.double.put({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "web", namespace: "shop" },
    spec: { host: "web", subsets: [{ name: "stable" }, { name: "canary" }] },
  });
  const figures: (string | undefined)[] = [];
  rig.double.fault = ({ path }) => {
    if (!path.includes("/proxy/api/v1/query")) return undefined;
    const value = figures.length > 1 ? figures.shift() : figures[0];
    return Response.json({
      data: { resultType: "vector", result: value === undefined ? [] : [{ value: [1, value] }] },
    });
  };
  return { rig, mesh, figures, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

const gate = { prometheus: "monitoring/prometheus:9090", checks: [{ name: "errors", query: "e", max: 0.1 }] };

async function begin(rig: ClusterRig, route: "upgradeMesh" | "releaseCanary", body: object): Promise<string> {
  const answer = await rig.ask(route, ["main"], { body });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.run;
}

async function ended(rig: ClusterRig, run: string) {
  await rig.fixture.engine.ended(run);
  return (await rig.fixture.send(`/api/v1/runs/${run}`)).body.run;
}

/** Decides the run's approval once it is asked for; its name. */
async function decide(rig: ClusterRig, run: string, decision: "approve" | "deny"): Promise<string> {
  for (;;) {
    const { approvals } = (await rig.fixture.send(`/api/v1/approvals?run=${run}`)).body;
    const [open] = (approvals ?? []) as { token: string; name: string }[];
    if (open === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const answer = await rig.fixture.post(`/api/v1/approvals/${open.token}`, { approved: decision === "approve" });
    return answer.status === 200 ? open.name : answer.body.error.code;
  }
}

describe("an upgrade", () => {
  const request = { from: "one", to: "two", namespaces: ["staging"], settleMs: 0, approval: "self" };

  test("moves one namespace, the tag with its validating webhook, then the others, and takes the old revision away when somebody agrees", async () => {
    await using s = await shop();
    s.figures.push("0.01");
    const run = await begin(s.rig, "upgradeMesh", { ...request, ...gate });
    expect(await decide(s.rig, run, "approve")).toBe("remove one");
    expect(s.mesh.tagged("default")).toEqual(["istiod-two", "istiod-two"]);
    const { status, output } = await ended(s.rig, run);
    expect([status, output]).toEqual([
      "completed",
      { namespaces: ["staging", "billing", "shop"], proxies: 3, removed: 3 },
    ]);
    for (const namespace of ["staging", "shop", "billing"])
      expect([namespace, s.mesh.revisions(namespace)]).toEqual([namespace, ["two"]]);
    expect(s.rig.double.get("Namespace", "staging")?.metadata.labels).toEqual({ "istio-injection": "enabled" });
    expect(s.rig.double.get("Deployment", "istiod-one", "istio-system")).toBeUndefined();
    const { mesh } = (await s.rig.ask("getMesh", ["main"])).body;
    expect(mesh).toMatchObject({ problems: [], validator: "two", revisions: [{ name: "two", proxies: 3 }] });
  });

  test.each([
    ["whose figures are bad after the first namespace", ["0.5"], ["staging"]],
    ["whose figures are bad at the end", ["0.01", "0.5"], ["staging", "shop", "billing"]],
  ])("%s goes back: labels, tag, and the proxies that had followed", async (_name, figures) => {
    await using s = await shop();
    s.figures.push(...figures);
    const { status, error } = await ended(s.rig, await begin(s.rig, "upgradeMesh", { ...request, ...gate }));
    expect([status, error.message]).toEqual(["failed", "The gate is closed: errors is 0.5, above 0.1."]);
    expect(s.mesh.tagged("default")).toEqual(["istiod-one", "istiod-one"]);
    for (const namespace of ["staging", "shop", "billing"])
      expect([namespace, s.mesh.revisions(namespace)]).toEqual([namespace, ["one"]]);
    expect(s.rig.double.get("Namespace", "staging")?.metadata.labels).toEqual({ "istio-injection": "enabled" });
    expect(s.rig.double.get("Namespace", "billing")?.metadata.labels).toEqual({ "istio.io/rev": "one" });
  });

  test("that is denied at its last gate goes back, and the old revision was never touched", async () => {
    await using s = await shop();
    const run = await begin(s.rig, "upgradeMesh", request);
    await decide(s.rig, run, "deny");
    expect((await ended(s.rig, run)).status).toBe("failed");
    expect([s.mesh.revisions("shop"), s.mesh.tagged("default")]).toEqual([["one"], ["istiod-one", "istiod-one"]]);
    expect(s.rig.double.get("Deployment", "istiod-one", "istio-system")?.metadata.generation).toBe(1);
  });

  test("installs its revision by a component, and is refused at once where it cannot begin", async () => {
    await using s = await shop();
    const conf = JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio-two" },
      data: { a: "1" },
    });
    await s.rig.component("istio-two", { "conf.json": conf });
    const run = await begin(s.rig, "upgradeMesh", { ...request, component: "istio-two" });
    await decide(s.rig, run, "approve");
    expect((await ended(s.rig, run)).status).toBe("completed");
    expect(s.rig.double.get("ConfigMap", "istio-two")?.["data"]).toEqual({ a: "1" });
    expect((await s.rig.ask("upgradeMesh", ["main"], { body: request })).body.error.code).toBe("not_ready");
    expect((await s.rig.ask("upgradeMesh", ["none"], { body: request })).body.error.code).toBe("cluster_not_found");
    expect((await s.rig.ask("upgradeMesh", ["main"], { body: { from: "One" } })).body.error.code).toBe("bad_request");
  });
});

describe("a canary", () => {
  const canary = {
    namespace: "shop",
    virtualService: "web",
    host: "web",
    stable: { subset: "stable" },
    canary: { subset: "canary" },
    weights: [10, 50],
    intervalMs: 100,
    looks: 1,
    failuresMax: 0,
  };
  const generation = (s: Shop): number => s.rig.double.get("VirtualService", "web", "shop")?.metadata.generation ?? 0;
  const routes = (s: Shop): string => JSON.stringify(s.rig.double.get("VirtualService", "web", "shop")?.["spec"]);

  test("with good figures gets more and more, and is handed everything", async () => {
    await using s = await shop();
    s.figures.push("0.01");
    const { status, output } = await ended(
      s.rig,
      await begin(s.rig, "releaseCanary", { canary: { ...canary, ...gate, mirror: true } }),
    );
    expect([status, output]).toEqual(["completed", { promoted: "subset", looks: 3 }]);
    expect([routes(s).includes('"subset":"stable"'), generation(s)]).toEqual([false, 5]);
  });

  test("with bad figures is taken back by itself, to the routes as they were", async () => {
    await using s = await shop();
    const before = routes(s);
    s.figures.push("0.01", "0.9");
    const { status, error } = await ended(
      s.rig,
      await begin(s.rig, "releaseCanary", { canary: { ...canary, ...gate } }),
    );
    expect([status, error.message, routes(s)]).toEqual([
      "failed",
      "The canary is taken back: errors is 0.9, above 0.1.",
      before,
    ]);
  });

  test("flagger#1035: no traffic is no failure; it waits for figures", async () => {
    await using s = await shop();
    s.figures.push(undefined, undefined, "0.01");
    const { status, output } = await ended(
      s.rig,
      await begin(s.rig, "releaseCanary", { canary: { ...canary, ...gate, weights: [10] } }),
    );
    expect([status, output]).toEqual(["completed", { promoted: "subset", looks: 3 }]);
  });

  test("flagger#1801: one that waits for its promotion is taken back when its figures go bad", async () => {
    await using s = await shop();
    const before = routes(s);
    s.figures.push("0.01", "0.01", "0.9");
    const { status } = await ended(
      s.rig,
      await begin(s.rig, "releaseCanary", { canary: { ...canary, ...gate, weights: [10], promotion: "approved" } }),
    );
    expect([status, routes(s)]).toEqual(["failed", before]);
  });

  test("that is promoted gives its images to the stable workload, and the routes back", async () => {
    await using s = await shop();
    const before = routes(s);
    s.mesh.workload("shop", "web-canary", "app:2");
    const both = {
      stable: { subset: "stable", deployment: "web" },
      canary: { subset: "canary", deployment: "web-canary" },
    };
    const run = await begin(s.rig, "releaseCanary", { canary: { ...canary, ...both, promotion: "approved" } });
    expect(await decide(s.rig, run, "approve")).toBe("promote web");
    const { status, output } = await ended(s.rig, run);
    expect([status, output.promoted, routes(s)]).toEqual(["completed", "images", before]);
    expect(JSON.stringify(s.rig.double.get("Deployment", "web", "shop")?.["spec"])).toContain("app:2");
    expect(
      (await s.rig.ask("releaseCanary", ["main"], { body: { canary: { ...canary, host: "gone" } } })).body.error.code,
    ).toBe("not_ready");
    expect(
      (await s.rig.ask("releaseCanary", ["main"], { body: { canary: { ...canary, weights: [] } } })).body.error.code,
    ).toBe("bad_request");
  });
});

test("the configuration is analysed as it is, and as it would be", async () => {
  await using s = await shop();
  const errors = async (body: object) =>
    (await s.rig.ask("analyzeMesh", ["main"], { body })).body.findings
      .filter(({ level }: { level: string }) => level === "error")
      .map(({ code }: { code: string }) => code);
  expect(await errors({})).toEqual([]);
  const broken = {
    ...webRoutes,
    metadata: { name: "b", namespace: "shop" },
    spec: { hosts: ["b"], http: [{ route: [{ destination: { host: "gone" } }] }] },
  };
  expect(await errors({ manifests: JSON.stringify(broken) })).toEqual(["IST0101"]);
});
