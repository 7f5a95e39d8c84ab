import { expect, test } from "bun:test";
import { parseComponent } from "../components/component-file.ts";
import { keyOf } from "../objects.ts";
import type { InventoryEntry } from "./plan.ts";
import { decidePrune } from "./prune.ts";

const spec = (prune = "") => {
  const parsed = parseComponent("f", `name: web\ncluster: main\nmanifests: [a]\n${prune}`);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
const entry = (kind: string, name: string, group = ""): InventoryEntry => ({
  group,
  kind,
  namespace: group === "" && kind !== "Namespace" ? "n" : "",
  name,
  apiVersion: "v1",
  uid: name,
});
const maps = ["a", "b", "c", "d"].map((name) => entry("ConfigMap", name));
const decide = (
  inventory: readonly InventoryEntry[],
  wanted: readonly InventoryEntry[],
  more: { prune?: string; knows?: boolean } = {},
) =>
  decidePrune({
    spec: spec(more.prune),
    inventory,
    wanted: new Set(wanted.map(keyOf)),
    knowsKind: () => more.knows ?? true,
  });

test("what is no longer declared goes", () => {
  expect(decide(maps, maps.slice(1)).prune).toEqual([maps[0] as InventoryEntry]);
  expect(decide(maps, maps)).toEqual({ prune: [], orphans: [], violations: [] });
});

test.each([
  ["nothing is declared", maps, [], {}, "empty folder"],
  ["the cluster has not said what a kind is", maps, maps.slice(1), { knows: false }, "may not have answered"],
  ["too much would go", maps, maps.slice(3), {}, "3 of 4"],
  ["a namespace is not named", [...maps, entry("Namespace", "shop")], maps, {}, '"Namespace shop"'],
  [
    "a claim is not named",
    [...maps, entry("PersistentVolumeClaim", "data")],
    maps,
    {},
    '"PersistentVolumeClaim n/data"',
  ],
  [
    "a definition is not named",
    [...maps, entry("CustomResourceDefinition", "x", "apiextensions.k8s.io")],
    maps,
    {},
    '"CustomResourceDefinition x"',
  ],
])("argo-cd#3484: refused, and all of it left, when %s", (_what, inventory, wanted, more, message) => {
  const decided = decide(inventory, wanted, more);
  expect([decided.prune, decided.orphans.length > 0]).toEqual([[], true]);
  expect(decided.violations).toMatchObject([{ rule: "prune", message: expect.stringContaining(message) }]);
});

test("what is named may go, and with pruning off nothing does", () => {
  const inventory = [...maps, entry("Namespace", "shop")];
  expect(decide(inventory, maps, { prune: "prune: { allow: [Namespace shop] }\n" }).prune).toHaveLength(1);
  expect(decide(maps, maps.slice(3), { prune: "prune: { maxPercent: 75 }\n" }).prune).toHaveLength(3);
  expect(decide(maps, [], { prune: "prune: { enabled: false }\n" })).toMatchObject({ prune: [], violations: [] });
});
