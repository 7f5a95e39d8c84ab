// What a component's policy says about a plan: each rule that is broken by name, so that it can be read, tested and overridden by name.
import { groupOf } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { ComponentSpec } from "../components/component-file.ts";
import type { PlannedChange } from "./plan.ts";

export interface Violation {
  readonly rule:
    | "namespaces"
    | "protected-kinds"
    | "blast-radius"
    | "removed-api"
    | "field-conflict"
    | "unknown-kind"
    | "rejected"
    | "prune";
  readonly message: string;
}

/** Versions that Kubernetes no longer serves, and the minor version of 1.x that took them away. Source: the deprecation guide. */
const removedApis: readonly (readonly [apiVersion: string, kinds: readonly string[], minor: number])[] = [
  ["extensions/v1beta1", ["Deployment", "DaemonSet", "ReplicaSet", "NetworkPolicy", "PodSecurityPolicy"], 16],
  ["extensions/v1beta1", ["Ingress"], 22],
  ["apps/v1beta1", [], 16],
  ["apps/v1beta2", [], 16],
  ["admissionregistration.k8s.io/v1beta1", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], 22],
  ["apiextensions.k8s.io/v1beta1", [], 22],
  ["apiregistration.k8s.io/v1beta1", [], 22],
  ["certificates.k8s.io/v1beta1", [], 22],
  ["coordination.k8s.io/v1beta1", [], 22],
  ["networking.k8s.io/v1beta1", ["Ingress", "IngressClass"], 22],
  ["rbac.authorization.k8s.io/v1beta1", [], 22],
  ["scheduling.k8s.io/v1beta1", [], 22],
  ["batch/v1beta1", [], 25],
  ["discovery.k8s.io/v1beta1", [], 25],
  ["events.k8s.io/v1beta1", [], 25],
  ["autoscaling/v2beta1", [], 25],
  ["policy/v1beta1", [], 25],
  ["node.k8s.io/v1beta1", [], 25],
  ["autoscaling/v2beta2", [], 26],
  ["flowcontrol.apiserver.k8s.io/v1beta1", [], 26],
  ["storage.k8s.io/v1beta1", ["CSIStorageCapacity"], 27],
  ["flowcontrol.apiserver.k8s.io/v1beta2", [], 29],
  ["flowcontrol.apiserver.k8s.io/v1beta3", [], 32],
];

/** The minor version of 1.x that no longer has this kind in this version; undefined where all have it. */
export function removedIn({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): number | undefined {
  const found = removedApis.find(
    ([version, kinds]) => version === apiVersion && (kinds.length === 0 || kinds.includes(kind)),
  );
  return found?.[2];
}

/** What of the policy the plan breaks. A plan that breaks anything cannot be approved. */
export function judge(p: {
  readonly spec: Pick<ComponentSpec, "policy">;
  readonly objects: readonly KubeObject[];
  readonly changes: readonly PlannedChange[];
  readonly pruned: number;
  /** Of the cluster, such as 34. */
  readonly minor: number | undefined;
}): readonly Violation[] {
  const { policy } = p.spec;
  const violations: Violation[] = [];
  const changed = p.changes.filter(({ action }) => action !== "unchanged");
  for (const object of p.objects) {
    const removed = removedIn(object);
    const name = `${object.kind} ${object.metadata.name}`;
    if (removed !== undefined && (p.minor === undefined || p.minor >= removed)) {
      violations.push({
        rule: "removed-api",
        message: `${name}: ${object.apiVersion} is not served since 1.${removed}.`,
      });
    }
  }
  for (const change of changed) {
    const { namespace, kind, group } = change.ref;
    if (policy.namespaces !== undefined && !policy.namespaces.includes(namespace)) {
      const where = namespace === "" ? "in no namespace" : `in namespace ${namespace}`;
      violations.push({ rule: "namespaces", message: `${change.key} is ${where}, which the policy does not name.` });
    }
    if (policy.protectedKinds.some((each) => each === kind || each === `${kind}.${group}`)) {
      violations.push({ rule: "protected-kinds", message: `${change.key} is of a protected kind.` });
    }
    const taken = change.conflicts.filter(({ field }) => !isForced(policy.force, field));
    for (const { field, manager } of taken) {
      violations.push({
        rule: "field-conflict",
        message: `${change.key}: ${field} belongs to ${manager}; name it in policy.force to take it.`,
      });
    }
  }
  const touched = changed.length + p.pruned;
  if (policy.objectsMax !== undefined && touched > policy.objectsMax) {
    violations.push({
      rule: "blast-radius",
      message: `It changes ${touched} objects; the policy takes ${policy.objectsMax}.`,
    });
  }
  return violations;
}

/** Whether a field, or what it lies in, is named. */
export function isForced(force: readonly string[], field: string): boolean {
  return force.some((named) => field === named || field.startsWith(`${named}.`) || field.startsWith(`${named}[`));
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** Whether something may be applied at this moment. A window over midnight belongs to the day it begins on. */
export function isOpen(windows: ComponentSpec["policy"]["windows"], now: number): boolean {
  if (windows.length === 0) return true;
  return windows.some(({ days = dayNames, from, to, timezone }) => {
    const { day, minutes } = localTime(now, timezone);
    const [begin, end] = [minutesOf(from), minutesOf(to)];
    const on = (index: number): boolean => (days as readonly string[]).includes(dayNames[(index + 7) % 7] ?? "");
    if (begin <= end) return on(day) && minutes >= begin && minutes < end;
    return (on(day) && minutes >= begin) || (on(day - 1) && minutes < end);
  });
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

function localTime(now: number, timeZone: string): { readonly day: number; readonly minutes: number } {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  const day = dayNames.indexOf((parts.get("weekday") ?? "").toLowerCase() as (typeof dayNames)[number]);
  return { day, minutes: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}

const workloads = new Set(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "ReplicaSet"]);
const wide = new Set([
  "CustomResourceDefinition",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ClusterRole",
  "ClusterRoleBinding",
  "APIService",
  "Namespace",
]);

/** How much can go wrong with a change. */
export function riskOf(
  kind: string,
  p: { readonly action: PlannedChange["action"]; readonly irreversible: boolean },
): PlannedChange["risk"] {
  if (p.action === "unchanged") return "low";
  if (p.irreversible || p.action === "prune") return "high";
  if (wide.has(kind)) return p.action === "create" ? "medium" : "high";
  return workloads.has(kind) || p.action === "unknown" ? "medium" : "low";
}

/** Whether applying the previous intent again does not take this change back. */
export function isIrreversible(object: KubeObject, paths: readonly string[]): boolean {
  const group = groupOf(object.apiVersion);
  if (object.kind === "PersistentVolumeClaim" && group === "")
    return paths.some((path) => path.includes(".resources.requests"));
  if (object.kind === "CustomResourceDefinition") return paths.some((path) => path.startsWith(".spec.versions"));
  // A job that has run has run.
  return object.kind === "Job" && group === "batch" && paths.length > 0;
}
