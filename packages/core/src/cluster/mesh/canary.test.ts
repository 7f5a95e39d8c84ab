// The steps of a canary: what they make of the routes, and what they leave alone.
import { expect, test } from "bun:test";
import { doubleBench, fetchTransport } from "../double/bench.suite.ts";
import { clusterLimits } from "../limits.ts";
import { at } from "../objects.ts";
import { ok } from "../../kernel/result.ts";
import { Canary, shared } from "./canary.ts";
import type { CanarySpec } from "./canary.ts";
import { shopMesh, webRoutes } from "./mesh-double.suite.ts";

const spec: CanarySpec = {
  cluster: "main",
  namespace: "shop",
  virtualService: "web",
  host: "web",
  stable: { subset: "stable", deployment: "web" },
  canary: { subset: "canary", deployment: "web-canary" },
  weights: [10, 50],
  mirror: true,
  checks: [],
};

function rig() {
  const bench = doubleBench();
  const mesh = shopMesh(bench.double);
  bench.double.put(webRoutes);
  const limits = { ...clusterLimits, meshWaitMs: 10_000 };
  const canary = new Canary({
    open: async () => ok(bench.resources),
    transport: fetchTransport,
    clock: bench.resources.client.clock,
    limits,
  });
  const live = () => bench.double.get("VirtualService", "web", "shop");
  return { ...bench, mesh, canary, live, routes: () => at(live(), "spec", "http") };
}

test("routes are shared by weight, mirrored, given back and handed over; other routes stay as they are", async () => {
  const original = JSON.stringify(at(webRoutes, "spec", "http"));
  const [admin, plain] = JSON.parse(original) as [unknown, { route: { destination: object }[] }];
  const canary = { host: "web", subset: "canary" };
  expect(shared(original, spec, 10)).toEqual([
    admin,
    {
      route: [
        { ...plain.route[0], weight: 90 },
        { destination: canary, weight: 10 },
      ],
    },
  ]);
  expect(shared(original, spec, "mirror")).toEqual([
    admin,
    { ...plain, mirror: canary, mirrorPercentage: { value: 100 } },
  ]);
  expect(shared(original, spec, 100)).toEqual([admin, { route: [{ destination: canary }] }]);
});

test("each share is written once; nobody else may share meanwhile; at the end all is as it was", async () => {
  const { canary, live, routes, ...bench } = rig();
  await using _bench = bench;
  const begun = await canary.begin(spec, "run_1");
  const original = begun.ok ? begun.value : "";
  const generation = live()?.metadata.generation ?? 0;
  const share = (part: number) => canary.share(spec, { run: "run_1", original, share: part });
  expect([await share(10), await share(10), await share(50)]).toEqual([ok("changed"), ok("same"), ok("changed")]);
  expect(live()?.metadata.generation).toBe(generation + 2);
  expect(await canary.begin(spec, "run_2")).toMatchObject({
    error: { message: "The run run_1 shares shop/web already." },
  });
  expect(await canary.restore(spec, original)).toEqual(ok("changed"));
  expect([routes(), live()?.metadata.annotations]).toEqual([JSON.parse(original), {}]);
  expect(await canary.hand(spec, original)).toEqual(ok("changed"));
  expect(JSON.stringify(routes())).toContain("canary");
});

test("routes that somebody else has changed are left alone, and a service without a route to share is refused", async () => {
  const { canary, double, routes, ...bench } = rig();
  await using _bench = bench;
  const begun = await canary.begin(spec, "run_1");
  const original = begun.ok ? begun.value : "";
  double.touch("VirtualService", "web", { spec: { http: [{ route: [{ destination: { host: "theirs" } }] }] } }, "shop");
  expect(await canary.share(spec, { run: "run_1", original, share: 10 })).toMatchObject({
    error: { code: "cluster_conflict" },
  });
  expect(await canary.restore(spec, original)).toMatchObject({ error: { code: "cluster_conflict" } });
  expect(JSON.stringify(routes())).toContain("theirs");
  expect(await canary.begin(spec, "run_1")).toMatchObject({
    error: { message: "No route of shop/web goes to web stable alone." },
  });
  expect(await canary.begin({ ...spec, virtualService: "none" }, "run_1")).toMatchObject({
    error: { code: "not_ready" },
  });
});

test("a canary is waited for and its images promoted; one that fails ends the wait", async () => {
  const { canary, mesh, double, ...bench } = rig();
  await using _bench = bench;
  expect(await canary.ready(spec, "canary")).toMatchObject({
    error: { message: expect.stringContaining("web-canary") },
  });
  mesh.workload("shop", "web-canary", "app:2");
  expect(await canary.ready(spec, "canary")).toEqual(ok(null));
  const images = await canary.images(spec, "canary");
  expect(images).toEqual(ok({ app: "app:2" }));
  expect([await canary.setImages(spec, { app: "app:2" }), await canary.setImages(spec, { app: "app:2" })]).toEqual([
    ok("changed"),
    ok("same"),
  ]);
  expect(await canary.images(spec, "stable")).toEqual(images);
  expect(await canary.scaleDown(spec)).toEqual(ok(0));
  expect(at(double.get("Deployment", "web-canary", "shop"), "spec", "replicas")).toBe(0);
  mesh.workload("shop", "web-canary", "broken");
  expect(await canary.ready(spec, "canary")).toMatchObject({
    error: { message: expect.stringContaining("takes too long") },
  });
});

test("figures come from Prometheus, and none are asked for without checks", async () => {
  const { canary, double, ...bench } = rig();
  await using _bench = bench;
  expect(await canary.figures(spec)).toEqual(ok([]));
  double.fault = ({ path }) =>
    path.includes("/proxy/")
      ? Response.json({ data: { resultType: "vector", result: [{ value: [1, "2"] }] } })
      : undefined;
  const asked = { ...spec, prometheus: "monitoring/prometheus:9090", checks: [{ name: "errors", query: "e", max: 1 }] };
  expect(await canary.figures(asked)).toMatchObject({ value: [{ outcome: "bad", reason: "errors is 2, above 1." }] });
});
