// Workers as real child processes under a real engine: crashes, silence, versions and what is left of them.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock, unwrap } from "@sluice/core";
import type { Clock } from "@sluice/core";
import { encodeValue } from "@sluice/protocol";
import { Fixture, work } from "./supervisor-fixture.suite.ts";

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f[Symbol.asyncDispose]());
afterAll(() => rmSync(work, { recursive: true, force: true }));

const answer = (value: string): string =>
  `export const a = workflow({ name: "a" }, async (ctx) => ctx.step("s", () => ${value}));\n`;

describe("a worker", () => {
  test("executes runs, and what it prints is logged by line", async () => {
    await f.deploy(answer('(console.log("one\\ntwo"), console.error("three"), process.cwd())'));
    expect(await f.output(await f.start("a"))).toBe(f.project);
    await f.logged("three");
    const lines = f.logs.filter((line) => line["stream"] !== undefined);
    expect(lines).toContainEqual(expect.objectContaining({ level: "info", message: "one", stream: "stdout" }));
    expect(lines).toContainEqual(expect.objectContaining({ level: "info", message: "two", stream: "stdout" }));
    expect(lines).toContainEqual(expect.objectContaining({ level: "warn", message: "three", stream: "stderr" }));
  });

  test("that is killed is replaced; its run goes on and it says which step it was in", async () => {
    await f.deploy(`export const a = workflow({ name: "a" }, async (ctx) => {
      await ctx.step("slow", async () => { if (existsSync(process.env.MARK!)) return; writeFileSync(process.env.MARK!, ""); await new Promise(() => undefined); });
      return "done";
    });`);
    const run = await f.start("a");
    await f.until(() => (existsSync(join(f.folder, "mark")) ? true : undefined));
    process.kill(f.pids[0]!, "SIGKILL");
    expect(await f.output(run)).toBe("done");
    expect(await f.epoch(run)).toBeGreaterThan(1);
    expect(await f.logged("a worker crashed")).toMatchObject({ step: "slow", run, cause: "it was ended by SIGKILL" });
  });

  test("that blocks its thread is named with the step, killed after the lease, and replaced", async () => {
    await f.deploy(`export const a = workflow({ name: "a" }, async (ctx) => ctx.step("spin", () => {
      if (existsSync(process.env.MARK!)) return "went on";
      writeFileSync(process.env.MARK!, "");
      for (;;);
    }));`);
    const run = await f.start("a");
    expect(await f.logged("a worker's thread is blocked")).toMatchObject({ level: "warn", step: "spin", run });
    expect(f.supervisor.workers[0]).toMatchObject({ status: "stalled", stalledIn: { run, step: "spin" }, runs: 1 });
    expect(await f.output(run)).toBe("went on");
    expect(await f.epoch(run)).toBeGreaterThan(1);
    expect(await f.logged("a worker crashed")).toMatchObject({ cause: expect.stringContaining("leaseMs") });
  });

  test("that was frozen for less than its lease goes on", async () => {
    await f.deploy(answer("1"));
    const [pid = 0] = f.pids;
    process.kill(pid, "SIGSTOP");
    await f.logged("a worker's thread is blocked");
    process.kill(pid, "SIGCONT");
    await f.logged("a stalled worker has come back");
    expect(await f.output(await f.start("a"))).toBe(1);
    expect(f.pids).toEqual([pid]);
  });

  test("that uses too much memory is killed", async () => {
    await using small = new Fixture({ workerMemoryBytesMax: 150 * 1024 * 1024 });
    await small.deploy(`export const a = workflow({ name: "a" }, async (ctx) => ctx.step("hoard", async () => {
      if (existsSync(process.env.MARK!)) return "went on";
      writeFileSync(process.env.MARK!, "");
      const held: Uint8Array[] = [];
      for (;;) { held.push(new Uint8Array(8_000_000).fill(1)); await new Promise((resolve) => setTimeout(resolve, 1)); if (held.length > 100) await new Promise(() => undefined); }
    }));`);
    const run = await small.start("a");
    expect(await small.output(run)).toBe("went on");
    expect(await small.epoch(run)).toBeGreaterThan(1);
    expect(await small.logged("a worker crashed")).toMatchObject({
      step: "hoard",
      cause: expect.stringContaining("workerMemoryBytesMax"),
    });
  });

  test("that crashes again and again is started again at once, then after pauses that double up to a limit", async () => {
    const pauses = [11, 22, 44, 61];
    const pausesMs: number[] = [];
    const clock: Clock = {
      now: () => systemClock.now(),
      after: (delayMs, callback) => {
        if (pauses.includes(delayMs)) pausesMs.push(delayMs);
        return systemClock.after(delayMs, callback);
      },
    };
    await using often = new Fixture({ restartDelayMs: 11, restartDelayMsMax: 61 }, { clock });
    await often.deploy(answer("1"));
    for (let crash = 0; crash < 6; crash++) {
      const [pid = 0] = often.pids;
      process.kill(pid, "SIGKILL");
      await often.until(() => often.supervisor.workers.find((each) => each.pid !== pid && each.status === "serving"));
    }
    expect(pausesMs).toEqual([...pauses, 61]);
    expect(await often.output(await often.start("a"))).toBe(1);
  });

  test("that is told to stop by somebody else gives its runs back, and nobody is blamed", async () => {
    await f.deploy(`export const a = workflow({ name: "a" }, async (ctx) => {
      await ctx.step("first", () => writeFileSync(process.env.MARK!, ""));
      await ctx.waitFor("go");
      return process.pid;
    });`);
    const run = await f.start("a");
    await f.untilRun(run, ({ status }) => status === "waiting");
    const [pid = 0] = f.pids;
    process.kill(pid, "SIGTERM");
    await f.until(() => (f.pids.length === 1 && f.pids[0] !== pid ? true : undefined));
    unwrap(await f.engine.emit({ by: { kind: "system", id: "test" }, name: "go", payload: encodeValue(1) }));
    expect(await f.output(run)).not.toBe(pid);
    expect(f.logs.filter((line) => line.message === "a worker crashed")).toEqual([]);
    expect((await f.engine.getRun(run)) as object).toMatchObject({ value: { crashes: 0 } });
  });

  test("whose promise is rejected without being handled says so and goes on", async () => {
    await f.deploy(answer('(void Promise.reject(new Error("nobody cares")), 5)'));
    expect(await f.output(await f.start("a"))).toBe(5);
    expect(await f.until(() => f.logs.find((line) => line.message.includes("nobody cares")))).toMatchObject({
      stream: "stderr",
    });
    expect(f.pids).toHaveLength(1);
  });
});

