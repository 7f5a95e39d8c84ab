// State and locks: the same rules in memory and in SQLite.

import { deepEqual, equal, ok } from "node:assert/strict";
import { memoryState } from "../state/memory.ts";
import { sqliteState } from "../state/sqlite.ts";
import type { Lock, Outcome, StateBackend, StateWorld } from "../state/state.ts";
import type { Test, World } from "./case.suite.ts";

/** A clock that is set by hand; who sleeps moves it. */
class HandClock implements StateWorld {
  nowMs = 1_000_000;
  #tokens = 0;

  now(): number {
    return this.nowMs;
  }

  async sleep(ms: number): Promise<void> {
    this.nowMs += ms;
  }

  token(): string {
    this.#tokens += 1;
    return `token-${this.#tokens}`;
  }
}

interface Rig {
  readonly clock: HandClock;
  readonly state: StateBackend;
}

const kinds = ["memory", "sqlite"] as const;

async function withState(
  kind: (typeof kinds)[number],
  { runtime, folder }: World,
  body: (rig: Rig) => Promise<void>,
): Promise<void> {
  const clock = new HandClock();
  if (kind === "memory") return body({ clock, state: memoryState(clock) });
  const database = runtime.sqlite.open(`${folder}/state.db`);
  try {
    await body({ clock, state: sqliteState(database, clock) });
  } finally {
    database.close();
  }
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.error.message}`);
  return outcome.value;
}

const refusal = (outcome: Outcome<unknown>) => (outcome.ok ? undefined : outcome.error.code);

export function stateCases(test: Test): void {
  /** The same case for every backend. */
  const it = (name: string, body: (rig: Rig) => Promise<void>): void => {
    test(name, async (world) => {
      for (const kind of kinds) await withState(kind, world, body);
    });
  };

  it("state: values come back as copies, with versions that only grow", async ({ state }) => {
    equal(await state.get("a"), undefined);
    const value = { list: [1, "two", null], at: new Date(5), bytes: new Uint8Array([1, 2]), big: 2n ** 60n };
    const first = valueOf(await state.set("a", value));
    value.list.push("later");
    const read = await state.get("a");
    deepEqual(read?.value, { list: [1, "two", null], at: new Date(5), bytes: new Uint8Array([1, 2]), big: 2n ** 60n });
    equal(read?.version, first.version);
    const second = valueOf(await state.set("a", 2));
    ok(second.version > first.version);
    deepEqual(valueOf(await state.delete("a")), { deleted: true });
    deepEqual(valueOf(await state.delete("a")), { deleted: false });
    const third = valueOf(await state.set("a", 3));
    ok(third.version > second.version, "not even after a delete");
    equal(refusal(await state.set("a", () => 1)), "value_not_serializable");
    equal((await state.get("a"))?.value, 3);
  });

  it("state: a write for a version is refused when there is another", async ({ state }) => {
    const { version } = valueOf(await state.set("a", 1, { ifVersion: 0 }));
    equal(refusal(await state.set("a", 2, { ifVersion: 0 })), "state_version_conflict");
    equal(refusal(await state.set("a", 2, { ifVersion: version + 1 })), "state_version_conflict");
    const next = valueOf(await state.set("a", 2, { ifVersion: version }));
    equal(refusal(await state.delete("a", { ifVersion: version })), "state_version_conflict");
    equal((await state.get("a"))?.value, 2);
    valueOf(await state.delete("a", { ifVersion: next.version }));
    equal(refusal(await state.set("a", 3, { ifVersion: next.version })), "state_version_conflict");
  });

  it("state: a value goes when its time is over, and counts as absent from then on", async ({ state, clock }) => {
    valueOf(await state.set("a", 1, { ttlMs: 100 }));
    equal((await state.get("a"))?.expiresAtMs, clock.nowMs + 100);
    clock.nowMs += 99;
    equal((await state.get("a"))?.value, 1);
    clock.nowMs += 1;
    equal(await state.get("a"), undefined);
    valueOf(await state.set("a", 2, { ifVersion: 0 }));
    equal((await state.get("a"))?.expiresAtMs, undefined);
    for (let round = 0; round < 600; round++) valueOf(await state.set(`short-${round}`, round, { ttlMs: 10 }));
    clock.nowMs += 10;
    equal(await state.get("short-1"), undefined);
    equal((await state.get("a"))?.value, 2);
  });

  it("state: a lock has one holder, and a fence that grows with each", async ({ state, clock }) => {
    const lock = valueOf(await state.acquireLock("r", { ttlMs: 1_000 }));
    deepEqual([lock.fence, lock.expiresAtMs], [1, clock.nowMs + 1_000]);
    equal(refusal(await state.acquireLock("r", { ttlMs: 1_000 })), "conflict");
    equal(valueOf(await state.acquireLock("other", { ttlMs: 1_000 })).fence, 1);
    equal(refusal(await state.releaseLock("r", "somebody else's")), "conflict");
    valueOf(await state.releaseLock("r", lock.token));
    equal(refusal(await state.releaseLock("r", lock.token)), "not_found");
    equal(valueOf(await state.acquireLock("r", { ttlMs: 1_000 })).fence, 2);
  });

  it("state: a lock whose holder dies goes when its time is over, and the dead one cannot use it", async ({
    state,
    clock,
  }) => {
    const dead = valueOf(await state.acquireLock("r", { ttlMs: 1_000 }));
    clock.nowMs += 1_000;
    const next = valueOf(await state.acquireLock("r", { ttlMs: 1_000 }));
    ok(next.fence > dead.fence && next.token !== dead.token);
    equal(refusal(await state.extendLock("r", dead.token, 1_000)), "conflict");
    equal(refusal(await state.releaseLock("r", dead.token)), "conflict");
    clock.nowMs += 1_000;
    equal(refusal(await state.extendLock("r", next.token, 1_000)), "not_found");
  });

  it("state: extending keeps lock and fence beyond the first time", async ({ state, clock }) => {
    const lock = valueOf(await state.acquireLock("r", { ttlMs: 1_000 }));
    clock.nowMs += 900;
    const longer = valueOf(await state.extendLock("r", lock.token, 1_000));
    deepEqual(longer, { ...lock, expiresAtMs: clock.nowMs + 1_000 });
    clock.nowMs += 900;
    equal(refusal(await state.acquireLock("r", { ttlMs: 1 })), "conflict");
  });

  it("state: who waits for a lock gets it when it is free, or is refused when the wait is over", async ({
    state,
    clock,
  }) => {
    const lock = valueOf(await state.acquireLock("r", { ttlMs: 1_000 }));
    const startMs = clock.nowMs;
    equal(refusal(await state.acquireLock("r", { ttlMs: 1_000, waitMs: 500 })), "conflict");
    equal(clock.nowMs, startMs + 500);
    const waited = valueOf(await state.acquireLock("r", { ttlMs: 1_000, waitMs: 2_000 }));
    ok(clock.nowMs >= lock.expiresAtMs && clock.nowMs < lock.expiresAtMs + 50);
    equal(waited.fence, 2);
  });

  test("state: capabilities say what each backend is", async (world) => {
    await withState("memory", world, async ({ state }) => {
      deepEqual(state.capabilities, { multiNode: false, persistent: false, distributedLocks: false, pubSub: false });
    });
    await withState("sqlite", world, async ({ state }) => {
      deepEqual(state.capabilities, { multiNode: false, persistent: true, distributedLocks: true, pubSub: false });
    });
  });

  test("state: SQLite keeps values and fences, and its locks hold between programs", async ({ runtime, folder }) => {
    const clock = new HandClock();
    const [first, second] = [runtime.sqlite.open(`${folder}/s.db`), runtime.sqlite.open(`${folder}/s.db`)];
    const [one, two] = [sqliteState(first, clock), sqliteState(second, clock)];
    valueOf(await one.set("a", "kept"));
    equal((await two.get("a"))?.value, "kept");
    const held: Lock[] = [];
    for (let round = 0; round < 50; round++) {
      const outcomes = await Promise.all([one, two].map((state) => state.acquireLock("r", { ttlMs: 1_000 })));
      const taken = outcomes.filter((outcome) => outcome.ok);
      equal(taken.length, 1);
      const lock = valueOf(taken[0] as Outcome<Lock>);
      held.push(lock);
      valueOf(await (round % 2 === 0 ? one : two).releaseLock("r", lock.token));
    }
    deepEqual(
      held.map(({ fence }) => fence),
      held.map((_lock, at) => at + 1),
    );
    first.close();
    second.close();
    const later = runtime.sqlite.open(`${folder}/s.db`);
    const again = sqliteState(later, clock);
    equal((await again.get("a"))?.value, "kept");
    equal(valueOf(await again.acquireLock("r", { ttlMs: 1 })).fence, 51);
    later.close();
  });
}
