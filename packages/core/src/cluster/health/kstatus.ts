// Whether a cluster has done what an object asks for. The rules are those of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus), the first
// that fits decides.
import type { ReconcileState } from "@sluice/protocol";
import { groupOf, listAt, numberAt, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";

export interface Reconciled {
  readonly state: ReconcileState;
  readonly reason: string;
}

/** A condition as objects have them. Its age counts from `at`, milliseconds since 1970. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly at: number | undefined;
}

/** How long a pod may look for a node before that is a failure. */
const unschedulableMs = 15_000;
/** "No deadline", as the API writes it. */
const noDeadlineSeconds = 2_147_483_647;

export function conditionsOf(object: unknown): readonly Condition[] {
  return listAt(object, "status", "conditions").map((each) => {
    const since = Date.parse(textAt(each, "lastTransitionTime") ?? "");
    return {
      type: textAt(each, "type") ?? "",
      status: textAt(each, "status") ?? "",
      reason: textAt(each, "reason") ?? "",
      message: textAt(each, "message") ?? "",
      at: Number.isNaN(since) ? undefined : since,
    };
  });
}

/** The condition of this type; undefined where there is none. */
export function conditionOf(object: unknown, type: string): Condition | undefined {
  return conditionsOf(object).find((each) => each.type === type);
}

const current = (reason: string): Reconciled => ({ state: "Current", reason });
const inProgress = (reason: string): Reconciled => ({ state: "InProgress", reason });
const failed = (reason: string): Reconciled => ({ state: "Failed", reason });

const said = (condition: Condition): string => condition.message || condition.reason || condition.type;

/** `undefined`: there is no such object. `now`: milliseconds since 1970. */
export function reconciled(object: KubeObject | undefined, now: number): Reconciled {
  if (object === undefined) return { state: "NotFound", reason: "There is no such object." };
  if (object.metadata.deletionTimestamp !== undefined) return { state: "Terminating", reason: "It is being deleted." };
  const { generation } = object.metadata;
  const observed = numberAt(object, "status", "observedGeneration");
  if (generation !== undefined && observed !== undefined && generation !== observed) {
    return inProgress(`Generation ${generation} has not been looked at; the controller is at ${observed}.`);
  }
  for (const each of conditionsOf(object)) {
    if (each.status !== "True") continue;
    if (each.type === "Reconciling") return inProgress(said(each));
    if (each.type === "Stalled") return failed(said(each));
  }
  const rule = rules[`${object.kind}.${groupOf(object.apiVersion)}`];
  return rule === undefined ? byReadyCondition(object) : rule(object, now);
}

function byReadyCondition(object: KubeObject): Reconciled {
  const ready = conditionOf(object, "Ready");
  if (ready === undefined) return current("It is there.");
  return ready.status === "True" ? current(said(ready)) : inProgress(said(ready));
}

type Rule = (object: KubeObject, now: number) => Reconciled;

/** `Available: 1 of 2`, for the first of these counters that is short. */
function short(object: KubeObject, wanted: number, counters: readonly string[]): Reconciled | undefined {
  for (const counter of counters) {
    const count = numberAt(object, "status", counter) ?? 0;
    if (count < wanted) return inProgress(`${counter}: ${count} of ${wanted}`);
  }
  return undefined;
}

function tooMany(object: KubeObject, wanted: number, counter: string): Reconciled | undefined {
  const count = numberAt(object, "status", counter) ?? 0;
  return count > wanted ? inProgress(`${count - wanted} of the ones before are still to end`) : undefined;
}

function deployment(object: KubeObject): Reconciled {
  const progressing = conditionOf(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return failed(said(progressing));
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const updated = numberAt(object, "status", "updatedReplicas") ?? 0;
  const counted =
    short(object, wanted, ["replicas", "updatedReplicas"]) ??
    tooMany(object, wanted, "replicas") ??
    short(object, updated, ["availableReplicas"]) ??
    short(object, wanted, ["readyReplicas"]);
  if (counted !== undefined) return counted;
  const deadline = numberAt(object, "spec", "progressDeadlineSeconds");
  if (deadline !== undefined && deadline !== noDeadlineSeconds) {
    if (progressing?.status !== "True" || progressing.reason !== "NewReplicaSetAvailable") {
      return inProgress("The new replica set is not available yet.");
    }
  }
  const available = conditionOf(object, "Available");
  if (available?.status !== "True")
    return inProgress(available === undefined ? "It is not available." : said(available));
  return current(`${wanted} replicas are available.`);
}

function statefulSet(object: KubeObject): Reconciled {
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete")
    return current("It updates when pods are deleted.");
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const counted = short(object, wanted, ["replicas", "readyReplicas"]) ?? tooMany(object, wanted, "replicas");
  if (counted !== undefined) return counted;
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  if (partition !== undefined) {
    return short(object, wanted - partition, ["updatedReplicas"]) ?? current(`Updated from ${partition} on.`);
  }
  const left = short(object, wanted, ["currentReplicas"]);
  if (left !== undefined) return left;
  if (textAt(object, "status", "currentRevision") !== textAt(object, "status", "updateRevision")) {
    return inProgress("Pods of the revision before are still there.");
  }
  return current(`${wanted} replicas are ready.`);
}

function daemonSet(object: KubeObject): Reconciled {
  if (object.metadata.generation === undefined || numberAt(object, "status", "observedGeneration") === undefined) {
    return inProgress("The controller has not looked at it.");
  }
  const wanted = numberAt(object, "status", "desiredNumberScheduled");
  if (wanted === undefined) return inProgress("How many nodes it goes to is not known yet.");
  const counters = ["currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"];
  return short(object, wanted, counters) ?? current(`Ready on ${wanted} nodes.`);
}

function replicaSet(object: KubeObject): Reconciled {
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return inProgress(said(failure));
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  return (
    short(object, wanted, ["fullyLabeledReplicas", "availableReplicas", "readyReplicas"]) ??
    tooMany(object, wanted, "replicas") ??
    current(`${wanted} replicas are ready.`)
  );
}

function pod(object: KubeObject, now: number): Reconciled {
  switch (textAt(object, "status", "phase")) {
    case "Succeeded":
      return current("It has completed.");
    case "Failed":
      return current("It has ended with a failure.");
    case "Running": {
      if (conditionOf(object, "Ready")?.status === "True") return current("It is ready.");
      const crashing = listAt(object, "status", "containerStatuses").find(
        (each) => textAt(each, "state", "waiting", "reason") === "CrashLoopBackOff",
      );
      const name = textAt(crashing, "name");
      return crashing === undefined
        ? inProgress("It runs and is not ready.")
        : failed(`Container ${name} keeps crashing.`);
    }
    case "Pending": {
      const scheduled = conditionOf(object, "PodScheduled");
      const since = scheduled?.at ?? now;
      if (scheduled?.status === "False" && scheduled.reason === "Unschedulable" && now - since > unschedulableMs) {
        return failed(`No node takes it: ${said(scheduled)}`);
      }
      return inProgress("It is pending.");
    }
    default:
      return inProgress("It has no phase yet.");
  }
}

function job(object: KubeObject): Reconciled {
  for (const each of conditionsOf(object)) {
    if (each.status !== "True") continue;
    if (each.type === "Complete") return current("It has completed.");
    if (each.type === "Failed") return failed(said(each));
    if (each.type === "Suspended" && (object["spec"] as { suspend?: boolean } | undefined)?.suspend === true) {
      return current("It is suspended.");
    }
  }
  return textAt(object, "status", "startTime") === undefined
    ? inProgress("It has not begun.")
    : current("It is running.");
}

function claim(object: KubeObject): Reconciled {
  const phase = textAt(object, "status", "phase") ?? "unknown";
  return phase === "Bound" ? current("It is bound.") : inProgress(`It is not bound: ${phase}.`);
}

function service(object: KubeObject): Reconciled {
  const waits = textAt(object, "spec", "type") === "LoadBalancer" && (textAt(object, "spec", "clusterIP") ?? "") === "";
  return waits ? inProgress("It has no cluster IP yet.") : current("It is ready.");
}

function definition(object: KubeObject): Reconciled {
  const names = conditionOf(object, "NamesAccepted");
  if (names?.status === "False") return failed(said(names));
  const established = conditionOf(object, "Established");
  if (established?.status === "True") return current("It is established.");
  if (established?.status === "False" && established.reason !== "Installing") return failed(said(established));
  return inProgress("It is being installed.");
}

const there: Rule = () => current("It is there.");

const rules: Readonly<Record<string, Rule>> = {
  "Deployment.apps": deployment,
  "StatefulSet.apps": statefulSet,
  "DaemonSet.apps": daemonSet,
  "ReplicaSet.apps": replicaSet,
  "Pod.": pod,
  "Job.batch": job,
  "PersistentVolumeClaim.": claim,
  "Service.": service,
  "PodDisruptionBudget.policy": there,
  "CronJob.batch": there,
  "ConfigMap.": there,
  "Secret.": there,
  "CustomResourceDefinition.apiextensions.k8s.io": definition,
};
