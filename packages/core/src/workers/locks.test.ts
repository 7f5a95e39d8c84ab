// Locks: one owner, fences that grow, first come first served, and time that takes them away.
import { expect, test } from "bun:test";
import { FleetDesk } from "./fleet.fixture.suite.ts";
import { Locks } from "./locks.ts";

function bench() {
  const desk = new FleetDesk();
  let tokens = 0;
  const locks = new Locks({ store: desk.store, clock: desk.clock, newToken: () => `lt-${++tokens}` });
  const signal = new AbortController().signal;
  const acquire = (waitMs = 0, more: object = {}) =>
    locks.acquire({ resource: "r", ttlMs: 1_000, waitMs, signal, ...more });
  return { desk, locks, acquire };
}

async function held(taken: ReturnType<Locks["acquire"]>) {
  const answer = await taken;
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value;
}

test("fences grow over release, expiry and a store of which nothing is remembered here", async () => {
  const { desk, locks, acquire } = bench();
  const fences: number[] = [];
  const first = await held(acquire());
  fences.push(first.fence);
  await locks.release({ resource: "r", token: first.token });
  fences.push((await held(acquire())).fence);
  await desk.advance(1_000);
  const others = new Locks({ store: desk.store, clock: desk.clock, newToken: () => "other" });
  const third = await held(
    others.acquire({ resource: "r", ttlMs: 1_000, waitMs: 0, signal: new AbortController().signal }),
  );
  fences.push(third.fence);
  const renewed = await held(others.renew({ resource: "r", token: "other", ttlMs: 9_000 }));
  expect(renewed).toMatchObject({ fence: third.fence, expires: desk.clock.now() + 9_000 });
  const again = await held(others.renew({ resource: "r", token: "other", ttlMs: 9_000 }));
  expect(again.fence).toBe(third.fence);
  await others.release({ resource: "r", token: "other" });
  fences.push((await held(acquire())).fence);
  expect(fences).toEqual(fences.toSorted((a, b) => a - b));
  expect(new Set(fences).size).toBe(4);
});

test("those who wait are served in the order in which they came, and a newcomer does not jump the line", async () => {
  const { desk, locks, acquire } = bench();
  const first = await held(acquire());
  const order: string[] = [];
  const [second, third] = ["second", "third"].map(async (name) => {
    const mine = await held(acquire(60_000));
    order.push(name);
    return mine;
  });
  await desk.settle();
  await locks.release({ resource: "r", token: first.token });
  expect(await acquire()).toMatchObject({ ok: false, error: { code: "lock_held" } });
  await locks.release({ resource: "r", token: (await second!).token });
  await third;
  expect(order).toEqual(["second", "third"]);
});

test("a wait ends with its time, with its connection, and with the time of the owner", async () => {
  const { desk, acquire } = bench();
  await held(acquire());
  const short = acquire(500);
  await desk.settle();
  await desk.advance(500);
  expect(await short).toMatchObject({ ok: false, error: { code: "lock_held" } });
  const gone = new AbortController();
  const left = acquire(60_000, { signal: gone.signal });
  await desk.settle();
  gone.abort();
  expect(await left).toMatchObject({ ok: false });
  const patient = acquire(60_000);
  await desk.settle();
  await desk.advance(500);
  expect(await patient).toMatchObject({ ok: true });
});

test("nobody gives back or puts off what is not theirs", async () => {
  const { desk, locks, acquire } = bench();
  const { token } = await held(acquire());
  for (const change of [
    locks.release({ resource: "r", token: "other" }),
    locks.release({ resource: "none", token }),
    locks.renew({ resource: "r", token: "other", ttlMs: 1 }),
  ]) {
    expect(await change).toMatchObject({ ok: false, error: { code: "lock_lost" } });
  }
  await desk.advance(1_000);
  expect(await locks.renew({ resource: "r", token, ttlMs: 1 })).toMatchObject({ error: { code: "lock_lost" } });
});

test("names and times that no store should have to keep are refused, and parts of a millisecond are whole ones", async () => {
  const { desk, locks, acquire } = bench();
  expect(await acquire(0, { resource: "x".repeat(1_025) })).toMatchObject({ error: { code: "bad_request" } });
  for (const ttlMs of [1e300, 2 ** 53]) {
    expect(await acquire(0, { ttlMs })).toMatchObject({ error: { code: "invalid_duration" } });
  }
  const { token, expires } = await held(acquire(0, { ttlMs: 0.5 }));
  expect(expires).toBe(desk.clock.now() + 1);
  expect(await locks.renew({ resource: "r", token, ttlMs: 1e300 })).toMatchObject({
    error: { code: "invalid_duration" },
  });
});

test("a wait that is over leaves nothing with the connection of whoever waited", async () => {
  const { desk, acquire } = bench();
  const { signal } = new AbortController();
  let listening = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...p: Parameters<typeof add>) => {
    listening++;
    add(...p);
  };
  signal.removeEventListener = (...p: Parameters<typeof remove>) => {
    listening--;
    remove(...p);
  };
  await held(acquire(0, { ttlMs: 60_000 }));
  const late = acquire(5, { signal });
  await desk.settle();
  expect(listening).toBe(1);
  await desk.advance(5);
  expect(await late).toMatchObject({ error: { code: "lock_held" } });
  expect(listening).toBe(0);
});
