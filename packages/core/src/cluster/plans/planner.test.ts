import { describe, expect, test } from "bun:test";
import { readIdentity } from "../client/identity.ts";
import { parseComponent } from "../components/component-file.ts";
import { doubleBench } from "../double/bench.suite.ts";
import type { DoubleBench } from "../double/bench.suite.ts";
import { status } from "../double/api-double.suite.ts";
import { sha256 } from "../memory-ports.suite.ts";
import type { KubeObject } from "../objects.ts";
import type { InventoryEntry } from "./plan.ts";
import { makePlan, managerOf, shown } from "./planner.ts";

const map = (name: string, data: object = {}, namespace?: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  data,
});

async function planned(
  bench: DoubleBench,
  objects: readonly KubeObject[],
  p: { more?: string; inventory?: readonly InventoryEntry[] } = {},
) {
  const spec = parseComponent("f", `name: web\ncluster: main\nmanifests: [a]\n${p.more ?? ""}`);
  const identity = await readIdentity(bench.resources, sha256);
  if (!spec.ok || !identity.ok) throw new Error("bench");
  const { resources } = bench;
  const rest = { kind: "apply", inventory: p.inventory ?? [], version: 0, salt: "s", sha256 } as const;
  return makePlan({ spec: spec.value, objects, identity: identity.value, resources, ...rest });
}

describe("a plan", () => {
  test("says what would be made, changed and left, and writes nothing", async () => {
    await using bench = doubleBench();
    bench.double.put(map("same", { x: "1" }, "default"), managerOf("web"));
    bench.double.put(map("other", { x: "1" }, "default"), managerOf("web"));
    const before = [...bench.double.objects.values()].map(({ metadata }) => metadata.resourceVersion);
    const made = await planned(bench, [map("same", { x: "1" }), map("other", { y: "2" }), map("new")]);
    expect(made.ok && made.value.content.changes.map(({ key, action }) => [key, action])).toEqual([
      ["ConfigMap default/new", "create"],
      ["ConfigMap default/other", "update"],
      ["ConfigMap default/same", "unchanged"],
    ]);
    expect([...bench.double.objects.values()].map(({ metadata }) => metadata.resourceVersion)).toEqual(before);
  });

  test("has the same hash for the same, and another when the cluster has moved on", async () => {
    await using bench = doubleBench();
    bench.double.put(map("a", { x: "1" }, "default"));
    const hash = async () => {
      const made = await planned(bench, [map("a", { y: "1" })]);
      return made.ok ? made.value.content.hash : "";
    };
    const first = await hash();
    expect([await hash(), first.length]).toEqual([first, 64]);
    bench.double.touch("ConfigMap", "a", { data: { x: "2" } });
    expect(await hash()).not.toBe(first);
  });

  test("shows whose fields are in the way, and takes over those of client-side apply", async () => {
    await using bench = doubleBench();
    bench.double.put(map("helm", { x: "1" }, "default"), "helm");
    bench.double.put(map("old", { x: "1" }, "default"), "kubectl-client-side-apply");
    const made = await planned(bench, [map("helm", { x: "2" }), map("old", { x: "2" })]);
    if (!made.ok) throw new Error(made.error.message);
    const [helm, old] = made.value.content.changes;
    expect(helm).toMatchObject({ conflicts: [{ field: ".data.x", manager: "helm" }], migrates: false });
    expect(old).toMatchObject({
      conflicts: [],
      migrates: true,
      fields: [{ path: ".data.x", before: "1", after: "2" }],
    });
    expect(made.value.content.violations).toMatchObject([{ rule: "field-conflict" }]);
  });

  test("keeps what the cluster refuses, with its reason, and fails when it cannot be asked", async () => {
    await using bench = doubleBench({ retriesMax: 0 });
    bench.double.fault = ({ method }) =>
      method === "PATCH" ? status(422, "Invalid", "spec.x: no", [{ field: "spec.x" }]) : undefined;
    expect(await planned(bench, [map("a")])).toMatchObject({
      value: { content: { violations: [{ rule: "rejected", message: expect.stringContaining("spec.x: no") }] } },
    });
    bench.double.fault = ({ method }) => (method === "PATCH" ? status(500, "InternalError", "etcd") : undefined);
    expect(await planned(bench, [map("a")])).toMatchObject({ error: { code: "cluster_unreachable" } });
    bench.double.fault = ({ path }) => (path === "/apis" ? status(500, "InternalError", "no discovery") : undefined);
    expect((await planned(bench, [map("a")])).ok).toBe(false);
  });

  test("prunes what the component has and no longer declares, if it is still that one", async () => {
    await using bench = doubleBench();
    const entries = ["a", "b", "c", "d"].map((name): InventoryEntry => {
      const { uid = "" } = bench.double.put(map(name, {}, "default")).metadata;
      return { group: "", kind: "ConfigMap", namespace: "default", name, apiVersion: "v1", uid };
    });
    bench.double.drop("ConfigMap", "a");
    bench.double.put(map("a", {}, "default"));
    const made = await planned(bench, [map("c"), map("d")], { inventory: entries });
    expect(made.ok && made.value.content.prune.map(({ key }) => key)).toEqual(["ConfigMap default/b"]);
  });

  test("does not know what comes into a namespace that it makes itself", async () => {
    await using bench = doubleBench();
    const namespace: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
    const made = await planned(bench, [namespace, map("a", {}, "shop")]);
    expect(made.ok && made.value.content.changes.map(({ action, reason }) => [action, reason !== undefined])).toEqual([
      ["create", false],
      ["unknown", true],
    ]);
  });
});

test("words of the cluster about a Secret are left out, but for fields", () => {
  const error = {
    code: "cluster_rejected",
    message: 'Invalid value: "hunter2"',
    details: { fields: ["data.p"], reason: "Invalid" },
  } as const;
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" } };
  expect(shown(secret, error)).toBe("the cluster refuses it for data.p (Invalid)");
  expect(shown(map("a"), error)).toContain("hunter2");
});
