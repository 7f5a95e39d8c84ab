// Every rule of kstatus with a fixture on each side of it.
import { describe, expect, test } from "bun:test";
import type { ReconcileState } from "@sluice/protocol";
import { conditions, object } from "./health-fixture.suite.ts";
import { conditionOf, conditionsOf, reconciled } from "./kstatus.ts";

const t0 = Date.parse("2026-01-01T00:00:00Z");
type Row = readonly [what: string, type: string, parts: Parameters<typeof object>[1], state: ReconcileState];

const check = ([, type, parts, state]: Row, now = t0) => {
  const found = reconciled(object(type, parts), now);
  expect([found.state, found.reason]).toEqual([state, expect.stringMatching(/./)]);
};

describe("whatever it is", () => {
  test("not there", () => expect(reconciled(undefined, 0).state).toBe("NotFound"));
  test.each<Row>([
    ["deleted", "ConfigMap.v1", { meta: { deletionTimestamp: "x" } }, "Terminating"],
    ["not observed", "A.b/v1", { meta: { generation: 2 }, status: { observedGeneration: 1 } }, "InProgress"],
    ["observed", "A.b/v1", { meta: { generation: 2 }, status: { observedGeneration: 2 } }, "Current"],
    ["says no observed generation", "A.b/v1", { meta: { generation: 2 }, status: {} }, "Current"],
    ["reconciling", "A.b/v1", { status: conditions("Reconciling=True") }, "InProgress"],
    ["not reconciling", "A.b/v1", { status: conditions("Reconciling=False") }, "Current"],
    ["stalled", "A.b/v1", { status: conditions("Stalled=True") }, "Failed"],
    ["not stalled", "A.b/v1", { status: conditions("Stalled=False") }, "Current"],
    ["the first of two", "A.b/v1", { status: conditions("Stalled=True", "Reconciling=True") }, "Failed"],
    [
      "the first of two, the other way",
      "A.b/v1",
      { status: conditions("Reconciling=True", "Stalled=True") },
      "InProgress",
    ],
    ["ready", "A.b/v1", { status: conditions("Ready=True") }, "Current"],
    ["not ready", "A.b/v1", { status: conditions("Ready=False") }, "InProgress"],
    ["perhaps ready", "A.b/v1", { status: conditions("Ready=Unknown") }, "InProgress"],
    ["silent", "A.b/v1", {}, "Current"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a Deployment", () => {
  const spec = { replicas: 2, progressDeadlineSeconds: 600 };
  const full = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };
  const good = conditions("Progressing=True:NewReplicaSetAvailable", "Available=True");
  const of = (status: object, over: object = {}): Parameters<typeof object>[1] => ({
    spec: { ...spec, ...over },
    status: { ...full, ...good, ...status },
  });
  test.each<Row>([
    ["as it should be", "Deployment.apps/v1", of({}), "Current"],
    ["past its deadline", "Deployment.apps/v1", of(conditions("Progressing=False:ProgressDeadlineExceeded")), "Failed"],
    ["short of replicas", "Deployment.apps/v1", of({ replicas: 1 }), "InProgress"],
    ["short of updated ones", "Deployment.apps/v1", of({ updatedReplicas: 1 }), "InProgress"],
    ["with old ones", "Deployment.apps/v1", of({ replicas: 3 }), "InProgress"],
    ["short of available ones", "Deployment.apps/v1", of({ availableReplicas: 1 }), "InProgress"],
    ["short of ready ones", "Deployment.apps/v1", of({ readyReplicas: 1 }), "InProgress"],
    [
      "whose new replica set is not there",
      "Deployment.apps/v1",
      of(conditions("Progressing=True:ReplicaSetUpdated", "Available=True")),
      "InProgress",
    ],
    ["without Progressing", "Deployment.apps/v1", of(conditions("Available=True")), "InProgress"],
    [
      "without Progressing and deadline",
      "Deployment.apps/v1",
      of(conditions("Available=True"), { progressDeadlineSeconds: undefined }),
      "Current",
    ],
    [
      "whose deadline is none",
      "Deployment.apps/v1",
      of(conditions("Available=True"), { progressDeadlineSeconds: 2_147_483_647 }),
      "Current",
    ],
    [
      "not available",
      "Deployment.apps/v1",
      of(conditions("Progressing=True:NewReplicaSetAvailable", "Available=False")),
      "InProgress",
    ],
    [
      "silent about availability",
      "Deployment.apps/v1",
      of(conditions("Progressing=True:NewReplicaSetAvailable")),
      "InProgress",
    ],
    [
      "of one by default",
      "Deployment.apps/v1",
      {
        spec: {},
        status: {
          replicas: 1,
          updatedReplicas: 1,
          availableReplicas: 1,
          readyReplicas: 1,
          ...conditions("Available=True"),
        },
      },
      "Current",
    ],
    ["that has counted nothing", "Deployment.apps/v1", { spec: {}, status: {} }, "InProgress"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a StatefulSet", () => {
  const full = {
    replicas: 2,
    readyReplicas: 2,
    currentReplicas: 2,
    updatedReplicas: 2,
    currentRevision: "a",
    updateRevision: "a",
  };
  const of = (status: object, strategy: object = {}): Parameters<typeof object>[1] => ({
    spec: { replicas: 2, updateStrategy: strategy },
    status: { ...full, ...status },
  });
  const partition = { type: "RollingUpdate", rollingUpdate: { partition: 1 } };
  test.each<Row>([
    ["as it should be", "StatefulSet.apps/v1", of({}), "Current"],
    ["updated by deleting", "StatefulSet.apps/v1", of({ readyReplicas: 0 }, { type: "OnDelete" }), "Current"],
    ["short of replicas", "StatefulSet.apps/v1", of({ replicas: 1 }), "InProgress"],
    ["short of ready ones", "StatefulSet.apps/v1", of({ readyReplicas: 1 }), "InProgress"],
    ["with too many", "StatefulSet.apps/v1", of({ replicas: 3 }), "InProgress"],
    ["behind its partition", "StatefulSet.apps/v1", of({ updatedReplicas: 0 }, partition), "InProgress"],
    [
      "at its partition, whatever the rest",
      "StatefulSet.apps/v1",
      of({ updatedReplicas: 1, currentReplicas: 1, updateRevision: "b" }, partition),
      "Current",
    ],
    ["short of current ones", "StatefulSet.apps/v1", of({ currentReplicas: 1 }), "InProgress"],
    ["with another revision", "StatefulSet.apps/v1", of({ updateRevision: "b" }), "InProgress"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a DaemonSet", () => {
  const full = {
    observedGeneration: 1,
    desiredNumberScheduled: 2,
    currentNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    numberReady: 2,
  };
  const of = (status: object, meta: object = { generation: 1 }): Parameters<typeof object>[1] => ({
    meta,
    status: { ...full, ...status },
  });
  test.each<Row>([
    ["as it should be", "DaemonSet.apps/v1", of({}), "Current"],
    ["without a generation", "DaemonSet.apps/v1", of({}, {}), "InProgress"],
    ["not looked at", "DaemonSet.apps/v1", of({ observedGeneration: undefined }), "InProgress"],
    ["without a number", "DaemonSet.apps/v1", of({ desiredNumberScheduled: undefined }), "InProgress"],
    ["short of current ones", "DaemonSet.apps/v1", of({ currentNumberScheduled: 1 }), "InProgress"],
    ["short of updated ones", "DaemonSet.apps/v1", of({ updatedNumberScheduled: 1 }), "InProgress"],
    ["short of available ones", "DaemonSet.apps/v1", of({ numberAvailable: 1 }), "InProgress"],
    ["short of ready ones", "DaemonSet.apps/v1", of({ numberReady: 1 }), "InProgress"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a ReplicaSet", () => {
  const full = { replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 2 };
  const of = (status: object): Parameters<typeof object>[1] => ({
    spec: { replicas: 2 },
    status: { ...full, ...status },
  });
  test.each<Row>([
    ["as it should be", "ReplicaSet.apps/v1", of({}), "Current"],
    ["that cannot make them", "ReplicaSet.apps/v1", of(conditions("ReplicaFailure=True")), "InProgress"],
    ["that could", "ReplicaSet.apps/v1", of(conditions("ReplicaFailure=False")), "Current"],
    ["short of labelled ones", "ReplicaSet.apps/v1", of({ fullyLabeledReplicas: 1 }), "InProgress"],
    ["short of available ones", "ReplicaSet.apps/v1", of({ availableReplicas: 1 }), "InProgress"],
    ["short of ready ones", "ReplicaSet.apps/v1", of({ readyReplicas: 1 }), "InProgress"],
    ["with too many", "ReplicaSet.apps/v1", of({ replicas: 3 }), "InProgress"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

describe("a Pod", () => {
  const waiting = (reason: string) => ({ containerStatuses: [{ name: "c", state: { waiting: { reason } } }] });
  test.each<Row>([
    ["that succeeded", "Pod.v1", { status: { phase: "Succeeded" } }, "Current"],
    ["that failed", "Pod.v1", { status: { phase: "Failed" } }, "Current"],
    ["that is ready", "Pod.v1", { status: { phase: "Running", ...conditions("Ready=True") } }, "Current"],
    ["that crashes", "Pod.v1", { status: { phase: "Running", ...waiting("CrashLoopBackOff") } }, "Failed"],
    [
      "that waits for something else",
      "Pod.v1",
      { status: { phase: "Running", ...waiting("ImagePullBackOff") } },
      "InProgress",
    ],
    ["that runs", "Pod.v1", { status: { phase: "Running", ...conditions("Ready=False") } }, "InProgress"],
    ["that is pending", "Pod.v1", { status: { phase: "Pending" } }, "InProgress"],
    ["without a phase", "Pod.v1", { status: {} }, "InProgress"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));

  test("that finds no node fails after 15 seconds", () => {
    const parts = { status: { phase: "Pending", ...conditions("PodScheduled=False:Unschedulable") } };
    check(["", "Pod.v1", parts, "InProgress"], t0 + 15_000);
    check(["", "Pod.v1", parts, "Failed"], t0 + 15_001);
    const other = { status: { phase: "Pending", ...conditions("PodScheduled=False:SchedulingGated") } };
    check(["", "Pod.v1", other, "InProgress"], t0 + 99_000);
  });
});

describe("other kinds", () => {
  const crd = "CustomResourceDefinition.apiextensions.k8s.io/v1";
  test.each<Row>([
    ["a Job that completed", "Job.batch/v1", { status: conditions("Complete=True") }, "Current"],
    ["a Job that failed", "Job.batch/v1", { status: conditions("Failed=True") }, "Failed"],
    [
      "a Job that did not fail",
      "Job.batch/v1",
      { status: { startTime: "x", ...conditions("Failed=False") } },
      "Current",
    ],
    [
      "a Job that is suspended",
      "Job.batch/v1",
      { spec: { suspend: true }, status: conditions("Suspended=True") },
      "Current",
    ],
    [
      "a Job that is no longer suspended",
      "Job.batch/v1",
      { spec: { suspend: false }, status: conditions("Suspended=True") },
      "InProgress",
    ],
    ["a Job that has not begun", "Job.batch/v1", {}, "InProgress"],
    ["a Job that runs", "Job.batch/v1", { status: { startTime: "x" } }, "Current"],
    ["a bound claim", "PersistentVolumeClaim.v1", { status: { phase: "Bound" } }, "Current"],
    ["a claim that waits", "PersistentVolumeClaim.v1", { status: { phase: "Pending" } }, "InProgress"],
    ["a load balancer with an IP", "Service.v1", { spec: { type: "LoadBalancer", clusterIP: "1.1.1.1" } }, "Current"],
    ["a load balancer without", "Service.v1", { spec: { type: "LoadBalancer" } }, "InProgress"],
    ["another service without", "Service.v1", { spec: { type: "ClusterIP" } }, "Current"],
    [
      "a budget that was looked at",
      "PodDisruptionBudget.policy/v1",
      { meta: { generation: 1 }, status: { observedGeneration: 1 } },
      "Current",
    ],
    [
      "a budget that was not",
      "PodDisruptionBudget.policy/v1",
      { meta: { generation: 2 }, status: { observedGeneration: 1 } },
      "InProgress",
    ],
    ["a CronJob", "CronJob.batch/v1", {}, "Current"],
    ["a CronJob, whatever its conditions", "CronJob.batch/v1", { status: conditions("Ready=False") }, "Current"],
    ["a ConfigMap", "ConfigMap.v1", {}, "Current"],
    ["a Secret", "Secret.v1", {}, "Current"],
    ["a definition whose names are taken", crd, { status: conditions("NamesAccepted=False") }, "Failed"],
    ["an established definition", crd, { status: conditions("NamesAccepted=True", "Established=True") }, "Current"],
    ["a definition that is being installed", crd, { status: conditions("Established=False:Installing") }, "InProgress"],
    ["a definition that is not established", crd, { status: conditions("Established=False:Broken") }, "Failed"],
    ["a new definition", crd, {}, "InProgress"],
  ])("%s", (what, type, parts, state) => check([what, type, parts, state]));
});

test("conditions carry when they changed", () => {
  const with2 = object("A.b/v1", {
    status: {
      conditions: [{ type: "A", status: "True", lastTransitionTime: "odd" }, ...conditions("B=False:R").conditions],
    },
  });
  expect(conditionsOf(with2).map(({ at }) => at)).toEqual([undefined, t0]);
  expect(conditionOf(with2, "B")).toMatchObject({ status: "False", reason: "R" });
  expect(conditionOf(with2, "C")).toBeUndefined();
});