describe("versions", () => {
  test("a version whose code is not there cannot be provided", async () => {
    expect(await f.supervisor.provide("0".repeat(64), false)).toBe(false);
    expect(await f.supervisor.provide("", false)).toBe(false);
    expect(f.supervisor.workers).toEqual([]);
  });

  test("a worker that is killed before it has loaded its code is started again for those who wait for it", async () => {
    const version = await f.deploy(answer("1"));
    const provided = f.supervisor.provide(version, true);
    const { pid } = await f.until(() => f.supervisor.workers.find(({ lane }) => lane === "quarantine"));
    process.kill(pid, "SIGKILL");
    expect(await provided).toBe(true);
    expect(f.supervisor.workers.some((each) => each.lane === "quarantine" && each.pid !== pid)).toBe(true);
  });

  test("a version that fails while it is loaded says where, and leaves nothing behind", async () => {
    const version = await f.bundle("const config: { name?: string } = {};\nexport const n = config.name!.length;\n");
    const start = await f.supervisor.load(version);
    expect(start).toMatchObject({
      ok: false,
      problem: { file: "workflows/a.ts", line: 4, message: expect.stringContaining("TypeError") },
    });
    await f.until(() => (f.supervisor.workers.length === 0 ? true : undefined));
    expect(await f.supervisor.load(version)).toMatchObject({ ok: false });
  });

  test("a run stays with the version that started it while newer code serves new ones", async () => {
    const wait = (n: number): string =>
      `export const a = workflow({ name: "a" }, async (ctx) => { await ctx.waitFor("go"); return ${n}; });`;
    await f.deploy(wait(1));
    const old = await f.start("a");
    await f.untilRun(old, ({ status }) => status === "waiting");
    await f.deploy(wait(2));
    const young = await f.start("a");
    await f.untilRun(young, ({ status }) => status === "waiting");
    expect(f.supervisor.workers).toHaveLength(2);
    unwrap(await f.engine.emit({ by: { kind: "system", id: "test" }, name: "go", payload: encodeValue(1) }));
    expect([await f.output(old), await f.output(young)]).toEqual([1, 2]);
  });

  test("a worker of an old version is stopped when it has nothing to do, and comes back when a run needs it", async () => {
    await using quick = new Fixture({ idleStopMs: 100 }, { parkAfterMs: 20 });
    const one = await quick.deploy(
      `export const a = workflow({ name: "a" }, async (ctx) => { await ctx.waitFor("go"); return 1; });`,
    );
    const run = await quick.start("a");
    await quick.untilRun(run, ({ status }) => status === "waiting");
    const two = await quick.deploy(answer("2"));
    // The run leaves the old worker's memory, and then there is nothing left to do for it.
    await quick.until(() => (quick.supervisor.workers.every((worker) => worker.version === two) ? true : undefined));
    unwrap(await quick.engine.emit({ by: { kind: "system", id: "test" }, name: "go", payload: encodeValue(1) }));
    expect(await quick.output(run)).toBe(1);
    expect(await quick.logged("a worker without work is stopped")).toMatchObject({ version: one });
    expect(await quick.output(await quick.start("a"))).toBe(2);
  });

  test("with `move` the workers of older versions give back what they run", async () => {
    await using moving = new Fixture({}, { onDeploy: "move" });
    const wait = (n: number): string =>
      `export const a = workflow({ name: "a" }, async (ctx) => { await ctx.waitFor("go"); return ${n}; });`;
    await moving.deploy(wait(1));
    const run = await moving.start("a");
    await moving.untilRun(run, ({ status }) => status === "waiting");
    const version = await moving.bundle(wait(2));
    const start = await moving.supervisor.load(version);
    unwrap(await moving.engine.deploy(version, start.ok ? start.manifests : []));
    await moving.supervisor.setCurrent(version, true);
    expect(moving.supervisor.workers.map((worker) => worker.version)).toEqual([version]);
    unwrap(await moving.engine.emit({ by: { kind: "system", id: "test" }, name: "go", payload: encodeValue(1) }));
    expect(await moving.output(run)).toBe(2);
  });

  test("a version that comes back is served at once, while the worker it had before still leaves", async () => {
    await using moving = new Fixture({}, { onDeploy: "move" });
    const jobs = (n: number): string =>
      `export const slow = workflow({ name: "slow" }, async (ctx) =>
        ctx.step("s", async () => {
          writeFileSync(process.env.MARK!, "");
          await new Promise(() => undefined);
        }));
      export const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("q", () => ${n}));`;
    const [one, two] = [await moving.bundle(jobs(1)), await moving.bundle(jobs(2))];
    const bring = async (version: string): Promise<void> => {
      const start = await moving.supervisor.load(version);
      unwrap(await moving.engine.deploy(version, start.ok ? start.manifests : []));
      void moving.supervisor.setCurrent(version, true);
    };
    await bring(one);
    const [leaving] = moving.pids;
    await moving.start("slow");
    await moving.until(() => existsSync(join(moving.folder, "mark")) || undefined);
    await bring(two);
    await bring(one);
    expect(await moving.output(await moving.start("quick"))).toBe(1);
    expect(moving.pids).toContain(leaving!);
  });
});

