import { describe, expect, test } from "bun:test";
import { expectSettled, Fixture, by, op, value } from "./fixture.suite.ts";

describe("events", () => {
  test("that came before the wait are found, those of before the run only with a key", async () => {
    const f = new Fixture();
    await f.store.emitEvent({ by, name: "x", payload: value("old"), now: 500 });
    await f.store.emitEvent({ by, name: "x", key: "k", payload: value("keyed"), now: 500 });
    await f.hot("a");
    await f.store.emitEvent({ by, name: "x", payload: value("new"), now: 1000 });
    const { events } = await f.append(
      "a",
      op.event(0, "x"),
      op.event(1, "x", { key: "k" }),
      op.event(2, "x", { key: "k" }),
    );
    expectSettled(events, [0, "completed", "new"], [1, "completed", "keyed"]);
    expect((await f.append("a", op.event(3, "x"))).events).toEqual([]);
  });

  test("time out, at once when the limit has passed", async () => {
    const f = new Fixture();
    await f.hot("a");
    const now = await f.append("a", op.event(0, "x", { due: 1000 }), op.event(1, "x", { due: 1500 }));
    expectSettled(now.events, [0, "failed", "time limit"]);
    expect(now.effects.due).toBe(1500);
    expectSettled(
      (await f.fire(1500)).effects.deliveries.map(({ event }) => event),
      [1, "failed", "time limit"],
    );
  });

  test("are emitted by runs, also to themselves", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.hot("b");
    await f.append("b", op.event(0, "x"), op.idle);
    const { events, effects } = await f.append("a", op.event(0, "x"), op.emit(1, "x", 7));
    expectSettled(events, [0, "completed", 7], [1, "completed", 1]);
    expect(effects.deliveries.map(({ run }) => run)).toEqual(["b"]);
  });
});

describe("callbacks", () => {
  test("wait for their token, however late or early it is completed", async () => {
    const f = new Fixture();
    await f.hot("a");
    const made = await f.append("a", op.token(0, "early"), op.token(1, "late"), op.token(2, "broken"));
    expectSettled(
      made.events,
      [0, "completed", { token: "early" }],
      [1, "completed", { token: "late" }],
      [2, "completed", { token: "broken" }],
    );
    const complete = (token: string, result: { value?: Uint8Array; error?: Uint8Array }) =>
      f.store.completeToken({ by, token, kind: "callback", ...result, now: 1000 });
    expect(await complete("early", { value: value(1) })).toMatchObject({
      outcome: "ok",
      run: "a",
      effects: { deliveries: [] },
    });
    await complete("broken", { error: value({ message: "no" }) });
    const waits = await f.append("a", op.callback(3, "early"), op.callback(4, "late"), op.callback(5, "broken"));
    expectSettled(waits.events, [3, "completed", 1], [5, "failed", { message: "no" }]);
    const late = await complete("late", {});
    if (late.outcome !== "ok") throw new Error(late.outcome);
    expectSettled(
      late.effects.deliveries.map(({ event }) => event),
      [4, "completed", undefined],
    );
  });

  test("fail when the token is unknown, expired, or not for callbacks", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.token(0, "t", 1500), op.approval(1, "approval"));
    f.now = 1500;
    const { events } = await f.append("a", op.callback(2, "t"), op.callback(3, "none"), op.callback(4, "approval"));
    expectSettled(events, ...[2, 3, 4].map((seq) => [seq, "failed", "time limit"]));
  });

  test("end with the token when they have no earlier limit", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.token(0, "t", 2000), op.token(1, "u"));
    const waits = await f.append("a", op.callback(2, "t"), op.callback(3, "u", 3000));
    expect(waits.effects.due).toBe(2000);
    expectSettled(
      (await f.fire(2000)).effects.deliveries.map(({ event }) => event),
      [2, "failed", "time limit"],
    );
    expectSettled(
      (await f.fire(3000)).effects.deliveries.map(({ event }) => event),
      [3, "failed", "time limit"],
    );
    expect(await f.store.completeToken({ by, token: "u", kind: "callback", now: 3000 })).toEqual({
      outcome: "expired",
    });
    await f.append("a", op.token(4, "v"));
    expectSettled((await f.append("a", op.callback(5, "v", 3000))).events, [5, "failed", "time limit"]);
  });
});
