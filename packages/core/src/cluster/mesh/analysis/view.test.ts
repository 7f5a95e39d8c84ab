// How a mesh is looked at: what a host means, and who is in the mesh.
import { expect, test } from "bun:test";
import { injected, labelled, object, pod, service } from "./fixture.suite.ts";
import { covers, MeshView, overlap } from "./view.ts";

test("a short name is the service of the namespace, a long one that of anybody, and a service entry may have a wildcard", () => {
  const entry = object("ServiceEntry", "e", { hosts: ["*.example"], ports: [{ number: 443, protocol: "TLS" }] });
  const view = new MeshView([service("web"), entry]);
  expect(view.host("web", "shop")?.object.metadata.name).toBe("web");
  expect(view.host("web", "other")).toBeUndefined();
  expect(view.host("web.shop.svc.cluster.local", "other")?.ports).toMatchObject([{ number: 80, name: "http" }]);
  expect(view.host("a.example", "shop")?.object.kind).toBe("ServiceEntry");
});

test.each([
  ["*", "a.example", true],
  ["*.example", "a.example", true],
  ["*.example", "example", false],
  ["a.example", "*.example", false],
  ["*.example", "*.b.example", true],
])("%s covers %s: %p", (pattern, host, covered) => {
  expect(covers(pattern, host)).toBe(covered);
  expect(overlap(host, pattern)).toBe(covered || covers(host, pattern));
});

test("the workload's own label comes before that of its namespace, and the host's network has no proxy", () => {
  const view = new MeshView([injected, labelled("Namespace", "off", { "istio-injection": "disabled" })]);
  const of = (namespace: string, labels: Record<string, string>, spec: object = {}) =>
    view.isInjected({ namespace, labels, spec });
  expect([of("shop", {}), of("off", {}), of("none", {})]).toEqual([true, false, false]);
  expect([
    of("off", { "sidecar.istio.io/inject": "true" }),
    of("shop", { "sidecar.istio.io/inject": "false" }),
  ]).toEqual([true, false]);
  expect(of("shop", {}, { hostNetwork: true })).toBe(false);
  expect(new MeshView([pod("web")]).workloads.map(({ name }) => name)).toEqual(["web"]);
});
