// The steps of an upgrade, each done twice: the second time it changes nothing.
import { expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import { clusterLimits } from "../limits.ts";
import { ok } from "../../kernel/result.ts";
import { shopMesh } from "./mesh-double.suite.ts";
import { MeshUpgrade } from "./upgrade.ts";

const spec = { cluster: "main", from: "one", to: "two", tag: "default", namespaces: ["staging"] };

function rig() {
  const bench = doubleBench();
  const mesh = shopMesh(bench.double);
  const limits = { ...clusterLimits, meshWaitMs: 10_000 };
  const upgrade = new MeshUpgrade({
    open: async () => ok(bench.resources),
    clock: bench.resources.client.clock,
    limits,
  });
  const writes = () => bench.double.requests.filter(({ method }) => method !== "GET").length;
  return { ...bench, mesh, upgrade, writes };
}

test("what is looked at before: the namespaces in their order, and whether something is in the way", async () => {
  const { upgrade, double, ...bench } = rig();
  await using _bench = bench;
  expect(await upgrade.precheck(spec)).toEqual(
    ok({ namespaces: ["staging", "billing", "shop"], named: ["billing"], tagged: true }),
  );
  const refused = (more: object) =>
    upgrade.precheck({ ...spec, ...more }).then((answer) => (answer.ok ? "" : answer.error.message));
  expect(await refused({ from: "none" })).toBe("The revision none is not installed.");
  expect(await refused({ namespaces: ["other"] })).toBe("The namespace other is not of one.");
  double.touch("Deployment", "istiod-one", { status: { observedGeneration: 1, readyReplicas: 0 } }, "istio-system");
  expect(await refused({})).toBe("The revision one is not ready.");
});

test("labels, restarts and tags are written once, and waited for", async () => {
  const { upgrade, mesh, writes, ...bench } = rig();
  await using _bench = bench;
  const to = { injection: null, revision: "two" };
  expect(await upgrade.labels(spec, "staging")).toEqual(ok({ injection: "enabled", revision: null }));
  expect(await upgrade.label(spec, "staging", to)).toEqual(ok("changed"));
  expect(await upgrade.restart(spec, ["staging"], "run 1")).toEqual(ok(1));
  expect(await upgrade.settled(spec, { namespace: "staging", revision: "two" })).toEqual(ok({ proxies: 1 }));
  expect([mesh.revisions("staging"), mesh.revisions("shop")]).toEqual([["two"], ["one"]]);
  expect(await upgrade.moveTag(spec, "two")).toEqual(ok("2 of 2 webhooks"));
  expect(mesh.tagged("default")).toEqual(["istiod-two", "istiod-two"]);
  const before = writes();
  await upgrade.label(spec, "staging", to);
  await upgrade.restart(spec, ["staging"], "run 1");
  expect(await upgrade.moveTag(spec, "two")).toEqual(ok("0 of 2 webhooks"));
  expect(writes()).toBe(before);
  expect(await upgrade.strayed(spec)).toEqual(ok([]));
  await upgrade.moveTag(spec, "one");
  await upgrade.label(spec, "staging", { injection: "enabled", revision: null });
  expect(await upgrade.strayed(spec)).toEqual(ok(["staging"]));
});

test("a namespace whose proxies do not come is waited for, and not for ever; one that fails ends it at once", async () => {
  const { upgrade, mesh, ...bench } = rig();
  await using _bench = bench;
  expect(await upgrade.settled(spec, { namespace: "shop", revision: "two" })).toMatchObject({
    error: { code: "not_ready", message: expect.stringMatching(/longer than 10000 ms.*it is of one/) },
  });
  mesh.workload("shop", "api", "broken");
  expect(await upgrade.settled(spec, { namespace: "shop", revision: "one" })).toMatchObject({
    error: { message: expect.stringContaining("it takes too long") },
  });
});

test("a revision is not taken away while a proxy, a tag or the validating webhook is of it", async () => {
  const { upgrade, mesh, double, ...bench } = rig();
  await using _bench = bench;
  const why = () => upgrade.remove(spec).then((answer) => (answer.ok ? String(answer.value) : answer.error.message));
  expect(await why()).toMatch(/^3 proxies are still of one/);
  for (const [namespace, name] of [
    ["staging", "web"],
    ["shop", "web"],
    ["billing", "web"],
  ] as const)
    double.drop("Deployment", name, namespace);
  for (const { kind, metadata } of double.objects.values())
    if (kind === "Pod") double.drop("Pod", metadata.name, metadata.namespace);
  expect(await why()).toBe("The tag default still leads to one.");
  await upgrade.moveTag(spec, "two");
  expect(await why()).toBe("The namespace billing still asks for one.");
  await upgrade.label(spec, "billing", { injection: null, revision: "two" });
  mesh.tag("default", "one");
  double.drop("MutatingWebhookConfiguration", "istio-revision-tag-default", "");
  for (const name of ["shop", "staging"]) await upgrade.label(spec, name, { injection: null, revision: "two" });
  expect(await why()).toBe("The webhook that validates configuration still asks one.");
  double.drop("ValidatingWebhookConfiguration", "istiod-default-validator", "");
  expect(await upgrade.canGoBack(spec)).toEqual(ok(true));
  expect(await why()).toBe("3");
  expect(await upgrade.canGoBack(spec)).toEqual(ok(false));
  expect([
    double.get("Deployment", "istiod-one", "istio-system"),
    double.get("Deployment", "istiod-two", "istio-system")?.kind,
  ]).toEqual([undefined, "Deployment"]);
});

test("errors of the configuration are in the way, and a revision that is not there is waited for", async () => {
  const { upgrade, double, ...bench } = rig();
  await using _bench = bench;
  expect(await upgrade.analyzed(spec)).toMatchObject({ ok: true });
  double.put({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "v", namespace: "shop" },
    spec: { hosts: ["a"], http: [{ route: [{ destination: { host: "gone" } }] }] },
  });
  expect(await upgrade.analyzed(spec)).toMatchObject({ error: { message: expect.stringContaining("IST0101") } });
  expect(await upgrade.installed(spec)).toEqual(ok({ version: "1.29.0" }));
  expect(await upgrade.installed({ ...spec, to: "three" })).toMatchObject({
    error: { message: expect.stringContaining("three is not installed") },
  });
});
