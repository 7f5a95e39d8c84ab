// What goes because it is no longer declared, and why something that looks so does not. Of everything a tool can do to a cluster this
// has destroyed most: it refuses whenever it cannot be sure.
import { keyOf } from "../objects.ts";
import type { ComponentSpec } from "../components/component-file.ts";
import type { InventoryEntry } from "./plan.ts";
import type { Violation } from "./policy.ts";

/** Kinds that take much more along than themselves. */
const precious = new Set([
  "Namespace ",
  "CustomResourceDefinition apiextensions.k8s.io",
  "PersistentVolumeClaim ",
  "PersistentVolume ",
]);

export interface PruneDecision {
  readonly prune: readonly InventoryEntry[];
  /** Left alone because pruning is off. */
  readonly orphans: readonly InventoryEntry[];
  readonly violations: readonly Violation[];
}

/** `wanted`: keys of what is declared. `knowsKind`: whether discovery has the kind of an entry. */
export function decidePrune(p: {
  readonly spec: ComponentSpec;
  readonly inventory: readonly InventoryEntry[];
  readonly wanted: ReadonlySet<string>;
  readonly knowsKind: (entry: InventoryEntry) => boolean;
}): PruneDecision {
  const { prune } = p.spec;
  const gone = p.inventory.filter((entry) => !p.wanted.has(keyOf(entry)));
  if (gone.length === 0) return { prune: [], orphans: [], violations: [] };
  if (!prune.enabled) return { prune: [], orphans: gone, violations: [] };
  const refuse = (message: string): PruneDecision => ({
    prune: [],
    orphans: gone,
    violations: [{ rule: "prune", message }],
  });
  if (p.wanted.size === 0)
    return refuse("Nothing is declared any more: what a component has is not removed by an empty folder.");
  const unknown = gone.find((entry) => !p.knowsKind(entry));
  if (unknown !== undefined)
    return refuse(`The cluster does not say what ${unknown.kind} is; it may not have answered in full.`);
  const percent = (gone.length / p.inventory.length) * 100;
  if (percent > prune.maxPercent) {
    return refuse(
      `${gone.length} of ${p.inventory.length} objects would go; prune.maxPercent takes ${prune.maxPercent} percent.`,
    );
  }
  const unnamed = gone.filter(
    (entry) => precious.has(`${entry.kind} ${entry.group}`) && !prune.allow.includes(nameOf(entry)),
  );
  if (unnamed.length > 0) {
    const names = unnamed.map((entry) => JSON.stringify(nameOf(entry))).join(", ");
    return refuse(`These go only by name, in prune.allow: ${names}.`);
  }
  return { prune: gone, orphans: [], violations: [] };
}

/** As it is named in `prune.allow`. */
function nameOf({ kind, namespace, name }: InventoryEntry): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
