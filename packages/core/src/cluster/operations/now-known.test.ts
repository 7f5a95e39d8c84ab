// What a plan could not show, planned again when its wave comes.
import { expect, test } from "bun:test";
import { unwrap } from "../../kernel/result.ts";
import { Room } from "../room.suite.ts";

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
const inShop = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "conf", namespace: "shop" }, data: { a: "1" } };
const by = { kind: "user", id: "ada" } as const;

/** An operation that has made its first wave. */
async function begun(policy: string): Promise<{ readonly room: Room; readonly operation: string }> {
  const room = await Room.make({ shop: namespace, conf: inShop }, policy);
  const plan = unwrap(await room.plan());
  if (plan.status === "open")
    unwrap(await room.clusters.approve({ by, person: "bob", plan: plan.id, hash: plan.hash }));
  const { id } = unwrap(await room.clusters.apply({ by, plan: plan.id, hash: plan.hash }));
  const ops = room.clusters.operations;
  unwrap(await ops.takeOver(id));
  unwrap(await ops.applyWave(id, 0));
  return { room, operation: id };
}

test("only waves of which nobody could know are approved again, and none where nobody has to approve", async () => {
  const asked = await begun("{ approval: other }");
  const free = await begun("{ approval: none }");
  await using _asked = asked.room;
  await using _free = free.room;
  const shape = async ({ room, operation }: typeof asked) => unwrap(await room.clusters.operations.shape(operation));
  expect((await shape(asked)).unknown).toEqual([1]);
  expect((await shape(free)).unknown).toEqual([]);
});

test("done again it is the same plan, which somebody else has to approve; asked too late it has expired", async () => {
  const { room, operation } = await begun("{ approval: other }");
  await using _room = room;
  const ops = room.clusters.operations;
  const id = unwrap(await ops.nowKnown(operation, 1));
  expect(unwrap(await ops.nowKnown(operation, 1))).toBe(id);
  expect(unwrap(await ops.isApproved(operation, id))).toBe(false);
  const plan = await room.store.clusters.getPlan({ plan: id });
  expect(plan).toMatchObject({ kind: "known", status: "open", person: "ada", approval: "other" });
  unwrap(await room.clusters.approve({ by, person: "bob", plan: id, hash: plan?.hash ?? "" }));
  expect(unwrap(await ops.isApproved(operation, id))).toBe(true);
  expect(unwrap(await ops.applyWave(operation, 1))).toEqual({ created: 1 });
  expect(await ops.isApproved(operation, "plan_none")).toMatchObject({ ok: false, error: { code: "plan_expired" } });
});

test("what breaks the policy now that it is known is not even asked about", async () => {
  const { room, operation } = await begun("{ approval: other }");
  await using _room = room;
  room.double.put({ ...inShop, data: { a: "theirs" } }, "eve");
  expect(await room.clusters.operations.nowKnown(operation, 1)).toMatchObject({
    ok: false,
    error: { code: "plan_refused", message: expect.stringContaining("field-conflict") },
  });
});
