// The port, where a start may make no run of its own: debounced, gathered, or one of a kind.
import { describe, expect, test } from "bun:test";
import { gateId, ruleId, type Admission } from "../kernel/flow.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { CreateOutcome, NewRun } from "../kernel/run-store.ts";
import {
  ada,
  call,
  delivered,
  engine,
  fail,
  failed,
  idle,
  read,
  start,
  startChild,
  value,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";
import { putRules, rule } from "./run-store.gates.suite.ts";

export function asked(admission: Partial<Admission>, gates: readonly string[] = []): Partial<NewRun> {
  return { flow: { gates, share: "", admission: { queuedMax: 1_000, ...admission } } };
}

/** Starts a run as a client does; the store may let it begin at once. */
export async function begin(desk: Desk, id: string, more: Partial<NewRun>): Promise<CreateOutcome> {
  return desk.store.createRun({ by: ada, run: desk.newRun(id, more), claim: { owner: engine }, now: desk.now });
}

export function joiningSuite(name: string, makeStore: MakeStore): void {
  debounceSuite(name, makeStore);
  batchSuite(name, makeStore);
  singletonSuite(name, makeStore);
}

function debounceSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: debounced starts`, () => {
    const desk = withStore(makeStore);
    type Debounce = NonNullable<Admission["debounce"]>;
    const quiet = (more: Partial<Debounce> = {}) =>
      asked({ debounce: { id: "w", waitMs: 100, leading: false, trailing: true, ...more } });

    test("one run begins when it has been quiet, with the last input", async () => {
      const first = await begin(desk, "a", { ...quiet(), input: value(1) });
      expect(first).toMatchObject({
        outcome: "created",
        run: { status: "queued", reason: "debounced", dueAt: start + 100 },
      });
      expect(first).toMatchObject({ effects: { due: start + 100 } });
      desk.now = start + 60;
      const second = await begin(desk, "b", { ...quiet(), input: value(2) });
      expect(second).toMatchObject({ outcome: "joined", how: "debounced", run: { id: "a", dueAt: start + 160 } });
      await desk.fire(start + 100);
      expect(await desk.claimIds()).toEqual([]);
      await desk.fire(start + 160);
      const [claimed] = await desk.claim();
      expect([claimed?.run.id, read(claimed?.run.input)]).toEqual(["a", 2]);
      expect((await begin(desk, "c", quiet())).outcome).toBe("created");
    });

    test("it is put off no longer than the longest time", async () => {
      for (let i = 0; i < 4; i++) {
        desk.now = start + i * 80;
        await begin(desk, `r${i}`, quiet({ maxWaitMs: 250 }));
      }
      expect((await desk.run("r0")).dueAt).toBe(start + 250);
      await desk.fire(start + 250);
      expect(await desk.claimIds()).toEqual(["r0"]);
    });

    test("with a leading edge the first begins at once, and one more when others followed", async () => {
      expect(await begin(desk, "a", quiet({ leading: true }))).toMatchObject({ run: { status: "running" } });
      desk.now = start + 50;
      expect(await begin(desk, "b", quiet({ leading: true }))).toMatchObject({
        outcome: "created",
        run: { reason: "debounced" },
      });
      expect(await begin(desk, "c", quiet({ leading: true }))).toMatchObject({ outcome: "joined", run: { id: "b" } });
      await desk.fire(start + 150);
      expect(await desk.claimIds()).toEqual(["b"]);
      expect(await begin(desk, "d", quiet({ leading: true }))).toMatchObject({ run: { status: "running" } });
      desk.now = start + 400;
      expect(await begin(desk, "e", quiet({ leading: true }))).toMatchObject({ run: { status: "running" } });
    });

    test("with a leading edge alone those that follow are part of the first, as long as they come", async () => {
      const leading = quiet({ leading: true, trailing: false, maxWaitMs: 150 });
      await begin(desk, "a", leading);
      await desk.end("a");
      desk.now = start + 90;
      expect(await begin(desk, "b", leading)).toMatchObject({ outcome: "joined", run: { id: "a" } });
      desk.now = start + 149;
      expect(await begin(desk, "c", leading)).toMatchObject({ outcome: "joined", run: { id: "a" } });
      desk.now = start + 150;
      expect(await begin(desk, "d", leading)).toMatchObject({ outcome: "created", run: { status: "running" } });
    });

    test("a start after the waiting one was cancelled or paused makes one of its own", async () => {
      await begin(desk, "a", quiet());
      await desk.store.pauseRun({ by: ada, run: "a", now: desk.now });
      expect(await begin(desk, "b", quiet())).toMatchObject({ outcome: "created", run: { id: "b" } });
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      await desk.store.cancelRun({ by: ada, run: "b", notice, error: new Uint8Array(), now: desk.now });
      expect(await begin(desk, "c", quiet())).toMatchObject({ outcome: "created", run: { id: "c" } });
      await desk.store.resumeRun({ by: ada, run: "a", now: start + 500 });
      expect(await desk.claimIds()).toEqual(["a"]);
    });

    test("a delivery that is repeated finds the run that it became part of", async () => {
      await begin(desk, "a", { ...quiet(), key: "k1", inputHash: "h1" });
      await begin(desk, "b", { ...quiet(), key: "k2", inputHash: "h2" });
      await desk.fire(start + 100);
      await desk.claim();
      const again = { ...quiet(), key: "k2" };
      expect(await begin(desk, "c", { ...again, inputHash: "h2" })).toMatchObject({
        outcome: "existing",
        run: { id: "a" },
      });
      expect(await begin(desk, "d", { ...again, inputHash: "h3" })).toMatchObject({
        outcome: "conflict",
        run: { id: "a" },
      });
    });

    test("callers of a child that is debounced get the result of the one run", async () => {
      for (const id of ["p1", "p2"]) {
        await desk.hot(id);
        await desk.append(id, call(0, desk.newRun(`of-${id}`, quiet())), idle("waiting_for_child"));
      }
      await desk.fire(start + 100);
      expect(await desk.claimIds()).toEqual(["of-p1"]);
      const end = await desk.append("of-p1", { op: "finish", status: "completed", output: value(7) });
      expect(delivered(end.effects)).toEqual([
        ["p1", 0, "completed", 7],
        ["p2", 0, "completed", 7],
      ]);
    });
  });
}

function batchSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: gathered starts`, () => {
    const desk = withStore(makeStore);
    type Batch = NonNullable<Admission["batch"]>;
    const gather = (more: Partial<Batch> = {}) =>
      asked({ batch: { id: "w", size: 3, waitMs: 100, bytesMax: 1_000, ...more } });

    test("a run begins with a list when there are enough", async () => {
      const first = await begin(desk, "a", { ...gather(), input: value(1) });
      expect(first).toMatchObject({ outcome: "created", run: { reason: "batching", dueAt: start + 100 } });
      expect(await begin(desk, "b", { ...gather(), input: value(2) })).toMatchObject({
        outcome: "joined",
        how: "batched",
      });
      desk.now += 10;
      const third = await begin(desk, "c", { ...gather(), input: value(3) });
      expect(third).toMatchObject({ outcome: "joined", run: { id: "a" }, effects: { ready: 1 } });
      const [claimed] = await desk.claim();
      expect(read(claimed?.run.input)).toEqual([1, 2, 3]);
      expect((await desk.fire(start + 100)).fired).toBe(0);
      expect((await begin(desk, "d", gather())).outcome).toBe("created");
    });

    test("or when the first has waited long enough", async () => {
      await begin(desk, "a", { ...gather(), input: value(1) });
      desk.now += 70;
      await begin(desk, "b", { ...gather(), input: value({ deep: [undefined, 2n] }) });
      await desk.fire(start + 100);
      const [claimed] = await desk.claim();
      expect(read(claimed?.run.input)).toEqual([1, { deep: [undefined, 2n] }]);
    });

    test("or when they are large enough, and one alone may be enough", async () => {
      await begin(desk, "a", { ...gather({ bytesMax: 150 }), input: value("x".repeat(100)) });
      await begin(desk, "b", { ...gather({ bytesMax: 150 }), input: value("y".repeat(100)) });
      expect(await desk.claimIds()).toEqual(["a"]);
      expect(await begin(desk, "c", { ...gather({ size: 1 }), input: value(1) })).toMatchObject({
        run: { status: "running" },
      });
      expect(read((await desk.run("c")).input)).toEqual([1]);
      expect(await begin(desk, "d", { ...gather({ size: 1 }), input: value(2) })).toMatchObject({ outcome: "created" });
    });

    test("keys are gathered apart, and a repeated delivery is in it once", async () => {
      await begin(desk, "a", { ...gather(), key: "k1" });
      await begin(desk, "b", { ...gather({ id: "other" }), key: "k2" });
      const joins = { ...gather(), key: "k3", inputHash: "h" };
      expect((await begin(desk, "c", joins)).outcome).toBe("joined");
      expect(await begin(desk, "d", joins)).toMatchObject({ outcome: "existing", run: { id: "a" } });
      await desk.fire(start + 100);
      expect((await desk.claim()).map(({ run }) => [run.id, (read(run.input) as unknown[]).length])).toEqual([
        ["a", 2],
        ["b", 1],
      ]);
    });

    test("what was gathered is the run's input after a pause too", async () => {
      await begin(desk, "a", { ...gather(), input: value(1) });
      await desk.store.pauseRun({ by: ada, run: "a", now: desk.now });
      await begin(desk, "b", { ...gather(), input: value(2) });
      await desk.store.resumeRun({ by: ada, run: "a", now: start + 200 });
      await desk.fire(start + 200);
      expect((await desk.claim()).map(({ run }) => [run.id, read(run.input)])).toEqual([
        ["a", [1]],
        ["b", [2]],
      ]);
    });

    test("what belongs to a run goes with it", async () => {
      await begin(desk, "a", { ...gather({ size: 2 }), key: "k1" });
      await begin(desk, "b", { ...gather({ size: 2 }), key: "k2" });
      await desk.claim();
      await desk.end("a");
      expect(await desk.store.deleteRuns({ by: ada, runs: ["a"], now: desk.now })).toEqual({ deleted: ["a"] });
      expect((await begin(desk, "c", { ...gather(), key: "k2" })).outcome).toBe("created");
    });
  });
}

function singletonSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: runs of which there is one`, () => {
    const desk = withStore(makeStore);
    const gate = gateId(ruleId("order", "singleton"));
    const single = (mode: "skip" | "replace") => asked({ singleton: { id: gate, mode } }, [gate]);
    const declare = () => putRules(desk, rule("singleton", 1));

    test("skip: a start while there is one is part of it, from its beginning to its end", async () => {
      await declare();
      await begin(desk, "a", single("skip"));
      expect(await begin(desk, "b", single("skip"))).toMatchObject({
        outcome: "joined",
        how: "skipped",
        run: { id: "a" },
      });
      await desk.append("a", { op: "sleep", seq: 0, name: "nap", n: 0, due: start + 50 }, idle("sleeping"));
      await desk.park("a");
      expect((await begin(desk, "c", single("skip"))).outcome).toBe("joined");
      await desk.fire(start + 50);
      await desk.claim();
      await desk.end("a");
      expect(await begin(desk, "d", single("skip"))).toMatchObject({ outcome: "created", run: { status: "running" } });
    });

    test("replace: a start ends the one there is, and begins when that is over", async () => {
      await declare();
      await begin(desk, "a", single("replace"));
      const second = await begin(desk, "b", single("replace"));
      expect(second).toMatchObject({ outcome: "created", run: { status: "queued", reason: "singleton" } });
      if (second.outcome === "created") expect(delivered(second.effects)).toEqual([["a", "cancel"]]);
      const third = await begin(desk, "c", single("replace"));
      // The one that had not begun ends at once.
      expect(third).toMatchObject({ effects: { finished: [{ run: "b", status: "cancelled", reason: "replaced" }] } });
      expect(await desk.claimIds()).toEqual([]);
      await desk.append("a", { op: "finish", status: "cancelled", reason: "replaced" });
      expect(await desk.claimIds()).toEqual(["c"]);
    });

    test("a retry of one that failed waits while there is another", async () => {
      await declare();
      await begin(desk, "a", single("skip"));
      await desk.append("a", failed(0), fail(0));
      await begin(desk, "b", single("skip"));
      await desk.store.retryRun({ by: ada, run: "a", now: desk.now });
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("b");
      expect(await desk.claimIds()).toEqual(["a"]);
    });

    test("a child that is started while there is one is that one", async () => {
      await declare();
      await begin(desk, "a", single("skip"));
      await desk.hot("p");
      await desk.append("p", startChild(0, desk.newRun("child", single("skip"))));
      expect(await desk.journal("p")).toEqual([[0, "completed", "a"]]);
    });

    test("a time of a schedule makes no run while there is one", async () => {
      await declare();
      await begin(desk, "a", single("skip"));
      await desk.store.putSchedules({
        by: ada,
        workflows: ["order"],
        schedules: [
          {
            id: "s",
            workflow: "order",
            cron: "* * * * *",
            timezone: "UTC",
            input: value(1),
            catchUp: "skip",
            catchUpMax: 1,
            overlap: "allow",
            jitterMs: 0,
            createdAt: start,
            source: "code",
          },
        ],
        now: start,
      });
      const fired = await desk.store.fireSchedule({
        by: engineItself,
        schedule: "s",
        expect: start,
        handledUntil: start + 1,
        runs: [desk.newRun("b", single("skip"))],
        overlap: "allow",
        cancel: { notice: { status: "cancelled", reason: "cancelled_by_schedule", message: "" }, error: value(1) },
        now: start + 1,
      });
      expect(fired).toMatchObject({ outcome: "ok", created: [], skipped: 1 });
    });
  });
}
