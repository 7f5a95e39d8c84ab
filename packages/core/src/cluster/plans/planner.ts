// Makes a plan: asks the cluster, object by object, what applying it would do, and writes nothing.
import type { WireError } from "@sluice/protocol";
import type { FieldConflict } from "../client/refusals.ts";
import type { ClusterIdentity } from "../client/identity.ts";
import type { Resources } from "../client/resources.ts";
import type { ComponentSpec } from "../components/component-file.ts";
import { ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { at, groupOf, keyOf, listAt, refOf, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { Sha256 } from "../ports.ts";
import { isOldManager, migrated } from "./client-side.ts";
import { diffObjects, digestOf, isSecret } from "./diff.ts";
import { eachOf } from "./each-of.ts";
import { byRisk, planHash } from "./plan.ts";
import type { Intent, InventoryEntry, PlanContent, PlannedChange, PlannedPrune } from "./plan.ts";
import { isIrreversible, judge, riskOf } from "./policy.ts";
import type { Violation } from "./policy.ts";
import { decidePrune } from "./prune.ts";
import { withoutSecrets } from "./secret-values.ts";
import type { SecretValues } from "./secret-values.ts";
import { waveOf } from "./waves.ts";

/** Field manager of a component: one for its whole life, never one for a run. */
export function managerOf(component: string): string {
  return `sluice-${component}`;
}

export interface PlanRequest {
  readonly spec: ComponentSpec;
  /** As they are declared. */
  readonly objects: readonly KubeObject[];
  readonly kind: "apply" | "undo";
  readonly inventory: readonly InventoryEntry[];
  readonly version: number;
  readonly identity: ClusterIdentity;
  readonly resources: Resources;
  readonly sha256: Sha256;
  /** Random text. */
  readonly salt: string;
}

export interface MadePlan {
  readonly content: PlanContent;
  readonly intent: Intent;
  readonly secrets: SecretValues;
}

/** What a look at one object needs. */
export interface Looking {
  readonly spec: Pick<ComponentSpec, "name">;
  readonly resources: Resources;
  readonly sha256: Sha256;
}

interface Looked {
  readonly change: PlannedChange;
  readonly violations: readonly Violation[];
}

/** Fails where the cluster cannot be asked. What it refuses is in the plan, with its reason. */
export async function makePlan(request: PlanRequest): Promise<Result<MadePlan>> {
  const { spec, resources, sha256, inventory } = request;
  const types = await resources.discovery.refresh();
  if (!types.ok) return types;
  const objects = await placed(request);
  const looked = await eachOf(objects, resources.client.limits.applyConcurrency, (object) =>
    look(object, request, objects),
  );
  const failed = looked.find((each) => !each.ok);
  if (failed?.ok === false) return failed;
  const found = looked.flatMap((each) => (each.ok ? [each.value] : []));
  const decided = decidePrune({
    spec,
    inventory,
    wanted: new Set(objects.map((object) => keyOf(refOf(object)))),
    knowsKind: ({ group, kind }) => types.value.some((type) => type.group === group && type.kind === kind),
  });
  const prune = await lookAtPruned(decided.prune, request);
  if (!prune.ok) return prune;
  const changes = byRisk(found.map(({ change }) => change));
  const minor = await minorOf(resources);
  const violations = [
    ...found.flatMap((each) => each.violations),
    ...judge({ spec, objects, changes, pruned: prune.value.length, minor }),
    ...decided.violations,
  ];
  const separated = withoutSecrets(objects, { salt: request.salt, sha256 });
  const intent: Intent = {
    objects: separated.objects,
    policy: { policy: spec.policy, prune: spec.prune },
    waitMs: spec.health.timeoutMs,
    force: spec.policy.force,
  };
  const { kind, version, identity } = request;
  const body = {
    component: spec.name,
    cluster: spec.cluster,
    identity,
    kind,
    changes,
    prune: prune.value,
    violations,
    version,
  };
  const secrets = Object.keys(separated.secrets.values).length === 0 ? "" : separated.digest;
  const hash = planHash({ ...body, intent, secrets }, sha256);
  return ok({ content: { ...body, hash }, intent, secrets: separated.secrets });
}

/** Objects with their namespaces: those of the component where they name none and need one. */
async function placed({ objects, spec, resources }: PlanRequest): Promise<readonly KubeObject[]> {
  const all: KubeObject[] = [];
  for (const object of objects) {
    const type = await resources.discovery.find(object.apiVersion, object.kind);
    const namespaced = type.ok ? type.value.namespaced : namespacedByPlan(object, objects);
    const { namespace: given, ...metadata } = object.metadata;
    all.push({ ...object, metadata: namespaced ? { ...metadata, namespace: given ?? spec.namespace } : metadata });
  }
  return all;
}

/** The definition of this kind among what is declared. */
function definitionOf(object: KubeObject, objects: readonly KubeObject[]): KubeObject | undefined {
  return objects.find(
    (each) =>
      each.kind === "CustomResourceDefinition" &&
      at(each, "spec", "group") === groupOf(object.apiVersion) &&
      at(each, "spec", "names", "kind") === object.kind,
  );
}

function namespacedByPlan(object: KubeObject, objects: readonly KubeObject[]): boolean {
  return at(definitionOf(object, objects), "spec", "scope") !== "Cluster";
}

/** What applying one object would do. `objects`: everything of the plan, for what it makes itself. */
export async function look(
  object: KubeObject,
  request: Looking,
  objects: readonly KubeObject[],
): Promise<Result<Looked>> {
  const { resources, sha256, spec } = request;
  const { apiVersion, kind, metadata } = object;
  const base = {
    ref: refOf(object),
    key: keyOf(refOf(object)),
    wave: waveOf(object),
    conflicts: [],
    migrates: false,
    irreversible: false,
  };
  const nobodyKnows = (reason: string): Looked => ({
    change: {
      ...base,
      action: "unknown",
      fields: diffObjects(undefined, object),
      risk: "medium",
      reason,
      uid: undefined,
      digest: undefined,
    },
    violations: [],
  });
  const live = await resources.get({ apiVersion, kind, ...metadata });
  if (!live.ok) {
    if (live.error.code !== "unknown_kind") return live;
    if (definitionOf(object, objects) !== undefined) return ok(nobodyKnows("Its definition is part of this plan."));
    const { change } = nobodyKnows(live.error.message);
    return ok({ change, violations: [{ rule: "unknown-kind", message: `${base.key}: ${live.error.message}` }] });
  }
  const dry = await dryRun(object, live.value, { resources, manager: managerOf(spec.name) });
  if (!dry.ok) {
    const inPlan = objects.some((each) => each.kind === "Namespace" && each.metadata.name === metadata.namespace);
    if (dry.error.code === "object_not_found" && inPlan) return ok(nobodyKnows("Its namespace is part of this plan."));
    if (!isRefusal(dry.error)) return dry;
    const { change } = nobodyKnows("The cluster refuses it.");
    return ok({ change, violations: [{ rule: "rejected", message: `${base.key}: ${shown(object, dry.error)}` }] });
  }
  const fields = diffObjects(live.value, dry.value.after);
  const irreversible =
    live.value !== undefined &&
    isIrreversible(
      object,
      fields.map(({ path }) => path),
    );
  const action = live.value === undefined ? "create" : fields.length === 0 ? "unchanged" : "update";
  const change: PlannedChange = {
    ...base,
    action,
    fields,
    conflicts: dry.value.conflicts,
    migrates: dry.value.migrates,
    irreversible,
    risk: riskOf(kind, { action, irreversible }),
    reason: undefined,
    uid: live.value?.metadata.uid,
    digest: live.value === undefined ? undefined : digestOf(live.value, sha256),
  };
  return ok({ change, violations: [] });
}

/** What the object would become, and whose fields are in the way. */
async function dryRun(
  object: KubeObject,
  live: KubeObject | undefined,
  p: { readonly resources: Resources; readonly manager: string },
): Promise<
  Result<{ readonly after: KubeObject; readonly conflicts: readonly FieldConflict[]; readonly migrates: boolean }>
> {
  const migrates = live !== undefined && migrated(live, p.manager) !== undefined;
  const asked = { object, manager: p.manager, dryRun: true };
  const first = await p.resources.apply(asked);
  if (first.ok) return ok({ after: first.value.object, conflicts: [], migrates });
  const conflicts = listAt(first.error.details, "conflicts") as readonly FieldConflict[];
  if (conflicts.length === 0) return first;
  const forced = await p.resources.apply({ ...asked, force: true });
  if (!forced.ok) return forced;
  return ok({
    after: forced.value.object,
    conflicts: conflicts.filter(({ manager }) => !isOldManager(manager)),
    migrates,
  });
}

/** The cluster understood and will not have it; everything else is trouble on the way. */
function isRefusal({ code, details }: WireError): boolean {
  return code === "cluster_rejected" || (code === "cluster_denied" && at(details, "status") === 403);
}

/** The cluster's words about an object; those about a Secret may hold its values. */
export function shown(object: KubeObject, error: WireError): string {
  if (!isSecret(object)) return error.message;
  const fields = listAt(error.details, "fields").join(", ");
  return `the cluster refuses it${fields === "" ? "" : ` for ${fields}`} (${textAt(error.details, "reason") ?? error.code})`;
}

async function lookAtPruned(
  entries: readonly InventoryEntry[],
  { resources, sha256 }: PlanRequest,
): Promise<Result<readonly PlannedPrune[]>> {
  const looked = await eachOf(entries, resources.client.limits.applyConcurrency, async (entry) => {
    const live = await resources.get(entry);
    return { entry, live };
  });
  const pruned: PlannedPrune[] = [];
  for (const { entry, live } of looked) {
    if (!live.ok) return live;
    // One that went, or was made anew by somebody else, is not ours to remove.
    if (live.value === undefined || live.value.metadata.uid !== entry.uid) continue;
    pruned.push({ ...entry, key: keyOf(entry), digest: digestOf(live.value, sha256) });
  }
  return ok(pruned);
}

async function minorOf(resources: Resources): Promise<number | undefined> {
  const version = await resources.client.json({ path: "/version" });
  const minor = version.ok ? Number.parseInt(textAt(version.value.body, "minor") ?? "", 10) : Number.NaN;
  return Number.isNaN(minor) ? undefined : minor;
}
