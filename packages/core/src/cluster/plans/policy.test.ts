import { describe, expect, test } from "bun:test";
import { parseComponent } from "../components/component-file.ts";
import type { KubeObject } from "../objects.ts";
import type { PlannedChange } from "./plan.ts";
import { isForced, isIrreversible, isOpen, judge, removedIn, riskOf } from "./policy.ts";

const spec = (policy: string) => {
  const parsed = parseComponent("f", `name: web\ncluster: main\nmanifests: [a]\npolicy: ${policy}\n`);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
const object = (kind: string, namespace: string, apiVersion = "v1"): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "a", namespace },
});
const change = (kind: string, namespace: string, over: Partial<PlannedChange> = {}): PlannedChange => ({
  ref: { group: "", kind, namespace, name: "a" },
  key: `${kind} ${namespace}/a`,
  action: "update",
  wave: 1,
  fields: [],
  conflicts: [],
  migrates: false,
  risk: "low",
  irreversible: false,
  reason: undefined,
  uid: "u",
  digest: "d",
  ...over,
});
const rules = (
  policy: string,
  changes: readonly PlannedChange[],
  more: { objects?: readonly KubeObject[]; pruned?: number; minor?: number } = {},
) =>
  judge({
    spec: spec(policy),
    objects: more.objects ?? [],
    changes,
    pruned: more.pruned ?? 0,
    minor: more.minor ?? 34,
  }).map(({ rule }): string => rule);

describe("a policy", () => {
  test.each([
    ["{ namespaces: [shop] }", change("Secret", "kube-system"), "namespaces"],
    ["{ namespaces: [shop] }", change("ClusterRole", ""), "namespaces"],
    ["{ protectedKinds: [Secret] }", change("Secret", "shop"), "protected-kinds"],
    ["{ protectedKinds: [Secret.] }", change("Secret", "shop"), "protected-kinds"],
    ["{}", change("Pod", "shop", { conflicts: [{ field: ".spec.x", manager: "helm" }] }), "field-conflict"],
  ])("%s refuses %o", (policy, changed, rule) => {
    expect(rules(policy, [changed])).toEqual([rule]);
    expect(rules(policy, [{ ...changed, action: "unchanged" }])).toEqual([]);
  });

  test("takes what it names", () => {
    expect(rules("{ namespaces: [shop], protectedKinds: [Secret.other] }", [change("Secret", "shop")])).toEqual([]);
    const conflict = change("Pod", "shop", { conflicts: [{ field: ".spec.x.y", manager: "helm" }] });
    expect(rules("{ force: [.spec.x] }", [conflict])).toEqual([]);
  });

  test("counts what is changed and what goes", () => {
    const two = [change("Secret", "a"), change("Secret", "b"), change("Secret", "c", { action: "unchanged" })];
    expect(rules("{ objectsMax: 3 }", two, { pruned: 1 })).toEqual([]);
    expect(rules("{ objectsMax: 3 }", two, { pruned: 2 })).toEqual(["blast-radius"]);
  });

  test("knows versions that are gone, by the version of the cluster", () => {
    const objects = [object("CronJob", "a", "batch/v1beta1")];
    expect(rules("{}", [], { objects, minor: 24 })).toEqual([]);
    expect(rules("{}", [], { objects, minor: 25 })).toEqual(["removed-api"]);
    expect([removedIn(object("Ingress", "a", "extensions/v1beta1")), removedIn(object("Pod", "a"))]).toEqual([
      22,
      undefined,
    ]);
  });
});

test("a field is named with everything in it, and nothing beside it", () => {
  expect([".spec.a", ".spec.a.b", ".spec.a[0]"].map((field) => isForced([".spec.a"], field))).toEqual([
    true,
    true,
    true,
  ]);
  expect([".spec", ".spec.ab"].map((field) => isForced([".spec.a"], field))).toEqual([false, false]);
});

test("windows are those of their zone, over midnight too", () => {
  const { windows } = spec(
    '{ windows: [{ days: [fri], from: "22:00", to: "02:00", timezone: Europe/Berlin }] }',
  ).policy;
  const at = (text: string) => isOpen(windows, Date.parse(text));
  // Summer: two hours ahead.
  expect([
    at("2026-07-03T19:59:00Z"),
    at("2026-07-03T20:00:00Z"),
    at("2026-07-03T23:59:00Z"),
    at("2026-07-04T00:00:00Z"),
  ]).toEqual([false, true, true, false]);
  expect([at("2026-07-02T20:30:00Z"), isOpen([], 0)]).toEqual([false, true]);
  const day = spec('{ windows: [{ from: "09:00", to: "17:00" }] }').policy.windows;
  expect([8, 9, 16, 17].map((hour) => isOpen(day, Date.UTC(2026, 0, 1, hour)))).toEqual([false, true, true, false]);
});

test("risk follows what is changed and whether it can be taken back", () => {
  const risk = (kind: string, action: PlannedChange["action"], irreversible = false) =>
    riskOf(kind, { action, irreversible });
  expect([
    risk("ConfigMap", "update"),
    risk("Deployment", "update"),
    risk("ClusterRole", "update"),
    risk("ClusterRole", "create"),
  ]).toEqual(["low", "medium", "high", "medium"]);
  expect([
    risk("ConfigMap", "prune"),
    risk("ConfigMap", "update", true),
    risk("Deployment", "unchanged"),
    risk("New", "unknown"),
  ]).toEqual(["high", "high", "low", "medium"]);
  const claim = object("PersistentVolumeClaim", "a");
  expect([
    isIrreversible(claim, [".spec.resources.requests.storage"]),
    isIrreversible(claim, [".metadata.labels.a"]),
  ]).toEqual([true, false]);
  const definition = object("CustomResourceDefinition", "", "apiextensions.k8s.io/v1");
  expect([
    isIrreversible(definition, [".spec.versions"]),
    isIrreversible(object("Job", "a", "batch/v1"), [".spec"]),
    isIrreversible(object("Pod", "a"), [".spec"]),
  ]).toEqual([true, true, false]);
});
