// What is heard of at the store is enough to know how every run stands: a list kept by it is the list, after whatever the
// store's own suite does.
import { afterAll, describe, expect, test } from "bun:test";
import { engineItself } from "../kernel/inner-actor.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { ada, approval, engine, idle, sleep, start, state, emit, value } from "../store/run-store.fixture.suite.ts";
import { runStoreSuite } from "../store/run-store.suite.ts";
import { holdReasons } from "../kernel/flow.ts";
import type { Store } from "../kernel/store.ts";
import { Changes, watchStore } from "./changes.ts";
import { EngineFixture, rest } from "./engine-fixture.suite.ts";
import { done, PlayedWorker, plainManifest } from "./played-worker.suite.ts";

interface Standing {
  readonly status: string;
  readonly reason: string | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
}

const heldReasons = new Set<string>(Object.values(holdReasons));

/** A list of runs that is read anew only where something was heard. */
class Mirror {
  readonly runs = new Map<string, Standing>();
  readonly heard = new Set<string>();
  deleted = false;

  /** The engine knows which of the runs in its memory were waiting. */
  runsOn({ run }: { readonly run: string }, { status }: { readonly status?: string }): void {
    if (status === "running" && this.runs.get(run)?.status === "waiting") this.heard.add(run);
  }

  readAgain({ runs }: { readonly runs: readonly { readonly id: string }[] }): void {
    for (const { id } of runs) this.heard.add(id);
  }

  async refresh(store: Store): Promise<void> {
    const found = await store.getRuns({ runs: [...this.heard] });
    for (const { id, status, reason, startedAt, endedAt } of found) {
      const held = heldReasons.has(reason ?? "");
      this.runs.set(id, { status, reason: held ? undefined : reason, startedAt, endedAt });
    }
    this.heard.clear();
    if (!this.deleted) return;
    this.deleted = false;
    const left = await store.getRuns({ runs: [...this.runs.keys()] });
    const ids = new Set(left.map(({ id }) => id));
    for (const id of this.runs.keys()) if (!ids.has(id)) this.runs.delete(id);
  }
}

let compared = 0;

/** A watched store that compares the mirror with its list after every verb. */
function mirrored(): Store {
  const changes = new Changes();
  const mirror = new Mirror();
  const store = watchStore(new MemoryRunStore(), changes);
  changes.listen((noun, name) => {
    if (noun === "runs" && name !== undefined) mirror.heard.add(name);
    if (noun === "deleted") mirror.deleted = true;
  });
  let closed = false;
  const compare = async (): Promise<void> => {
    if (closed) return;
    await mirror.refresh(store);
    const { runs } = await store.listRuns({ filter: {}, limit: 10_000 });
    // Which gate holds a run back is worked out when it is read: it changes with what others do.
    const listed = runs.map(({ id, status, reason, startedAt, endedAt, hold }) => [
      id,
      { status, reason: hold === undefined ? reason : undefined, startedAt, endedAt },
    ]);
    compared++;
    expect(Object.fromEntries(mirror.runs)).toEqual(Object.fromEntries(listed));
  };
  return new Proxy(store, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== "function") return found;
      if (name === "close") {
        closed = true;
        return found as unknown;
      }
      return async (params: unknown) => {
        const answer: unknown = await (found as (p: unknown) => unknown)(params);
        if (name === "append") mirror.runsOn(params as { run: string }, answer as { status?: string });
        // Whoever recovers runs has only begun: nobody has read a list yet.
        if (name === "recover") mirror.readAgain(await target.listRuns({ filter: {}, limit: 10_000 }));
        await compare();
        return answer;
      };
    },
  });
}

runStoreSuite("watched", mirrored);
afterAll(() => expect(compared).toBeGreaterThan(1_000));

