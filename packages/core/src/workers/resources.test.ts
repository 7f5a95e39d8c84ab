// What a machine has and who takes how much of it: nothing is taken twice, and what is large does not starve.
import { expect, test } from "bun:test";
import { FleetDesk } from "./fleet.fixture.suite.ts";
import type { RemoteWorker } from "./remote-worker.ts";
import { Resources } from "./resources.ts";

function bench() {
  const { clock } = new FleetDesk();
  let ids = 0;
  const resources = new Resources({ clock, newId: () => `c${++ids}` });
  const worker = (id: string, amounts: object, labels: readonly string[] = []): RemoteWorker => {
    const one = { id, labels: new Set(labels), hello: { resources: amounts } } as unknown as RemoteWorker;
    resources.join(one);
    return one;
  };
  const claim = (one: RemoteWorker, amounts: Record<string, number>, waitMs = 0) =>
    resources.claim(one, { amounts, waitMs });
  return { clock, resources, worker, claim };
}

const busy = { ok: false, error: { code: "resources_unavailable" } };

test("fractions of a core add up to whole ones", async () => {
  const { worker, claim } = bench();
  const one = worker("a", { cpu: 0.3 });
  for (let part = 0; part < 3; part++) expect(await claim(one, { cpu: 0.1 })).toMatchObject({ ok: true });
  expect(await claim(one, { cpu: 0.1 })).toMatchObject(busy);
});

test("what is large is served before what came later and is small", async () => {
  const { resources, worker, claim } = bench();
  const one = worker("a", { cpu: 4 });
  const first = await claim(one, { cpu: 2 });
  const large = claim(one, { cpu: 4 }, 1_000);
  const small = claim(one, { cpu: 1 }, 1_000);
  expect(await claim(one, { cpu: 1 })).toMatchObject(busy);
  expect(resources.release(one, first.ok ? first.value : "")).toBe(true);
  const got = await large;
  expect(got).toMatchObject({ ok: true });
  expect(resources.claimedOf(one)).toEqual({ cpu: 4 });
  resources.release(one, got.ok ? got.value : "");
  expect(await small).toMatchObject({ ok: true });
});

test("a wait ends with its time, and those behind it are looked at", async () => {
  const { clock, worker, claim } = bench();
  const one = worker("a", { cpu: 2 });
  await claim(one, { cpu: 1 });
  const large = claim(one, { cpu: 2 }, 100);
  const small = claim(one, { cpu: 1 }, 1_000);
  clock.advance(100);
  expect(await large).toMatchObject(busy);
  expect(await small).toMatchObject({ ok: true });
});

test("machines are apart, workers of one machine share, and what somebody had is free when they leave", async () => {
  const { resources, worker, claim } = bench();
  const [a, b] = [worker("a", { cpu: 2 }, ["machine=m"]), worker("b", { cpu: 1, licence: 1 }, ["machine=m"])];
  const c = worker("c", { cpu: 2 });
  expect(resources.totalOf(b)).toEqual({ cpu: 2, licence: 1 });
  const mine = await claim(a, { cpu: 2 });
  expect(await claim(c, { cpu: 2 })).toMatchObject({ ok: true });
  expect(resources.release(b, mine.ok ? mine.value : "")).toBe(false);
  const waiting = claim(b, { cpu: 1 }, 1_000);
  const given = claim(b, { licence: 1 }, 1_000);
  resources.leave(a);
  expect([await waiting, await given]).toMatchObject([{ ok: true }, { ok: true }]);
});
