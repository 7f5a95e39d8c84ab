// Poison: after a crash those who may have caused it go on alone, neighbours never pay for it, and a run that keeps taking
// its worker down is parked with the evidence.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { PlayedWorker, done, finish, plainManifest } from "./played-worker.suite.ts";

const flow = workflow({ name: "flow" }, async () => undefined);

/** An engine with a supervisor that brings up a worker whenever one is asked for. */
class Supervised {
  readonly f: EngineFixture;
  readonly alone: PlayedWorker[] = [];
  readonly asked: boolean[] = [];
  #started = 0;

  constructor(options: Partial<FixtureOptions> = {}) {
    this.f = new EngineFixture({
      workflows: [flow],
      ...options,
      provideVersion: async (_version, quarantine) => {
        this.asked.push(quarantine);
        const worker = this.worker(quarantine);
        if (quarantine) this.alone.push(worker);
        return true;
      },
    });
  }

  async start(): Promise<PlayedWorker> {
    await this.f.engine.start();
    await this.f.engine.deploy("v1", [plainManifest("flow")]);
    return this.worker(false);
  }

  worker(quarantine: boolean): PlayedWorker {
    const id = `worker ${++this.#started}${quarantine ? ", quarantine" : ""}`;
    return new PlayedWorker(this.f.engine, { id, version: "v1", workflows: ["flow"], quarantine });
  }

  async runs(count: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, () => this.f.run("flow")));
  }

  record(run: string): ReturnType<EngineFixture["store"]["getRun"]> {
    return this.f.store.getRun({ run });
  }
}

const executing = (...runs: readonly string[]) => runs.map((run) => ({ run, step: `step of ${run}` }));
const assignedTo = (worker: PlayedWorker): string[] =>
  worker.received.flatMap((message) => (message.type === "assign" ? [message.assignment.run] : []));

describe("after a crash", () => {
  test("suspects go on alone, one at a time; neighbours go on at once with everybody else", async () => {
    const s = new Supervised();
    const worker = await s.start();
    const [bad, suspect, near, far] = (await s.runs(4)) as [string, string, string, string];
    await rest();
    await worker.lost({ executing: executing(bad, suspect) });
    const next = s.worker(false);
    await rest();
    expect(assignedTo(next).toSorted()).toEqual([near, far].toSorted());
    expect(s.alone.map(assignedTo)).toEqual([[bad]]);
    const [quarantine] = s.alone as [PlayedWorker];
    quarantine.ops(bad, (await quarantine.assigned(bad)).epoch, finish("innocent after all"));
    await s.f.ended(bad);
    await rest();
    expect(assignedTo(quarantine)).toEqual([bad, suspect]);
    for (const run of [near, far]) next.ops(run, (await next.assigned(run)).epoch, finish());
    for (const run of [near, far]) expect((await s.f.ended(run)).status).toBe("completed");
  });

  test("crashes are counted against a suspect alone, and never against neighbours or the run that waits its turn", async () => {
    const s = new Supervised({ limits: { crashesMax: 10 } });
    const worker = await s.start();
    const [bad, near] = (await s.runs(2)) as [string, string];
    await rest();
    await worker.lost({ executing: executing(bad, near) });
    s.worker(false);
    await rest();
    expect((await s.record(bad))?.crashes).toBe(0);
    expect((await s.record(near))?.crashes).toBe(0);
    for (let crash = 1; crash <= 3; crash++) {
      const quarantine = s.alone.at(-1) as PlayedWorker;
      const run = assignedTo(quarantine).at(-1) as string;
      await quarantine.lost({ executing: executing(run) });
      await rest();
      const counts = [(await s.record(bad))?.crashes, (await s.record(near))?.crashes];
      expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(crash);
    }
  });

  test("after crashesMax a run is parked with the evidence, and an operator can take it up again", async () => {
    const s = new Supervised({ limits: { crashesMax: 3 } });
    const worker = await s.start();
    const [bad, near] = (await s.runs(2)) as [string, string];
    await rest();
    worker.ops(bad, (await worker.assigned(bad)).epoch, done(0, "kept", 1));
    await rest();
    await worker.lost({ executing: executing(bad), message: "signal 11" });
    const next = s.worker(false);
    for (let crash = 2; crash <= 3; crash++) {
      await rest();
      const quarantine = s.alone.at(-1) as PlayedWorker;
      expect((await quarantine.assigned(bad)).journal.map((entry) => entry.name)).toEqual(["kept"]);
      await quarantine.lost({ executing: executing(bad), message: `signal 11, crash ${crash}` });
    }
    await s.f.until(bad, "waiting", "poison");
    const record = await s.record(bad);
    expect(record).toMatchObject({ crashes: 3, blocked: true });
    const error = decodeErrorValue(record?.error ?? new Uint8Array(0));
    expect(error).toMatchObject({
      code: "poison",
      details: { crashes: 3, step: `step of ${bad}`, cause: "signal 11, crash 3" },
    });
    expect(error.message).toContain(`step of ${bad}`);
    await rest();
    expect(assignedTo(next)).toEqual([near]);
    expect((await s.record(near))?.crashes).toBe(0);
    expect(s.f.engine.counters.worker_losses).toBe(3);
    // A new deploy alone changes nothing; an operator does.
    await s.f.engine.deploy("v1", [plainManifest("flow")]);
    await rest();
    expect((await s.record(bad))?.reason).toBe("poison");
    expect(await s.f.engine.operations.resume(tester, bad)).toMatchObject({ ok: true });
    await rest();
    expect(await s.f.store.readJournal({ run: bad, bytesMax: 1_000_000 })).toMatchObject({
      entries: [{ name: "kept" }],
    });
  });

  test("a neighbour that happened to execute a step each time is not parked: it never crashed alone", async () => {
    const s = new Supervised({ limits: { crashesMax: 2 } });
    let worker = await s.start();
    const [victim] = (await s.runs(1)) as [string];
    for (let crash = 0; crash < 4; crash++) {
      await rest();
      await worker.lost({ executing: executing(victim) });
      worker = s.worker(false);
      await rest();
      // Alone it does fine, waits, leaves memory and comes back among the others.
      const quarantine = s.alone.at(-1) as PlayedWorker;
      const { epoch } = await quarantine.assigned(victim);
      quarantine.ops(victim, epoch, { op: "event", seq: crash, name: `go ${crash}`, n: 0 }, { op: "idle" });
      quarantine.ops(victim, epoch, { op: "park", paused: false });
      await rest();
      await s.f.emit(`go ${crash}`);
      await rest();
      expect((await s.record(victim))?.reason).not.toBe("poison");
    }
    worker.ops(victim, (await worker.assigned(victim)).epoch, finish("alive"));
    expect((await s.f.ended(victim)).output).toBe("alive");
  });

  test("a worker that is lost when the engine has stopped is nobody's concern any more", async () => {
    const s = new Supervised();
    const worker = await s.start();
    await s.runs(2);
    await rest();
    await s.f.engine.stop(0);
    await s.f.store.close();
    const said = s.f.logs.length;
    await worker.lost({ executing: [] });
    await rest();
    expect(s.f.logs.slice(said).filter(({ level }) => level === "error")).toEqual([]);
  });

  test("without evidence of a step, those that were not just waiting are the suspects", async () => {
    const s = new Supervised();
    const worker = await s.start();
    const [busy, idle] = (await s.runs(2)) as [string, string];
    const { epoch } = await worker.assigned(idle);
    worker.ops(idle, epoch, { op: "event", seq: 0, name: "go", n: 0 }, { op: "idle" });
    await s.f.until(idle, "waiting");
    await rest();
    await worker.lost({ executing: [], message: "killed: it answered nothing for 30 s" });
    const next = s.worker(false);
    await rest();
    expect(assignedTo(next)).toEqual([idle]);
    expect(s.alone.map(assignedTo)).toEqual([[busy]]);
  });

  test("a run that crashes alone is blamed, whatever the evidence says", async () => {
    const s = new Supervised({ limits: { crashesMax: 2 } });
    const worker = await s.start();
    const [bad] = (await s.runs(1)) as [string];
    await rest();
    await worker.lost({ executing: [] });
    s.worker(false);
    for (let crash = 0; crash < 2 && (await s.record(bad))?.reason !== "poison"; crash++) {
      await rest();
      await (s.alone.at(-1) as PlayedWorker).lost({ executing: [], message: "out of memory" });
    }
    await s.f.until(bad, "waiting", "poison");
    const error = decodeErrorValue((await s.record(bad))?.error ?? new Uint8Array(0));
    expect(error.details).toMatchObject({ crashes: 2, cause: "out of memory" });
  });

  test("a run freed from suspicion is executed among the others again", async () => {
    const s = new Supervised();
    const worker = await s.start();
    const [run] = (await s.runs(1)) as [string];
    await rest();
    await worker.lost({ executing: executing(run) });
    const next = s.worker(false);
    await rest();
    const [quarantine] = s.alone as [PlayedWorker];
    const { epoch } = await quarantine.assigned(run);
    quarantine.ops(run, epoch, { op: "event", seq: 0, name: "go", n: 0 }, { op: "idle" });
    quarantine.ops(run, epoch, { op: "park", paused: false });
    await rest();
    await s.f.emit("go");
    expect((await next.assigned(run)).journal.map((entry) => entry.status)).toEqual(["completed"]);
    await rest();
    expect(assignedTo(quarantine)).toEqual([run]);
  });
});

