import { describe, expect, test } from "bun:test";
import { Fixture, by, read, refusal, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

describe("state", () => {
  const set = (f: Fixture, key: string, more: { ifVersion?: number; expiresAt?: number; scope?: string } = {}) =>
    f.store.setState({ by, scope: "global", key, value: value(key), ...more, now: f.now });

  test("has versions that writers can insist on", async () => {
    const f = new Fixture();
    expect(await set(f, "k", { ifVersion: 1 })).toEqual({ outcome: "conflict", version: 0 });
    expect(await set(f, "k", { ifVersion: 0 })).toEqual({ outcome: "ok", version: 1 });
    expect(await set(f, "k", { ifVersion: 0 })).toEqual({ outcome: "conflict", version: 1 });
    expect(await set(f, "k", { ifVersion: 1 })).toEqual({ outcome: "ok", version: 2 });
    expect(await set(f, "k")).toEqual({ outcome: "ok", version: 3 });
    const remove = (ifVersion?: number) =>
      f.store.deleteState({ by, scope: "global", key: "k", ifVersion, now: f.now });
    expect(await remove(2)).toEqual({ outcome: "conflict" });
    expect(await remove(3)).toEqual({ outcome: "ok" });
    expect(await remove()).toEqual({ outcome: "not_found" });
  });

  test("is gone when its time has passed", async () => {
    const f = new Fixture();
    await set(f, "k", { expiresAt: 1500 });
    await set(f, "stays");
    const get = async (now: number) => read((await f.store.getState({ scope: "global", key: "k", now }))?.value);
    expect([await get(1499), await get(1500)]).toEqual(["k", undefined]);
    expect(await f.store.sweep({ by: engineItself, now: 1499, eventsBefore: 0, limit: 9 })).toEqual({ swept: 0 });
    expect(await f.store.sweep({ by: engineItself, now: 1500, eventsBefore: 0, limit: 9 })).toEqual({ swept: 1 });
    f.now = 1500;
    expect(await set(f, "k", { ifVersion: 0 })).toMatchObject({ outcome: "ok" });
  });

  test("is listed by key, in pages", async () => {
    const f = new Fixture();
    for (const key of ["b2", "a", "b1", "b3"]) await set(f, key);
    await set(f, "b0", { scope: "workflow:w" });
    await set(f, "b4", { expiresAt: 1000 });
    const list = (p: { limit: number; cursor?: string | undefined; prefix?: string }) =>
      f.store.listState({ scope: "global", ...p, now: 1000 });
    const first = await list({ prefix: "b", limit: 2 });
    expect(first.entries.map((entry) => entry.key)).toEqual(["b1", "b2"]);
    const second = await list({ prefix: "b", limit: 2, cursor: first.next });
    expect(second.entries.map((entry) => entry.key)).toEqual(["b3"]);
    expect(second.next).toBeUndefined();
    expect((await list({ limit: 9 })).entries).toHaveLength(4);
    expect(await refusal(list({ limit: 9, cursor: "?" }))).toBe("invalid_filter");
  });
});
