// The contract of the worker protocol: state, locks and resources that workers share.
import { describe, expect, test } from "bun:test";
import { Rig } from "./rig.suite.ts";

describe("state", () => {
  test("is set, read and deleted with versions, and shared with everybody", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    const ask = (name: "STATE_GET" | "STATE_SET" | "STATE_DELETE", payload: Record<string, unknown>) =>
      worker.ask(name, { key: "k", ...payload }, "STATE_RESPONSE");
    expect(await ask("STATE_GET", {})).toMatchObject({ ok: true, value: null, version: 0 });
    const { version } = await ask("STATE_SET", { value: { n: 1, list: [true, null, "é"] }, if_version: 0 });
    expect(await ask("STATE_GET", {})).toMatchObject({ ok: true, value: { n: 1, list: [true, null, "é"] }, version });
    expect(await ask("STATE_SET", { value: 2, if_version: 0 })).toMatchObject({
      ok: false,
      version,
      error: { code: "state_version_conflict" },
    });
    const next = await ask("STATE_SET", { value: new Uint8Array([1, 2]), if_version: version });
    expect(await ask("STATE_GET", {})).toMatchObject({ value: new Uint8Array([1, 2]), version: next["version"] });
    expect((await rig.fixture.get("/api/v1/state/global/k")).status).toBe(200);
    expect(await ask("STATE_DELETE", { if_version: version })).toMatchObject({ ok: false });
    expect(await ask("STATE_DELETE", {})).toMatchObject({ ok: true });
    expect(await ask("STATE_GET", {})).toMatchObject({ value: null, version: 0 });
  });

  test("lives as long as it was said", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    await worker.ask("STATE_SET", { key: "k", value: 1, ttl_ms: 20 }, "STATE_RESPONSE");
    expect(await worker.ask("STATE_GET", { key: "k" }, "STATE_RESPONSE")).toMatchObject({ value: 1 });
    for (;;) if ((await worker.ask("STATE_GET", { key: "k" }, "STATE_RESPONSE"))["value"] === null) break;
  });

  test("what a workflow has put there comes without anything that only we know", async () => {
    await using rig = await Rig.make();
    const { status } = await rig.fixture.postValue("/api/v1/state/global/k", {}).then(async () =>
      rig.fixture.send("/api/v1/state/global/k", {
        method: "PUT",
        body: JSON.stringify({ value: { a: 1 } }),
        headers: { "content-type": "application/json" },
      }),
    );
    expect(status).toBe(200);
    const worker = await rig.worker("w");
    expect(await worker.ask("STATE_GET", { key: "k" }, "STATE_RESPONSE")).toMatchObject({ value: { a: 1 } });
  });
});

