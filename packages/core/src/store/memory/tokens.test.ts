import { describe, expect, test } from "bun:test";
import { expectSettled, Fixture, by, op, value } from "./fixture.suite.ts";

function complete(
  f: Fixture,
  kind: "approval" | "callback",
  token: string,
  result: { value?: Uint8Array; error?: Uint8Array } = {},
) {
  return f.store.completeToken({ by, token, kind, ...result, now: f.now });
}

describe("tokens", () => {
  test("settle the wait behind them once", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.approval(0, "t"));
    const completed = await complete(f, "approval", "t", { value: value("yes") });
    if (completed.outcome !== "ok") throw new Error(completed.outcome);
    expect(completed.run).toBe("a");
    expectSettled(
      completed.effects.deliveries.map(({ event }) => event),
      [0, "completed", "yes"],
    );
    expect(await complete(f, "approval", "t")).toEqual({ outcome: "used" });
    expect(await complete(f, "approval", "none")).toEqual({ outcome: "unknown" });
  });

  test("of one kind do not pass for the other", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.approval(0, "t"));
    expect(await complete(f, "callback", "t")).toEqual({ outcome: "unknown" });
  });

  test("expire with their time, with their wait, and with their run", async () => {
    const f = new Fixture();
    for (const id of ["a", "b", "c"]) await f.hot(id);
    await f.append("a", op.approval(0, "time", 2000));
    await f.append("b", op.approval(0, "run"));
    await f.append("b", op.finish());
    await f.append("c", op.token(0, "unused", 2000));
    expect(await complete(f, "approval", "run")).toEqual({ outcome: "expired" });
    expect((await f.store.getToken({ token: "time" }))?.status).toBe("open");
    expectSettled(
      (await f.fire(2000)).effects.deliveries.map(({ event }) => event),
      [0, "failed", "time limit"],
    );
    expect((await f.store.getToken({ token: "time" }))?.status).toBe("expired");
    expect(await complete(f, "callback", "unused")).toEqual({ outcome: "expired" });
  });

  test("that are late do not overtake the time limit", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.approval(0, "t", 2000));
    f.now = 2000;
    expect(await complete(f, "approval", "t", { value: value("yes") })).toEqual({ outcome: "expired" });
    expectSettled(
      (await f.fire(2000)).effects.deliveries.map(({ event }) => event),
      [0, "failed", "time limit"],
    );
  });

  test("are listed by kind, state, run and access", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.hot("b", { workflow: "other" });
    await f.append("a", op.approval(0, "a1"), op.approval(1, "a2"), op.token(2, "a3"));
    await f.append("b", op.approval(0, "b1"));
    await complete(f, "approval", "a1");
    const list = async (p: Partial<Parameters<typeof f.store.listTokens>[0]>) =>
      (await f.store.listTokens({ kind: "approval", limit: 10, ...p })).map(({ token }) => token);
    expect(await list({})).toEqual(["a1", "a2", "b1"]);
    expect(await list({ status: "open" })).toEqual(["a2", "b1"]);
    expect(await list({ run: "b" })).toEqual(["b1"]);
    expect(await list({ kind: "callback" })).toEqual(["a3"]);
    expect(await list({ limit: 1 })).toEqual(["a1"]);
    expect(await list({ access: { workflows: ["other"] } })).toEqual(["b1"]);
    expect(await f.store.getToken({ token: "none" })).toBeUndefined();
  });
});
