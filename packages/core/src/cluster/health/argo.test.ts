// Every rule of Argo CD's health checks with a fixture on each side of it.
import { describe, expect, test } from "bun:test";
import type { HealthState } from "@sluice/protocol";
import { healthOf } from "./argo.ts";
import { conditions, object } from "./health-fixture.suite.ts";

type Row = readonly [what: string, type: string, parts: Parameters<typeof object>[1], state: HealthState | undefined];

const check = ([, type, parts, state]: Row) => {
  const found = healthOf(object(type, parts));
  expect(found?.state).toBe(state as HealthState);
  if (found !== undefined) expect(found.reason).not.toBe("");
};

describe("whatever it is", () => {
  test("not there", () => expect(healthOf(undefined)?.state).toBe("Missing"));
  test.each<Row>([
    ["deleted", "Pod.v1", { meta: { deletionTimestamp: "x" }, status: { phase: "Failed" } }, "Progressing"],
    ["unknown", "A.b/v1", { status: conditions("Ready=False") }, undefined],
    ["of a kind's name in another group", "Deployment.other/v1", {}, undefined],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a Deployment", () => {
  const full = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  const of = (status: object, spec: object = {}): Parameters<typeof object>[1] => ({
    meta: { generation: 2 },
    spec: { replicas: 2, ...spec },
    status: { ...full, ...status },
  });
  test.each<Row>([
    ["as it should be", "Deployment.apps/v1", of({}), "Healthy"],
    ["paused", "Deployment.apps/v1", of({}, { paused: true }), "Suspended"],
    ["not observed", "Deployment.apps/v1", of({ observedGeneration: 1 }), "Progressing"],
    [
      "past its deadline",
      "Deployment.apps/v1",
      of(conditions("Progressing=False:ProgressDeadlineExceeded")),
      "Degraded",
    ],
    ["that makes progress", "Deployment.apps/v1", of(conditions("Progressing=True:ReplicaSetUpdated")), "Healthy"],
    ["that cannot make replicas", "Deployment.apps/v1", of(conditions("ReplicaFailure=True")), "Degraded"],
    ["that could", "Deployment.apps/v1", of(conditions("ReplicaFailure=False")), "Healthy"],
    ["short of updated ones", "Deployment.apps/v1", of({ updatedReplicas: 1 }), "Progressing"],
    ["with old ones", "Deployment.apps/v1", of({ replicas: 3 }), "Progressing"],
    ["short of available ones", "Deployment.apps/v1", of({ availableReplicas: 1 }), "Progressing"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a StatefulSet", () => {
  const full = {
    observedGeneration: 1,
    readyReplicas: 2,
    updatedReplicas: 2,
    currentRevision: "a",
    updateRevision: "a",
  };
  const of = (status: object, updateStrategy: object = {}): Parameters<typeof object>[1] => ({
    meta: { generation: 1 },
    spec: { replicas: 2, updateStrategy },
    status: { ...full, ...status },
  });
  const partition = { rollingUpdate: { partition: 1 } };
  test.each<Row>([
    ["as it should be", "StatefulSet.apps/v1", of({}), "Healthy"],
    ["not observed", "StatefulSet.apps/v1", of({ observedGeneration: 0 }), "Progressing"],
    ["short of ready ones", "StatefulSet.apps/v1", of({ readyReplicas: 1 }), "Progressing"],
    ["updated by deleting", "StatefulSet.apps/v1", of({ updateRevision: "b" }, { type: "OnDelete" }), "Healthy"],
    [
      "updated by deleting and not ready",
      "StatefulSet.apps/v1",
      of({ readyReplicas: 1 }, { type: "OnDelete" }),
      "Progressing",
    ],
    ["at its partition", "StatefulSet.apps/v1", of({ updatedReplicas: 1, updateRevision: "b" }, partition), "Healthy"],
    ["behind its partition", "StatefulSet.apps/v1", of({ updatedReplicas: 0 }, partition), "Progressing"],
    ["with another revision", "StatefulSet.apps/v1", of({ updateRevision: "b" }), "Progressing"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a DaemonSet", () => {
  const full = { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 };
  const of = (status: object, updateStrategy: object = {}): Parameters<typeof object>[1] => ({
    meta: { generation: 1 },
    spec: { updateStrategy },
    status: { ...full, ...status },
  });
  test.each<Row>([
    ["as it should be", "DaemonSet.apps/v1", of({}), "Healthy"],
    ["not observed", "DaemonSet.apps/v1", of({ observedGeneration: 0 }), "Progressing"],
    ["updated by deleting", "DaemonSet.apps/v1", of({ updatedNumberScheduled: 0 }, { type: "OnDelete" }), "Healthy"],
    [
      "updated by deleting and not observed",
      "DaemonSet.apps/v1",
      of({ observedGeneration: 0 }, { type: "OnDelete" }),
      "Progressing",
    ],
    ["short of updated ones", "DaemonSet.apps/v1", of({ updatedNumberScheduled: 1 }), "Progressing"],
    ["short of available ones", "DaemonSet.apps/v1", of({ numberAvailable: 1 }), "Progressing"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a ReplicaSet", () => {
  const of = (status: object): Parameters<typeof object>[1] => ({
    spec: { replicas: 2 },
    status: { availableReplicas: 2, ...status },
  });
  test.each<Row>([
    ["as it should be", "ReplicaSet.apps/v1", of({}), "Healthy"],
    ["that cannot make replicas", "ReplicaSet.apps/v1", of(conditions("ReplicaFailure=True")), "Degraded"],
    ["short of available ones", "ReplicaSet.apps/v1", of({ availableReplicas: 1 }), "Progressing"],
    [
      "not observed",
      "ReplicaSet.apps/v1",
      { ...of({ observedGeneration: 1 }), meta: { generation: 2 } },
      "Progressing",
    ],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a Pod", () => {
  const waiting = (reason: string) => ({ containerStatuses: [{ name: "c", state: { waiting: { reason } } }] });
  const ended = { containerStatuses: [{ name: "c", lastState: { terminated: { exitCode: 1 } } }] };
  const once = { restartPolicy: "Never" };
  test.each<Row>([
    ["that cannot pull", "Pod.v1", { status: { phase: "Pending", ...waiting("ErrImagePull") } }, "Degraded"],
    [
      "with a broken configuration",
      "Pod.v1",
      { status: { phase: "Pending", ...waiting("CreateContainerConfigError") } },
      "Degraded",
    ],
    ["that backs off", "Pod.v1", { status: { phase: "Running", ...waiting("CrashLoopBackOff") } }, "Degraded"],
    [
      "that backs off in its first container",
      "Pod.v1",
      { status: { phase: "Pending", initContainerStatuses: waiting("ImagePullBackOff").containerStatuses } },
      "Degraded",
    ],
    ["that is being made", "Pod.v1", { status: { phase: "Pending", ...waiting("ContainerCreating") } }, "Progressing"],
    [
      "that waits and never restarts",
      "Pod.v1",
      { spec: once, status: { phase: "Pending", ...waiting("ErrImagePull") } },
      "Progressing",
    ],
    ["that is ready", "Pod.v1", { status: { phase: "Running", ...conditions("Ready=True") } }, "Healthy"],
    ["that has ended before", "Pod.v1", { status: { phase: "Running", ...ended } }, "Degraded"],
    [
      "that is ready after it ended before",
      "Pod.v1",
      { status: { phase: "Running", ...ended, ...conditions("Ready=True") } },
      "Healthy",
    ],
    ["that is not ready yet", "Pod.v1", { status: { phase: "Running" } }, "Progressing"],
    [
      "that runs once",
      "Pod.v1",
      { spec: once, status: { phase: "Running", ...conditions("Ready=True") } },
      "Progressing",
    ],
    [
      "that runs until it succeeds",
      "Pod.v1",
      { spec: { restartPolicy: "OnFailure" }, status: { phase: "Running" } },
      "Progressing",
    ],
    ["that succeeded", "Pod.v1", { spec: once, status: { phase: "Succeeded" } }, "Healthy"],
    ["that failed", "Pod.v1", { spec: once, status: { phase: "Failed" } }, "Degraded"],
    ["without a phase", "Pod.v1", {}, "Unknown"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));

  test("that failed says which container", () => {
    const status = { phase: "Failed", containerStatuses: [{ name: "c", state: { terminated: { exitCode: 7 } } }] };
    expect(healthOf(object("Pod.v1", { spec: once, status }))?.reason).toBe("c ended with 7.");
  });
});

describe("other kinds", () => {
  const address = { loadBalancer: { ingress: [{ ip: "1.1.1.1" }] } };
  const hpa = "HorizontalPodAutoscaler.autoscaling/v2";
  test.each<Row>([
    ["a Job that runs", "Job.batch/v1", { status: { startTime: "x" } }, "Progressing"],
    ["a Job that completed", "Job.batch/v1", { status: conditions("Complete=True") }, "Healthy"],
    ["a Job that failed", "Job.batch/v1", { status: conditions("Failed=True") }, "Degraded"],
    ["a Job that is suspended", "Job.batch/v1", { status: conditions("Suspended=True") }, "Suspended"],
    ["a Job that is not", "Job.batch/v1", { status: conditions("Suspended=False") }, "Progressing"],
    ["a bound claim", "PersistentVolumeClaim.v1", { status: { phase: "Bound" } }, "Healthy"],
    ["a lost claim", "PersistentVolumeClaim.v1", { status: { phase: "Lost" } }, "Degraded"],
    ["a claim that waits", "PersistentVolumeClaim.v1", { status: { phase: "Pending" } }, "Progressing"],
    ["a claim without a phase", "PersistentVolumeClaim.v1", {}, "Unknown"],
    ["a load balancer with an address", "Service.v1", { spec: { type: "LoadBalancer" }, status: address }, "Healthy"],
    ["a load balancer without", "Service.v1", { spec: { type: "LoadBalancer" } }, "Progressing"],
    ["another service", "Service.v1", { spec: { type: "ClusterIP" } }, "Healthy"],
    ["an ingress with an address", "Ingress.networking.k8s.io/v1", { status: address }, "Healthy"],
    ["an ingress without", "Ingress.networking.k8s.io/v1", {}, "Progressing"],
    ["an autoscaler that scales", hpa, { status: conditions("AbleToScale=True:ReadyForNewScale") }, "Healthy"],
    ["an autoscaler at its limit", hpa, { status: conditions("ScalingLimited=True:TooManyReplicas") }, "Healthy"],
    ["an autoscaler that has said nothing", hpa, {}, "Progressing"],
    ["an autoscaler that cannot", hpa, { status: conditions("AbleToScale=False:BackoffBoth") }, "Progressing"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));

  test.each([
    "FailedGetScale",
    "FailedUpdateScale",
    "FailedGetResourceMetric",
    "FailedGetPodsMetric",
    "FailedGetObjectMetric",
    "FailedGetExternalMetric",
    "InvalidSelector",
    "InvalidMetricSourceType",
  ])("an autoscaler with %s is degraded, whatever else it says", (reason) => {
    check(["", hpa, { status: conditions("AbleToScale=True:Ok", `ScalingActive=False:${reason}`) }, "Degraded"]);
  });
});
