import { expect, test } from "bun:test";
import { refOf } from "../objects.ts";
import { conditions, object } from "./health-fixture.suite.ts";
import { componentHealth, objectHealth, readinessOf, unreadHealth } from "./health.ts";
import type { HealthRule } from "./health.ts";

const t0 = Date.parse("2026-01-01T00:00:00Z");
const of = (type: string, parts: Parameters<typeof object>[1], rules: readonly [string, HealthRule][] = []) => {
  const seen = object(type, parts);
  return objectHealth({ ref: refOf(seen), object: seen, now: t0, rules: new Map(rules) });
};

test("a pod that failed is reconciled and not healthy: two questions, two answers", () => {
  expect(of("Pod.v1", { spec: { restartPolicy: "Never" }, status: { phase: "Failed" } })).toMatchObject({
    key: "Pod n/x",
    reconciled: "Current",
    health: "Degraded",
  });
});

test("reason, evidence and age come along", () => {
  const seen = of("A.b/v1", { status: conditions("Ready=False:NoQuorum", "Synced=True") });
  expect(seen).toMatchObject({
    reconciled: "InProgress",
    health: undefined,
    since: t0,
    evidence: ["Ready=False NoQuorum"],
  });
  expect(unreadHealth(refOf(object("A.b/v1")), "no rights")).toMatchObject({
    health: "Unknown",
    reconciled: "Unknown",
  });
  const missing = objectHealth({
    ref: { group: "", kind: "Pod", namespace: "n", name: "y" },
    object: undefined,
    now: t0,
  });
  expect(missing).toMatchObject({ key: "Pod n/y", reconciled: "NotFound", health: "Missing" });
});

test("a rule of one's own comes first, may leave it to the others, and is not trusted when it fails", () => {
  const ready = { status: { phase: "Running", ...conditions("Ready=True") } };
  const rule = (health: HealthRule): readonly [string, HealthRule][] => [["Pod.", health]];
  expect(
    of(
      "Pod.v1",
      ready,
      rule(() => ({ state: "Degraded", reason: "mine" })),
    ),
  ).toMatchObject({ health: "Degraded", healthReason: "mine" });
  expect(
    of(
      "Pod.v1",
      ready,
      rule(() => undefined),
    ).health,
  ).toBe("Healthy");
  const throwing = rule(() => {
    throw new Error("oops");
  });
  expect(of("Pod.v1", ready, throwing)).toMatchObject({
    health: "Unknown",
    healthReason: expect.stringContaining("oops"),
  });
});

test("a component is as its worst object is, and says which", () => {
  const good = of("ConfigMap.v1", {});
  const waits = of("PersistentVolumeClaim.v1", { status: { phase: "Pending" } });
  const broken = of("PersistentVolumeClaim.v1", { status: { phase: "Lost" } });
  expect(componentHealth([], t0)).toMatchObject({
    reconciled: "Current",
    health: "Healthy",
    reason: "It has nothing yet.",
  });
  expect(componentHealth([good], t0)).toMatchObject({ reconciled: "Current", health: "Healthy", at: t0 });
  expect(componentHealth([good, waits], t0)).toMatchObject({ reconciled: "InProgress", health: "Progressing" });
  const worst = componentHealth([broken, good, waits], t0);
  expect([worst.health, worst.reason]).toEqual(["Degraded", "PersistentVolumeClaim n/x: Its volume is lost."]);
});

test("what has failed is not waited for", () => {
  const good = of("ConfigMap.v1", {});
  const waits = of("PersistentVolumeClaim.v1", { status: { phase: "Pending" } });
  const stalled = of("A.b/v1", { status: conditions("Stalled=True") });
  const lost = of("PersistentVolumeClaim.v1", { status: { phase: "Lost" } });
  const paused = of("Deployment.apps/v1", {
    spec: { paused: true, replicas: 0 },
    status: conditions("Available=True"),
  });
  const runs = of("Job.batch/v1", { status: { startTime: "x" } });
  expect(readinessOf([good, paused])).toEqual({ kind: "ready" });
  expect(readinessOf([good, waits])).toMatchObject({ kind: "waiting", reason: expect.stringContaining("n/x") });
  expect(readinessOf([runs])).toMatchObject({ kind: "waiting" });
  expect(readinessOf([waits, stalled])).toMatchObject({ kind: "failed" });
  expect(readinessOf([lost])).toMatchObject({ kind: "failed" });
});