describe("a worker that leaves in order", () => {
  test("blames nobody", async () => {
    const s = new Supervised({ limits: { crashesMax: 1 } });
    let worker = await s.start();
    const [run] = (await s.runs(1)) as [string];
    for (let time = 0; time < 3; time++) {
      await rest();
      await worker.lost({ crashed: false, executing: executing(run) });
      worker = s.worker(false);
    }
    worker.ops(run, (await worker.assigned(run)).epoch, finish("fine"));
    expect((await s.f.ended(run)).output).toBe("fine");
    expect(s.asked).toEqual([]);
    expect((await s.record(run))?.crashes).toBe(0);
  });
});

describe("a run that crashed its worker for the last time", () => {
  test("is not executed again by a claim that comes before it is parked", async () => {
    const answered = Promise.withResolvers<void>();
    let delays = false;
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: ({ verb }) => (delays && verb === "releaseRuns" ? { fault: "delay", until: answered.promise } : undefined),
      afterCrash: "reject",
    });
    const s = new Supervised({ limits: { crashesMax: 2 }, store });
    const worker = await s.start();
    const [bad] = (await s.runs(1)) as [string];
    await rest();
    await worker.lost({ executing: executing(bad) });
    s.worker(false);
    await rest();
    const quarantine = s.alone.at(-1) as PlayedWorker;
    await quarantine.assigned(bad);
    delays = true;
    const lost = quarantine.lost({ executing: executing(bad) });
    // Given back already, not yet parked: whatever becomes ready now asks for all that is ready.
    await s.f.engine.deploy("v1", [plainManifest("flow")]);
    await rest();
    delays = false;
    answered.resolve();
    await lost;
    await rest();
    const record = await s.record(bad);
    expect(record).toMatchObject({ reason: "poison", crashes: 2, blocked: true });
    expect(s.f.engine.hotRuns).toBe(0);
    expect(s.alone.map(assignedTo)).toEqual([[bad]]);
  });
});
