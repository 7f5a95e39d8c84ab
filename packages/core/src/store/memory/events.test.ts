import { describe, expect, test } from "bun:test";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { expectSettled, Fixture, by, op, refusal, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

function emit(f: Fixture, name: string, payload: unknown, more: { key?: string; id?: string } = {}) {
  return f.store.emitEvent({ by, name, payload: value(payload), ...more, now: f.now });
}

describe("events", () => {
  test("go to every run that waits for what they hold", async () => {
    const f = new Fixture();
    for (const id of ["a", "b", "c", "d"]) await f.hot(id);
    await f.append("a", op.event(0, "x", { match: { n: 1 } }));
    await f.append("b", op.event(0, "x", { match: { n: 2 } }));
    await f.append("c", op.event(0, "x", { key: "k" }));
    await f.append("d", op.event(0, "y"));
    const { effects } = await emit(f, "x", { n: 1, more: true });
    expect(effects.deliveries.map(({ run }) => run)).toEqual(["a"]);
    const keyed = await emit(f, "x", { n: 2 }, { key: "k" });
    expect(keyed.effects.deliveries.map(({ run }) => run)).toEqual(["b", "c"]);
  });

  test("reach a run once, whichever came first", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.event(0, "x"), op.event(1, "x"));
    expectSettled(
      (await emit(f, "x", "one")).effects.deliveries.map(({ event }) => event),
      [0, "completed", "one"],
    );
    expectSettled((await f.append("a", op.event(2, "x"))).events);
    expectSettled(
      (await emit(f, "x", "two")).effects.deliveries.map(({ event }) => event),
      [1, "completed", "two"],
    );
  });

  test("with an id of the caller are stored once", async () => {
    const f = new Fixture();
    await f.hot("a");
    const first = await emit(f, "x", 1, { id: "i" });
    await f.append("a", op.event(0, "x"));
    expect(await emit(f, "x", 2, { id: "i" })).toMatchObject({
      event: first.event,
      duplicate: true,
      effects: { deliveries: [] },
    });
    expect(await f.store.listEvents({ after: 0, limit: 10 })).toHaveLength(1);
  });

  test("are listed in order, by name, from a number on", async () => {
    const f = new Fixture();
    for (const name of ["x", "y", "x", "x"]) await emit(f, name, name);
    const ids = async (p: { name?: string; after: number; limit: number }) =>
      (await f.store.listEvents(p)).map((event) => event.id);
    expect(await ids({ after: 0, limit: 10 })).toEqual([1, 2, 3, 4]);
    expect(await ids({ name: "x", after: 1, limit: 1 })).toEqual([3]);
    expect(await ids({ name: "z", after: 0, limit: 1 })).toEqual([]);
  });

  test("that are old are swept, their ids with them", async () => {
    const f = new Fixture();
    for (const at of [100, 200, 300]) {
      await f.store.emitEvent({ by, name: "x", key: "k", id: `i${at}`, payload: value(at), now: at });
    }
    expect(await f.store.sweep({ by: engineItself, now: 300, eventsBefore: 300, limit: 1 })).toEqual({ swept: 1 });
    expect(await f.store.sweep({ by: engineItself, now: 300, eventsBefore: 300, limit: 10 })).toEqual({ swept: 1 });
    expect((await f.store.listEvents({ name: "x", after: 0, limit: 10 })).map(({ id }) => id)).toEqual([3]);
    expect((await f.store.listEvents({ after: 0, limit: 10 })).map(({ id }) => id)).toEqual([3]);
    expect(await emit(f, "x", 1, { id: "i100" })).toMatchObject({ event: 4, duplicate: false });
    await f.hot("a");
    expectSettled((await f.append("a", op.event(0, "x", { key: "k" }))).events, [0, "completed", 300]);
  });

  test("that cannot be read are refused, and nothing is stored", async () => {
    const f = new Fixture();
    const payload = new Uint8Array([0xc1, 1]);
    expect(await refusal(f.store.emitEvent({ by, name: "x", payload, now: 1000 }))).not.toBe("not refused");
    const blob = { payload: encodeBlobRef("ab".repeat(32)), content: payload };
    expect(await refusal(f.store.emitEvent({ by, name: "x", ...blob, now: 1000 }))).not.toBe("not refused");
    expect((await f.store.stats()).events).toBe(0);
  });
});
