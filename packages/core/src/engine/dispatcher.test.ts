// Who executes what: nothing that happens to a run between its claim and its worker is lost, and one run never holds up others.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeError } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";
import { PlayedWorker, done, finish, plainManifest } from "./played-worker.suite.ts";

const flow = workflow({ name: "flow" }, async () => undefined);

async function engineAlone(options: Partial<FixtureOptions> = {}): Promise<EngineFixture> {
  const f = new EngineFixture({ workflows: [flow], ...options });
  await f.engine.start();
  await f.engine.deploy("v1", [plainManifest("flow")]);
  return f;
}

function play(f: EngineFixture, version: string): PlayedWorker {
  return new PlayedWorker(f.engine, { id: `worker of ${version}`, version, workflows: ["flow"] });
}

/** A run of v1 that has done a step and sleeps for a minute, parked, with no worker of v1 left. */
async function sleeping(f: EngineFixture): Promise<string> {
  const worker = play(f, "v1");
  const run = await f.run("flow");
  const { epoch } = await worker.assigned(run);
  worker.ops(run, epoch, done(0, "first", 1), { op: "sleep", seq: 1, name: "sleep", n: 0, delay: 60_000 });
  worker.ops(run, epoch, { op: "event", seq: 2, name: "paid", n: 0 }, { op: "idle", reason: "sleeping" });
  worker.ops(run, epoch, { op: "park", paused: false });
  await rest();
  await worker.lost({ crashed: false });
  return run;
}

describe("between its claim and its worker", () => {
  test("a run loses nothing: what settles while its version is being loaded is said after the assignment", async () => {
    const clock = new SimulatedClock(1_000);
    const wanted: string[] = [];
    const provided = Promise.withResolvers<boolean>();
    const f = await engineAlone({
      clock,
      onDeploy: "pin",
      provideVersion: (version) => {
        wanted.push(version);
        return provided.promise;
      },
    });
    const run = await sleeping(f);
    await f.engine.deploy("v2", [plainManifest("flow")]);
    const current = play(f, "v2");
    await pass(clock, 60_000);
    expect(wanted).toEqual(["v1"]);
    await f.emit("paid", "while it was loading");
    provided.resolve(true);
    const worker = play(f, "v1");
    const { epoch, ord } = await worker.assigned(run);
    await rest();
    expect(worker.events(run)).toMatchObject([{ event: "settle", seq: 2, ord: ord + 1 }]);
    worker.ops(run, epoch, finish("done"));
    expect((await f.ended(run)).output).toBe("done");
    expect(current.received).toEqual([]);
  });

  test("a run that is cancelled while its version is being loaded hears of it", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await engineAlone({ clock, onDeploy: "pin", provideVersion: () => Promise.resolve(true) });
    const run = await sleeping(f);
    await f.engine.deploy("v2", [plainManifest("flow")]);
    play(f, "v2");
    await pass(clock, 60_000);
    expect(await f.engine.operations.cancel({ by: tester, run })).toMatchObject({ ok: true });
    const worker = play(f, "v1");
    await worker.assigned(run);
    await rest();
    expect(worker.events(run)).toMatchObject([{ event: "cancel", status: "cancelled" }]);
  });

  test("other runs do not wait for a version that is being loaded", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await engineAlone({ clock, onDeploy: "pin", provideVersion: () => new Promise(() => undefined) });
    await sleeping(f);
    await f.engine.deploy("v2", [plainManifest("flow")]);
    const current = play(f, "v2");
    await pass(clock, 60_000);
    const run = await f.run("flow", undefined, { delayMs: 10 });
    await pass(clock, 10);
    const { epoch } = await current.assigned(run);
    current.ops(run, epoch, finish("ran"));
    expect((await f.ended(run)).output).toBe("ran");
  });

  test.each([
    ["says so", () => Promise.resolve(false), undefined],
    ["fails", () => Promise.reject(new Error("no such blob")), "no such blob"],
  ])("a run whose version cannot be loaded waits with the reason when that %s", async (_how, provideVersion, cause) => {
    const clock = new SimulatedClock(1_000);
    const f = await engineAlone({ clock, onDeploy: "pin", provideVersion });
    const run = await sleeping(f);
    await f.engine.deploy("v2", [plainManifest("flow")]);
    const current = play(f, "v2");
    await pass(clock, 60_000);
    await f.until(run, "waiting", "version_unavailable");
    const error = decodeErrorValue((await f.store.getRun({ run }))?.error ?? new Uint8Array(0));
    expect(error).toMatchObject({ code: "version_unavailable" });
    expect(error.message).toContain("v1");
    if (cause !== undefined) expect(JSON.stringify(error.details)).toContain(cause);
    expect(f.engine.hotRuns).toBe(0);
    const retrying = f.engine.operations.retry(tester, run);
    const check = await current.assigned(run);
    expect(check).toMatchObject({ check: true, version: "v2" });
    current.checked(run, check.epoch);
    expect(await retrying).toMatchObject({ ok: true, value: { version: "v2" } });
  });
});

