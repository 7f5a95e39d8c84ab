import { expect, test } from "bun:test";
import type { StoreOp } from "../../kernel/run-store.ts";
import { Fixture, op, refusal } from "./fixture.suite.ts";

test("an append that cannot be carried out in full changes nothing", async () => {
  const broken = new Uint8Array([0xc1]);
  const bad: readonly StoreOp[][] = [
    [op.approval(1, "t"), op.token(2, "t")],
    [op.token(1, "taken")],
    [{ op: "event", seq: 1, name: "x", n: 0, match: broken }],
    [{ op: "emit", seq: 1, name: "x", n: 0, payload: broken }],
    [{ op: "state", seq: 1, name: "global:set:k", key: "k", n: 0, scope: "global", verb: "set" }],
  ];
  const f = new Fixture();
  await f.hot("a");
  await f.append("a", op.token(0, "taken"));
  const before = [await f.run("a"), await f.journal("a"), await f.store.stats()];
  for (const ops of bad) expect(await refusal(f.append("a", op.done(9), ...ops))).not.toBe("not refused");
  expect([await f.run("a"), await f.journal("a"), await f.store.stats()]).toEqual(before);
});
