// Whether an object works. The rules are those of Argo CD's built-in health checks (gitops-engine, pkg/health).
import type { HealthState } from "@sluice/protocol";
import { asRecord, at, groupOf, listAt, numberAt, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { conditionOf, conditionsOf } from "./kstatus.ts";

export interface Health {
  readonly state: HealthState;
  readonly reason: string;
}

type Rule = (object: KubeObject) => Health;

const healthy = (reason: string): Health => ({ state: "Healthy", reason });
const progressing = (reason: string): Health => ({ state: "Progressing", reason });
const degraded = (reason: string): Health => ({ state: "Degraded", reason });
const suspended = (reason: string): Health => ({ state: "Suspended", reason });

/** Undefined for kinds of which nobody knows how they work. An object that is not there is `Missing`. */
export function healthOf(object: KubeObject | undefined): Health | undefined {
  if (object === undefined) return { state: "Missing", reason: "There is no such object." };
  if (object.metadata.deletionTimestamp !== undefined) return progressing("It is being deleted.");
  return rules[`${object.kind}.${groupOf(object.apiVersion)}`]?.(object);
}

function isObserved(object: KubeObject): boolean {
  const { generation = 0 } = object.metadata;
  return (numberAt(object, "status", "observedGeneration") ?? 0) >= generation;
}

function replicas(object: KubeObject): number {
  return numberAt(object, "spec", "replicas") ?? 1;
}

function deployment(object: KubeObject): Health {
  if (at(object, "spec", "paused") === true) return suspended("It is paused.");
  if (!isObserved(object)) return progressing("The controller has not looked at the last change.");
  const condition = conditionOf(object, "Progressing");
  if (condition?.reason === "ProgressDeadlineExceeded") return degraded("It made no progress within its deadline.");
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return degraded(failure.message || "Replicas cannot be made.");
  const updated = numberAt(object, "status", "updatedReplicas") ?? 0;
  const there = numberAt(object, "status", "replicas") ?? 0;
  const available = numberAt(object, "status", "availableReplicas") ?? 0;
  if (updated < replicas(object)) return progressing(`${updated} of ${replicas(object)} replicas are updated.`);
  if (there > updated) return progressing(`${there - updated} old replicas are still to end.`);
  if (available < updated) return progressing(`${available} of ${updated} updated replicas are available.`);
  return healthy(`${available} replicas are available.`);
}

function statefulSet(object: KubeObject): Health {
  if (!isObserved(object)) return progressing("The controller has not looked at the last change.");
  const ready = numberAt(object, "status", "readyReplicas") ?? 0;
  if (ready < replicas(object)) return progressing(`${ready} of ${replicas(object)} replicas are ready.`);
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") return healthy(`${ready} replicas are ready.`);
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  const updated = numberAt(object, "status", "updatedReplicas") ?? 0;
  if (partition !== undefined) {
    const wanted = replicas(object) - partition;
    return updated < wanted
      ? progressing(`${updated} of ${wanted} replicas are updated.`)
      : healthy("Updated so far as it should be.");
  }
  if (textAt(object, "status", "updateRevision") !== textAt(object, "status", "currentRevision")) {
    return progressing(`${updated} replicas are updated.`);
  }
  return healthy(`${ready} replicas are ready.`);
}

function daemonSet(object: KubeObject): Health {
  if (!isObserved(object)) return progressing("The controller has not looked at the last change.");
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete")
    return healthy("It updates when pods are deleted.");
  const wanted = numberAt(object, "status", "desiredNumberScheduled") ?? 0;
  const updated = numberAt(object, "status", "updatedNumberScheduled") ?? 0;
  const available = numberAt(object, "status", "numberAvailable") ?? 0;
  if (updated < wanted) return progressing(`${updated} of ${wanted} pods are updated.`);
  if (available < wanted) return progressing(`${available} of ${wanted} pods are available.`);
  return healthy(`${available} pods are available.`);
}

function replicaSet(object: KubeObject): Health {
  if (!isObserved(object)) return progressing("The controller has not looked at the last change.");
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return degraded(failure.message || "Replicas cannot be made.");
  const available = numberAt(object, "status", "availableReplicas") ?? 0;
  return available < replicas(object)
    ? progressing(`${available} of ${replicas(object)} replicas are available.`)
    : healthy(`${available} replicas are available.`);
}

const waitsForever = /^Err|Error$|BackOff$/;

function containers(object: KubeObject): readonly unknown[] {
  return [...listAt(object, "status", "initContainerStatuses"), ...listAt(object, "status", "containerStatuses")];
}

function pod(object: KubeObject): Health {
  const policy = textAt(object, "spec", "restartPolicy") ?? "Always";
  if (policy === "Always") {
    for (const each of containers(object)) {
      const reason = textAt(each, "state", "waiting", "reason") ?? "";
      if (waitsForever.test(reason)) {
        return degraded(`${textAt(each, "name")}: ${textAt(each, "state", "waiting", "message") ?? reason}`);
      }
    }
  }
  const message = textAt(object, "status", "message");
  switch (textAt(object, "status", "phase")) {
    case "Pending":
      return progressing(message ?? "It is pending.");
    case "Succeeded":
      return healthy(message ?? "It has completed.");
    case "Failed":
      return degraded(message ?? failedContainer(object) ?? "It has failed.");
    case "Running":
      return policy === "Always" ? runningPod(object) : progressing("It is running.");
    default:
      return { state: "Unknown", reason: message ?? "It has no phase." };
  }
}

function failedContainer(object: KubeObject): string | undefined {
  for (const each of containers(object)) {
    const code = numberAt(each, "state", "terminated", "exitCode") ?? 0;
    if (code !== 0) return `${textAt(each, "name")} ended with ${code}.`;
  }
  return undefined;
}

function runningPod(object: KubeObject): Health {
  if (conditionOf(object, "Ready")?.status === "True") return healthy("It is ready.");
  const restarted = containers(object).find((each) => asRecord(at(each, "lastState", "terminated")) !== undefined);
  if (restarted !== undefined) return degraded(`${textAt(restarted, "name")} has ended before and is not ready.`);
  return progressing("It runs and is not ready.");
}

function job(object: KubeObject): Health {
  for (const each of conditionsOf(object)) {
    if (each.status !== "True") continue;
    if (each.type === "Failed") return degraded(each.message || "It has failed.");
    if (each.type === "Complete") return healthy(each.message || "It has completed.");
    if (each.type === "Suspended") return suspended(each.message || "It is suspended.");
  }
  return progressing("It is running.");
}

function claim(object: KubeObject): Health {
  switch (textAt(object, "status", "phase")) {
    case "Bound":
      return healthy("It is bound.");
    case "Lost":
      return degraded("Its volume is lost.");
    case "Pending":
      return progressing("It is not bound yet.");
    default:
      return { state: "Unknown", reason: "It has no phase." };
  }
}

function hasIngress(object: KubeObject): boolean {
  return listAt(object, "status", "loadBalancer", "ingress").length > 0;
}

function service(object: KubeObject): Health {
  if (textAt(object, "spec", "type") !== "LoadBalancer") return healthy("It needs no load balancer.");
  return hasIngress(object)
    ? healthy("It has an address.")
    : progressing("The load balancer has given no address yet.");
}

function ingress(object: KubeObject): Health {
  return hasIngress(object) ? healthy("It has an address.") : progressing("No controller has given it an address yet.");
}

const scalingFailures = new Set([
  "FailedGetScale",
  "FailedUpdateScale",
  "FailedGetResourceMetric",
  "FailedGetPodsMetric",
  "FailedGetObjectMetric",
  "FailedGetExternalMetric",
  "InvalidSelector",
  "InvalidMetricSourceType",
]);

function autoscaler(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  const failure = conditions.find((each) => scalingFailures.has(each.reason));
  if (failure !== undefined) return degraded(failure.message || failure.reason);
  const working = conditions.find(
    (each) => each.status === "True" && (each.type === "AbleToScale" || each.type === "ScalingLimited"),
  );
  return working === undefined ? progressing("It has not scaled yet.") : healthy(working.message || "It scales.");
}

const rules: Readonly<Record<string, Rule>> = {
  "Deployment.apps": deployment,
  "StatefulSet.apps": statefulSet,
  "DaemonSet.apps": daemonSet,
  "ReplicaSet.apps": replicaSet,
  "Pod.": pod,
  "Job.batch": job,
  "PersistentVolumeClaim.": claim,
  "Service.": service,
  "Ingress.networking.k8s.io": ingress,
  "HorizontalPodAutoscaler.autoscaling": autoscaler,
};