describe("moving to new code", () => {
  test("replays first; what happens during the check is in the journal the run goes on with", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await engineAlone({ clock, onDeploy: "move" });
    const run = await sleeping(f);
    await f.engine.deploy("v2", [plainManifest("flow")]);
    const worker = play(f, "v2");
    await pass(clock, 60_000);
    const check = await worker.assigned(run);
    expect(check).toMatchObject({ check: true, version: "v2" });
    await f.emit("paid", "during the check");
    await rest();
    worker.checked(run, check.epoch);
    const moved = await worker.assigned(run, check.epoch);
    expect(moved.check).toBeUndefined();
    expect(moved.journal.map((entry) => entry.name)).toEqual(["first", "sleep", "paid"]);
    expect(moved.ord).toBe(3);
    expect(decodeValue(moved.journal[2]?.value ?? new Uint8Array(0))).toBe("during the check");
    expect(await f.store.getRun({ run })).toMatchObject({ version: "v2", status: "running" });
    worker.ops(run, moved.epoch, done(3, "next", 1), finish("moved"));
    expect((await f.ended(run)).output).toBe("moved");
  });

  test("a run that does not follow stays on its version and waits with the difference", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await engineAlone({ clock, onDeploy: "move" });
    const run = await sleeping(f);
    await f.engine.deploy("v2", [plainManifest("flow")]);
    const worker = play(f, "v2");
    await pass(clock, 60_000);
    const check = await worker.assigned(run);
    worker.checked(run, check.epoch, encodeError(new Error("step 0 differs")));
    await f.until(run, "waiting", "replay_check_failed");
    await rest();
    expect(await f.store.getRun({ run })).toMatchObject({ version: "v1", blocked: true });
    expect(f.engine.hotRuns).toBe(0);
  });

  test("pinned runs are not checked at all: they go to a worker of their own version", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await engineAlone({ clock, onDeploy: "pin" });
    const run = await sleeping(f);
    const old = play(f, "v1");
    await f.engine.deploy("v2", [plainManifest("flow")]);
    const current = play(f, "v2");
    await pass(clock, 60_000);
    expect((await old.assigned(run)).check).toBeUndefined();
    expect(current.received).toEqual([]);
  });
});

describe("claiming", () => {
  test("keeps concurrentRunsMax in memory and hands out the next as one leaves, highest priority first", async () => {
    const f = await engineAlone({ limits: { concurrentRunsMax: 2 } });
    const worker = play(f, "v1");
    const runs: string[] = [];
    for (const priority of [0, 0, 1, 5, 3]) runs.push(await f.run("flow", undefined, { priority }));
    await rest();
    const order = (): string[] =>
      worker.received.flatMap((message) => (message.type === "assign" ? [message.assignment.run] : []));
    expect(order()).toEqual([runs[0], runs[1]] as string[]);
    expect(f.engine.hotRuns).toBe(2);
    for (let left = 0; left < 5; left++) {
      const run = order()[left] ?? "";
      worker.ops(run, (await worker.assigned(run)).epoch, finish());
      await f.ended(run);
      await rest();
      expect(f.engine.hotRuns).toBe(Math.min(2, 4 - left));
    }
    expect(order()).toEqual([0, 1, 3, 4, 2].map((index) => runs[index] ?? ""));
  });

  test("waits for a worker: runs that were ready before it came are given to it", async () => {
    const f = await engineAlone();
    const run = await f.run("flow");
    await rest();
    expect((await f.store.getRun({ run }))?.status).toBe("queued");
    const worker = play(f, "v1");
    expect((await worker.assigned(run)).run).toBe(run);
  });

  test("sends a long journal in pieces, each entry once", async () => {
    const f = await engineAlone({ limits: { journalPieceBytesMax: 300 } });
    const worker = play(f, "v1");
    const run = await f.run("flow");
    const { epoch } = await worker.assigned(run);
    for (let seq = 0; seq < 20; seq++) worker.ops(run, epoch, done(seq, `step ${seq}`, seq));
    worker.ops(run, epoch, { op: "event", seq: 20, name: "paid", n: 0 });
    await rest();
    await worker.lost({ crashed: false });
    const next = play(f, "v1");
    const assignment = await next.assigned(run);
    await rest();
    expect(assignment.more).toBe(true);
    const pieces = next.received.filter((message) => message.type === "journal");
    expect(pieces.map((piece) => piece.more)).toEqual([...pieces.slice(1).map(() => true), false]);
    const all = [...assignment.journal, ...pieces.flatMap((piece) => piece.entries)];
    expect(all.map((entry) => entry.seq)).toEqual(Array.from({ length: 21 }, (_, seq) => seq));
  });
});