describe("locks", () => {
  test("belong to one, under a fence that grows, whoever has the token gives them back", async () => {
    await using rig = await Rig.make();
    const [a, b] = [await rig.worker("a"), await rig.worker("b")];
    const take = (worker: typeof a, more: object = {}) =>
      worker.ask("LOCK_ACQUIRE", { resource: "deploy", ttl_ms: 60_000, ...more }, "LOCK_RESPONSE");
    const first = await take(a);
    expect(first).toMatchObject({ ok: true });
    expect(String(first["token"]).length).toBeGreaterThanOrEqual(32);
    expect(await take(b)).toMatchObject({ ok: false, error: { code: "lock_held" } });
    expect(await b.ask("LOCK_RELEASE", { resource: "deploy", token: "t" }, "LOCK_RESPONSE")).toMatchObject({
      ok: false,
      error: { code: "lock_lost" },
    });
    const renewed = await take(a, { token: first["token"] });
    expect(renewed).toMatchObject({ ok: true, fence: first["fence"], token: first["token"] });
    const waiting = take(b, { wait_ms: 60_000 });
    expect(await a.ask("LOCK_RELEASE", { resource: "deploy", token: first["token"] }, "LOCK_RESPONSE")).toMatchObject({
      ok: true,
    });
    const second = await waiting;
    expect(Number(second["fence"])).toBeGreaterThan(Number(first["fence"]));
    expect(await take(a, { token: first["token"] })).toMatchObject({ ok: false, error: { code: "lock_lost" } });
  });

  test("are narrowed by the prefixes of the worker's token, as keys of state are", async () => {
    await using rig = await Rig.make();
    const narrow = await rig.worker("n", { token: await rig.token("n", { state: ["ci/*"] }) });
    const take = (resource: string, more: object = {}) =>
      narrow.ask("LOCK_ACQUIRE", { resource, ttl_ms: 60_000, ...more }, "LOCK_RESPONSE");
    const release = (resource: string, token: unknown) =>
      narrow.ask("LOCK_RELEASE", { resource, token }, "LOCK_RESPONSE");
    const held = await (await rig.worker("w")).ask("LOCK_ACQUIRE", { resource: "d", ttl_ms: 60_000 }, "LOCK_RESPONSE");
    const refused = { ok: false, error: { code: "forbidden" } };
    expect(await take("e")).toMatchObject(refused);
    expect(await take("d", { token: held["token"] })).toMatchObject(refused);
    expect(await release("d", held["token"])).toMatchObject(refused);
    const own = await take("ci/deploy");
    expect(own).toMatchObject({ ok: true });
    expect(await release("ci/deploy", own["token"])).toMatchObject({ ok: true });
  }, 30_000);

  test("of an owner that is gone live until their time is over", async () => {
    await using rig = await Rig.make();
    const [a, b] = [await rig.worker("a"), await rig.worker("b")];
    const first = await a.ask("LOCK_ACQUIRE", { resource: "r", ttl_ms: 60 }, "LOCK_RESPONSE");
    a.destroy();
    expect(await b.ask("LOCK_ACQUIRE", { resource: "r", ttl_ms: 1_000 }, "LOCK_RESPONSE")).toMatchObject({ ok: false });
    const second = await b.ask("LOCK_ACQUIRE", { resource: "r", ttl_ms: 1_000, wait_ms: 60_000 }, "LOCK_RESPONSE");
    expect(second).toMatchObject({ ok: true });
    expect(Number(second["fence"])).toBeGreaterThan(Number(first["fence"]));
    expect(Number(second["expires"])).toBeGreaterThan(Number(first["expires"]));
  });

  test("under contention each owner is alone, and every fence is higher than the one before", async () => {
    await using rig = await Rig.make();
    const workers = await Promise.all(["a", "b", "c", "d"].map((id) => rig.worker(id)));
    const fences: number[] = [];
    let owners = 0;
    await Promise.all(
      workers.map(async (worker) => {
        for (let round = 0; round < 5; round++) {
          const held = await worker.ask(
            "LOCK_ACQUIRE",
            { resource: "r", ttl_ms: 60_000, wait_ms: 60_000 },
            "LOCK_RESPONSE",
          );
          expect([held["ok"], ++owners]).toEqual([true, 1]);
          fences.push(Number(held["fence"]));
          owners--;
          await worker.ask("LOCK_RELEASE", { resource: "r", token: held["token"] }, "LOCK_RESPONSE");
        }
      }),
    );
    expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    expect(new Set(fences).size).toBe(20);
  });
});

describe("resources", () => {
  const machine = { resources: { cpu: 2, memory_bytes: 1_000, licence: 1 }, labels: ["machine=m1"] };

  test("of a machine are taken and given back, by all of its workers", async () => {
    await using rig = await Rig.make();
    const [a, b] = [await rig.worker("a", machine), await rig.worker("b", machine)];
    const claim = (worker: typeof a, resources: object, wait_ms = 0) =>
      worker.ask("RESOURCE_CLAIM", { resources, wait_ms }, "RESOURCE_STATUS");
    const first = await claim(a, { cpu: 1.5, memory_bytes: 600 });
    expect(first).toMatchObject({ ok: true, claimed: { cpu: 1.5, memory_bytes: 600 }, total: machine.resources });
    expect(await claim(b, { cpu: 1 })).toMatchObject({ ok: false });
    expect(await claim(b, { cpu: 3 }, 60_000)).toMatchObject({ ok: false });
    const waiting = claim(b, { cpu: 1 }, 60_000);
    expect(await a.ask("RESOURCE_RELEASE", { claim_id: first["claim_id"] }, "RESOURCE_STATUS")).toMatchObject({
      ok: true,
    });
    expect(await waiting).toMatchObject({ ok: true, claimed: { cpu: 1 } });
    expect(await a.ask("RESOURCE_STATUS", { total: {}, claimed: {} }, "RESOURCE_STATUS")).toMatchObject({
      claimed: { cpu: 1 },
    });
  });

  test("die with the connection, and a worker without that label is a machine of its own", async () => {
    await using rig = await Rig.make();
    const [a, b] = [await rig.worker("a", machine), await rig.worker("b", machine)];
    const alone = await rig.worker("c", { resources: { cpu: 2 } });
    const claim = (worker: typeof a, wait_ms = 0) =>
      worker.ask("RESOURCE_CLAIM", { resources: { cpu: 2 }, wait_ms }, "RESOURCE_STATUS");
    expect(await claim(a)).toMatchObject({ ok: true });
    expect(await claim(alone)).toMatchObject({ ok: true });
    const waiting = claim(b, 60_000);
    a.destroy();
    expect(await waiting).toMatchObject({ ok: true });
  });
});