describe("processes", () => {
  test("a spare child takes the next version, and another one takes its place", async () => {
    await using spare = new Fixture({}, { spare: true });
    spare.supervisor.prepare();
    await spare.deploy(answer("1"));
    const before = spare.pids;
    await spare.until(() => (childrenOf(process.pid, spare.folder).length === 2 ? true : undefined));
    const waiting = childrenOf(process.pid, spare.folder).find((pid) => !before.includes(pid));
    await spare.deploy(answer("2"));
    expect(spare.pids).toContain(waiting!);
  });

  test("stop leaves no process and no file behind", async () => {
    const other = new Fixture();
    await other.deploy(answer("1"));
    const { pids } = other;
    expect(statSync(join(other.folder, "run/worker.sock")).mode & 0o777).toBe(0o600);
    await other[Symbol.asyncDispose]();
    expect(pids.filter(alive)).toEqual([]);
    expect(readdirSync(join(other.folder, "run"))).toEqual([]);
  });

  test("a worker that an earlier, killed server left spinning is ended at the next start", async () => {
    const folder = join(work, "orphans");
    mkdirSync(folder);
    const orphan = Bun.spawn([process.execPath, "-e", "for (;;);", "worker-0123456789ab"]);
    writeFileSync(join(folder, "worker-0123456789ab.steps"), "");
    const { killLeftBehind } = await import("./supervisor-orphans.ts");
    await f.until(() => {
      killLeftBehind(readdirSync(folder), (level, message, fields) => void f.logs.push({ level, message, ...fields }));
      return f.logs.find((line) => line.message.includes("an earlier server"));
    });
    await orphan.exited;
    expect(orphan.signalCode).toBe("SIGKILL");
  });
});

/** Worker children of this process that work for a fixture or wait for work (Linux). */
function childrenOf(pid: number, folder: string): number[] {
  const { stdout } = Bun.spawnSync(["ps", "-o", "pid=,args=", "--ppid", String(pid)]);
  const lines = stdout
    .toString()
    .split("\n")
    .filter((line) => line.includes("worker/src/bun.ts"));
  return lines.map((line) => Number.parseInt(line, 10)).filter((child) => cwdOf(child).startsWith(folder));
}

function cwdOf(pid: number): string {
  const { stdout } = Bun.spawnSync(["readlink", `/proc/${pid}/cwd`]);
  return stdout.toString().trim();
}
