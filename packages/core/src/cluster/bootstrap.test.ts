import { expect, test } from "bun:test";
import { configMap, Room } from "./room.suite.ts";

const by = { kind: "user", id: "ada" } as const;

test("a plan to bring something up says whether there is anything to do", async () => {
  await using room = await Room.make({ a: configMap("a") });
  const { bootstrap } = room.clusters;
  const plan = async () => bootstrap.planToBringUp({ by, person: "ada", component: "web" });
  expect(await plan()).toMatchObject({ ok: true, value: { unchanged: false, refused: false } });
  expect(await bootstrap.planToBringUp({ by, person: "ada", component: "none" })).toMatchObject({ ok: false });
  // As declared, but made by somebody else: it is not the component's before it was applied.
  room.double.put({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" }, data: {} });
  expect(await plan()).toMatchObject({ ok: true, value: { unchanged: false } });
});

test("what became of plan and operation is told, and what begins is a run", async () => {
  await using room = await Room.make({ a: configMap("a") });
  const { bootstrap } = room.clusters;
  const operation = await room.begin();
  expect(await bootstrap.operationStatus(operation)).toEqual({ ok: true, value: "running" });
  expect(await bootstrap.operationStatus("op_none")).toMatchObject({ ok: false });
  const plan = await room.plan();
  expect(await bootstrap.isApproved(plan.ok ? plan.value.id : "")).toEqual({ ok: true, value: true });
  expect(await bootstrap.isApproved("plan_none")).toMatchObject({ ok: false, error: { code: "plan_expired" } });
  expect(await bootstrap.order(["web"])).toEqual({ ok: true, value: [{ name: "web", dependsOn: [] }] });
  expect(await bootstrap.begin({ by, person: "ada", components: ["none"] })).toMatchObject({ ok: false });
  expect(await bootstrap.begin({ by, person: "ada", components: undefined })).toMatchObject({ ok: true });
});