describe("what is heard", () => {
  const watched = () => {
    const changes = new Changes();
    const heard: string[] = [];
    const store = watchStore(new MemoryRunStore(), changes);
    return {
      changes,
      heard,
      store,
      listen: () => changes.listen((noun, name) => heard.push(`${noun} ${name ?? "*"}`)),
    };
  };
  const run = { id: "r1", workflow: "order", version: "v1", input: value(1), priority: 0, tags: [] };
  const created = { ...run, createdAt: start, dueAt: start };

  test("names what belongs to runs: approvals, events, state", async () => {
    const { store, heard, listen } = watched();
    const stop = listen();
    await store.createRun({ by: ada, run: created, claim: { owner: engine }, now: start });
    const ops = [approval(0, "t1"), emit(1, "paid", 1), state(2, "set", { value: 1 }), state(3, "get")];
    await store.append({ by: engineItself, run: "r1", epoch: 1, ops, now: start });
    expect(heard).toEqual(["runs r1", "approvals r1", "events paid", "state global count"]);
    heard.length = 0;
    await store.append({
      by: engineItself,
      run: "r1",
      epoch: 1,
      ops: [sleep(4, start + 9), idle("sleeping")],
      now: start,
    });
    await store.completeToken({ by: ada, token: "t1", kind: "approval", value: value(1), now: start });
    expect(new Set(heard)).toEqual(new Set(["runs r1", "approvals r1"]));
    heard.length = 0;
    await store.emitEvent({ by: ada, name: "paid", payload: value(1), id: "once", now: start });
    await store.emitEvent({ by: ada, name: "paid", payload: value(1), id: "once", now: start });
    await store.setState({ by: ada, scope: "global", key: "a b", value: value(1), now: start });
    await store.setState({ by: ada, scope: "global", key: "a b", value: value(1), ifVersion: 9, now: start });
    await store.deleteState({ by: ada, scope: "global", key: "missing", now: start });
    expect(heard).toEqual(["events paid", "state global a b"]);
    stop();
    await store.setState({ by: ada, scope: "global", key: "later", value: value(1), now: start });
    expect(heard).toHaveLength(2);
  });

  test("is what became durable: refused changes are not heard of", async () => {
    const { store, heard, listen } = watched();
    listen();
    await store.cancelRun({
      by: ada,
      run: "missing",
      notice: { status: "cancelled", reason: "cancelled_by_user", message: "" },
      error: value(1),
      now: start,
    });
    await store.pauseRun({ by: ada, run: "missing", now: start });
    await store.createRun({ by: ada, run: created, now: start });
    await store.createRun({ by: ada, run: created, now: start });
    expect(heard).toEqual(["runs r1"]);
    await store.close();
    expect(store.emitEvent({ by: ada, name: "paid", payload: value(1), now: start })).rejects.toThrow("closed");
    expect(heard).toHaveLength(1);
  });

  test("a run that goes on by itself after it waited is heard of by the engine", async () => {
    const fixture = new EngineFixture({ workflows: [] });
    await fixture.engine.start();
    await fixture.engine.deploy("v1", [plainManifest("order")]);
    const worker = new PlayedWorker(fixture.engine, { id: "w1", version: "v1", workflows: ["order"] });
    const id = await fixture.run("order");
    const { epoch } = await worker.assigned(id);
    const heard: string[] = [];
    fixture.engine.changes.listen((noun, name) => heard.push(`${noun} ${name}`));
    worker.ops(id, epoch, { op: "event", seq: 0, name: "paid", n: 0 }, { op: "idle", reason: "waiting_for_event" });
    await rest();
    expect(heard.splice(0)).toEqual([`runs ${id}`]);
    worker.ops(id, epoch, done(1, "step", "a"));
    await rest();
    expect(heard.splice(0)).toEqual([`runs ${id}`]);
    expect((await fixture.store.getRun({ run: id }))?.status).toBe("running");
    worker.ops(id, epoch, done(2, "step", "b"));
    await rest();
    expect(heard).toEqual([]);
    await fixture.engine.stop(0);
  });

  test("everything asked for before is durable once it is settled", async () => {
    const { store, heard, listen } = watched();
    const machine = new EngineFixture({ workflows: [], store });
    void store.createRun({ by: ada, run: created, now: start });
    listen();
    await machine.engine.settled();
    expect((await store.getRun({ run: "r1" }))?.status).toBe("queued");
    expect(heard).toEqual([]);
    await machine.engine.stop(0);
  });

  test("a store nobody listens to answers with the very promise of the store inside", () => {
    const { store, changes } = watched();
    const inner = Promise.resolve({ swept: 0 });
    const plain = watchStore(Object.assign(store, { sweep: () => inner }), changes);
    const p = { by: engineItself, now: 0, eventsBefore: 0, limit: 1 };
    expect(plain.sweep(p)).toBe(inner);
    changes.listen(() => undefined);
    expect(plain.sweep(p)).not.toBe(inner);
  });
});
