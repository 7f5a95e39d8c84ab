// What a plan is: what would change, what goes, what nobody can know yet, and the hash that all of it is approved by.
import type { ChangeAction } from "@sluice/protocol";
import type { FieldConflict } from "../client/refusals.ts";
import type { ClusterIdentity } from "../client/identity.ts";
import { canonicalJson } from "../objects.ts";
import type { KubeObject, ObjectRef } from "../objects.ts";
import type { Sha256 } from "../ports.ts";
import type { FieldChange } from "./diff.ts";
import type { Violation } from "./policy.ts";

/** What a component has in its cluster. */
export interface InventoryEntry extends ObjectRef {
  readonly apiVersion: string;
  readonly uid: string;
}

export interface PlannedChange {
  readonly ref: ObjectRef;
  readonly key: string;
  readonly action: ChangeAction;
  readonly wave: number;
  readonly fields: readonly FieldChange[];
  readonly conflicts: readonly FieldConflict[];
  /** Fields of client-side apply become the component's first. */
  readonly migrates: boolean;
  readonly risk: "low" | "medium" | "high";
  readonly irreversible: boolean;
  /** Why nobody can know what it does. */
  readonly reason: string | undefined;
  /** Of what is there: undefined where nothing is. */
  readonly uid: string | undefined;
  readonly digest: string | undefined;
}

export interface PlannedPrune extends InventoryEntry {
  readonly key: string;
  readonly digest: string;
}

/** Everything of a plan but who asked for it and what became of it. */
export interface PlanContent {
  /** The commit that the manifests are of, where they come from a repository. */
  readonly revision?: string;
  readonly component: string;
  readonly cluster: string;
  readonly identity: ClusterIdentity;
  readonly kind: "apply" | "undo" | "known";
  readonly changes: readonly PlannedChange[];
  readonly prune: readonly PlannedPrune[];
  readonly violations: readonly Violation[];
  /** Of the component when it was made: another one since then makes it stale. */
  readonly version: number;
  readonly hash: string;
}

/** What is to be: objects with the values of Secrets taken out. */
export interface Intent {
  readonly objects: readonly KubeObject[];
  readonly policy: object;
  readonly waitMs: number;
  readonly force: readonly string[];
}

/** What an approval stands for: SHA-256 of intent, cluster, policy, prunes, and what each object was when it was looked at. */
export function planHash(
  p: Omit<PlanContent, "hash"> & { readonly intent: Intent; readonly secrets: string },
  sha256: Sha256,
): string {
  const { component, identity, kind, version, intent, secrets } = p;
  const seen = p.changes.map(({ key, action, uid = "", digest = "" }) => [key, action, uid, digest]);
  const prune = p.prune.map(({ key, uid, digest }) => [key, uid, digest]);
  return sha256(canonicalJson({ component, identity, kind, version, intent, secrets, seen, prune }));
}

const riskOrder = ["high", "medium", "low"] as const;

/** Riskiest first; what stays as it is last. */
export function byRisk(changes: readonly PlannedChange[]): readonly PlannedChange[] {
  const rank = (change: PlannedChange): number =>
    change.action === "unchanged" ? riskOrder.length : riskOrder.indexOf(change.risk);
  return changes.toSorted((a, b) => rank(a) - rank(b) || a.wave - b.wave || (a.key < b.key ? -1 : 1));
}
