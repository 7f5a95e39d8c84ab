import { expect, test } from "bun:test";
import { sha256 } from "../memory-ports.suite.ts";
import { byRisk, planHash } from "./plan.ts";
import type { PlannedChange } from "./plan.ts";

const change = (name: string, over: Partial<PlannedChange> = {}): PlannedChange => ({
  ref: { group: "", kind: "ConfigMap", namespace: "n", name },
  key: `ConfigMap n/${name}`,
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
const plan = {
  component: "web",
  cluster: "main",
  identity: { server: "s", ca: "c", uid: "u" },
  kind: "apply" as const,
  changes: [change("a")],
  prune: [],
  violations: [],
  version: 1,
  intent: { objects: [], policy: {}, waitMs: 1, force: [] },
  secrets: "",
};

test("the hash is another when anything that was approved is", () => {
  const hash = planHash(plan, sha256);
  expect(planHash({ ...plan, violations: [] }, sha256)).toBe(hash);
  const pruned = {
    group: "",
    kind: "Pod",
    namespace: "n",
    name: "p",
    apiVersion: "v1",
    uid: "u",
    key: "Pod n/p",
    digest: "d",
  };
  for (const over of [
    { identity: { ...plan.identity, uid: "other" } },
    { changes: [change("a", { uid: "other" })] },
    { changes: [change("a", { digest: "other" })] },
    { prune: [pruned] },
    { version: 2 },
    { secrets: "x" },
    { intent: { ...plan.intent, policy: { approval: "none" } } },
    { intent: { ...plan.intent, objects: [{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" } }] } },
  ]) {
    expect(planHash({ ...plan, ...over }, sha256)).not.toBe(hash);
  }
});

test("the riskiest is on top, what stays as it is last", () => {
  const all = [
    change("same", { action: "unchanged", risk: "high" }),
    change("b"),
    change("a"),
    change("late", { wave: 3 }),
    change("high", { risk: "high" }),
  ];
  expect(byRisk(all).map(({ ref }) => ref.name)).toEqual(["high", "a", "b", "late", "same"]);
});
