// Each step of an operation, done again after a crash at any point of it.
import { describe, expect, test } from "bun:test";
import { unwrap } from "../../kernel/result.ts";
import { configMap, Room } from "../room.suite.ts";
import { inventoryOf } from "./operation.ts";

const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" }, spec: {} };

/** Ends an operation as its run would; throws where a step fails. */
async function through(room: Room, operation: string): Promise<void> {
  const ops = room.clusters.operations;
  const shape = unwrap(await ops.shape(operation));
  unwrap(await ops.takeOver(operation));
  for (const wave of shape.waves) unwrap(await ops.applyWave(operation, wave));
  if (shape.prune > 0) unwrap(await ops.prune(operation));
  unwrap(await ops.finish(operation));
}

const component = async (room: Room) => {
  const found = await room.store.clusters.getComponent({ name: "web" });
  if (found === undefined) throw new Error("no component");
  return found;
};

describe("an operation", () => {
  test("can be broken off after every request that it sends, and done again: the same objects, written once", async () => {
    for (let cut = 0; ; cut++) {
      await using room = await Room.make({ a: configMap("a", { x: "1" }), b: configMap("b") });
      await through(room, await room.begin());
      room.write({ a: configMap("a", { x: "2" }), c: configMap("c") });
      delete room.files["web/b.json"];
      const operation = await room.begin();
      // The process dies: what was sent has been done, and nothing that comes back is heard.
      let sent = 0;
      let died = false;
      room.double.fault = () => {
        if (sent++ < cut) return undefined;
        died = true;
        return Response.json({ message: "dead" }, { status: 500 });
      };
      await through(room, operation).catch(() => undefined);
      room.double.fault = () => undefined;
      if (died) await through(room, operation);
      expect([cut, await component(room)]).toMatchObject([cut, { version: 2, epoch: 2, objects: 2 }]);
      expect(room.double.get("ConfigMap", "a")).toMatchObject({ data: { x: "2" }, metadata: { generation: 2 } });
      expect(room.double.get("ConfigMap", "b")).toBeUndefined();
      expect(inventoryOf(await component(room)).map(({ name }) => name)).toEqual(["a", "c"]);
      if (!died) break;
    }
  }, 30_000);

  test("takes a wave back to what was declared before: changed, made and pruned", async () => {
    await using room = await Room.make({
      a: configMap("a", { x: "1" }),
      b: configMap("b", { y: "1" }),
      d: configMap("d"),
    });
    await through(room, await room.begin());
    room.write({ a: configMap("a", { x: "2" }), c: configMap("c") });
    delete room.files["web/b.json"];
    const operation = await room.begin();
    const ops = room.clusters.operations;
    await ops.takeOver(operation);
    await ops.applyWave(operation, 1);
    await ops.prune(operation);
    expect(await ops.undoPrune(operation)).toEqual({ ok: true, value: { created: 1 } });
    for (const again of ["first", "second"]) {
      expect([again, await ops.undoWave(operation, 1)]).toMatchObject([again, { ok: true, value: { restored: 2 } }]);
    }
    expect(["a", "b", "c"].map((name) => room.double.get("ConfigMap", name)?.["data"])).toEqual([
      { x: "1" },
      { y: "1" },
      undefined,
    ]);
    await ops.noteReason(operation, "because");
    await ops.giveUp(operation);
    expect(await room.store.clusters.getOperation({ operation })).toMatchObject({
      status: "failed",
      reason: "because",
    });
    expect(await component(room)).toMatchObject({ version: 1 });
  });

  test("waits until a wave is ready, fails at once when something has failed, and not for ever", async () => {
    await using room = await Room.make({ claim });
    const operation = await room.begin();
    const ops = room.clusters.operations;
    await ops.applyWave(operation, 1);
    const phase = (name: string) => room.double.touch("PersistentVolumeClaim", "data", { status: { phase: name } });
    phase("Pending");
    const began = room.clock.now();
    expect(await ops.waitForWave(operation, 1)).toMatchObject({
      error: { code: "not_ready", message: expect.stringContaining("longer than 300000 ms") },
    });
    expect(room.clock.now() - began).toBeGreaterThanOrEqual(300_000);
    phase("Lost");
    expect(await ops.waitForWave(operation, 1)).toMatchObject({
      error: { message: expect.stringContaining("volume is lost") },
    });
    expect(await ops.verify(operation)).toMatchObject({ error: { code: "not_ready" } });
    phase("Bound");
    expect(await ops.waitForWave(operation, 1)).toEqual({ ok: true, value: null });
  });

  test("verifies that everything is there and still its own", async () => {
    await using room = await Room.make({ a: configMap("a") });
    const operation = await room.begin();
    const ops = room.clusters.operations;
    await ops.applyWave(operation, 1);
    expect(await ops.verify(operation)).toEqual({ ok: true, value: null });
    expect(await ops.health(await component(room))).toMatchObject({ value: { health: "Healthy" } });
    room.double.drop("ConfigMap", "a");
    expect(await ops.verify(operation)).toMatchObject({
      error: { message: expect.stringContaining("not as this operation left it") },
    });
    expect(await ops.health(await component(room))).toMatchObject({
      value: { health: "Missing", reconciled: "NotFound" },
    });
  });

  test("that has lost its component does nothing, and takes nothing back", async () => {
    await using room = await Room.make({ a: configMap("a", { x: "1" }) });
    const first = await room.begin();
    await room.clusters.operations.applyWave(first, 1);
    room.write({ a: configMap("a", { x: "2" }) });
    const second = await room.begin();
    const ops = room.clusters.operations;
    const asked = room.double.requests.length;
    for (const step of [
      ops.shape(first),
      ops.takeOver(first),
      ops.applyWave(first, 1),
      ops.waitForWave(first, 1),
      ops.prune(first),
      ops.verify(first),
      ops.finish(first),
    ]) {
      expect(await step).toMatchObject({ error: { code: "operation_superseded" } });
    }
    expect(await ops.undoWave(first, 1)).toEqual({ ok: true, value: { superseded: 1 } });
    expect(await ops.undoPrune(first)).toEqual({ ok: true, value: { superseded: 1 } });
    expect(room.double.requests.length).toBe(asked);
    await through(room, second);
    expect(await ops.finish(second)).toEqual({ ok: true, value: null });
    expect(await ops.shape("none")).toMatchObject({ error: { code: "operation_not_found" } });
  });
});
