import { describe, expect, test } from "bun:test";
import { configMap, Room } from "./room.suite.ts";

const by = { kind: "user", id: "ada" } as const;

describe("a cluster", () => {
  test("says who it is when it is added, and its kubeconfig is kept where nobody reads it", async () => {
    await using room = await Room.make({ a: configMap("a") });
    const [cluster] = await room.store.clusters.listClusters();
    expect(cluster).toMatchObject({
      name: "main",
      context: "x",
      version: "v1.34.4",
      identity: { server: room.double.url },
    });
    expect(JSON.stringify(cluster)).not.toContain("contexts");
    expect([...room.kept.keys()]).toEqual([" cluster main"]);
    expect(await room.clusters.status("main")).toMatchObject({ value: { reachable: true } });
    expect(await room.clusters.status("none")).toMatchObject({ error: { code: "cluster_not_found" } });
  });

  test("that is another than last time is refused wherever it is used", async () => {
    await using room = await Room.make({ a: configMap("a") });
    room.double.drop("Namespace", "kube-system", "");
    room.double.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
    expect(await room.plan()).toMatchObject({ error: { code: "cluster_identity_changed" } });
    expect(await room.add()).toMatchObject({ error: { code: "cluster_identity_changed" } });
    expect(await room.add(true)).toMatchObject({ ok: true });
    expect(await room.plan()).toMatchObject({ ok: true });
  });
});

describe("a plan", () => {
  test("is made of what is declared now; a file that became another's is refused", async () => {
    await using room = await Room.make({ a: configMap("a") });
    expect(await room.plan()).toMatchObject({ value: { component: "web", status: "approved" } });
    expect(await room.clusters.plan({ by, person: "ada", component: "none" })).toMatchObject({
      error: { code: "component_not_found" },
    });
    room.files["web.yaml"] = "name: other\ncluster: main\nmanifests: [web]\n";
    expect(await room.plan()).toMatchObject({ error: { code: "invalid_component" } });
    delete room.files["web.yaml"];
    expect(await room.plan()).toMatchObject({ error: { code: "invalid_component" } });
  });

  test("is approved by another and begun once; a later one cancels the run of the one before", async () => {
    await using room = await Room.make({ a: configMap("a") }, "{ approval: other }");
    const plan = await room.plan();
    if (!plan.ok) throw new Error(plan.error.message);
    const { id, hash } = plan.value;
    expect(await room.clusters.apply({ by, plan: id, hash })).toMatchObject({ error: { code: "plan_not_approved" } });
    expect(await room.clusters.approve({ by, person: "ada", plan: id, hash })).toMatchObject({
      error: { code: "requester_may_not_decide" },
    });
    expect(await room.clusters.approve({ by, person: "bob", plan: id, hash })).toMatchObject({ ok: true });
    const first = await room.clusters.apply({ by, plan: id, hash });
    const again = await room.clusters.apply({ by, plan: id, hash });
    expect(first.ok && again.ok && first.value.run === again.value.run).toBe(true);
    // Both times: a server that died in between has not begun the run.
    expect(room.started).toHaveLength(2);
    const next = await room.plan();
    if (!next.ok || !first.ok) throw new Error("no plan");
    await room.clusters.approve({ by, person: "bob", plan: next.value.id, hash: next.value.hash });
    await room.clusters.apply({ by, plan: next.value.id, hash: next.value.hash });
    expect(room.cancelled).toEqual([first.value.run]);
  });

  test("outside of its windows is not begun", async () => {
    await using room = await Room.make(
      { a: configMap("a") },
      '{ approval: none, windows: [{ from: "00:00", to: "00:00" }] }',
    );
    const plan = await room.plan();
    if (!plan.ok) throw new Error(plan.error.message);
    expect(await room.clusters.apply({ by, plan: plan.value.id, hash: plan.value.hash })).toMatchObject({
      error: { code: "plan_refused" },
    });
  });
});

test("what was not applied cannot be undone", async () => {
  await using room = await Room.make({ a: configMap("a") });
  const operation = await room.begin();
  const undo = (id: string) => room.clusters.undo({ by, person: "ada", operation: id });
  expect(await undo(operation)).toMatchObject({
    error: { code: "conflict", message: expect.stringContaining("nothing before it") },
  });
  expect(await undo("none")).toMatchObject({ error: { code: "operation_not_found" } });
});

test("the health of a component is asked of its cluster, and kept", async () => {
  await using room = await Room.make({ a: configMap("a") });
  expect(await room.clusters.health("none")).toMatchObject({ error: { code: "component_not_found" } });
  const operation = await room.begin();
  await room.clusters.operations.applyWave(operation, 1);
  room.double.drop("ConfigMap", "a");
  expect(await room.clusters.health("web")).toMatchObject({ value: { health: "Missing" } });
  expect(await room.store.clusters.listHealth({ component: "web", limit: 9 })).toHaveLength(1);
});
