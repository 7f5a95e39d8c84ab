// Workers as real child processes under a real engine: crashes, silence, versions, and who may connect.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, Ids, systemClock, systemRandom, unwrap } from "@sluice/core";
import type { RunRecord } from "@sluice/core";
import { MemoryRunStore } from "@sluice/core/store/memory";
import { decodeValue, encodeValue, workerMessageCodes } from "@sluice/protocol";
import { WireDecoder, WireEncoder } from "@sluice/worker";
import { buildProject } from "./bundle-build.ts";
import { supervisedEngine } from "./compose-parts.ts";
import { supervisorLimits } from "./supervisor-limits.ts";
import type { SupervisorLimits } from "./supervisor-limits.ts";
import { Supervisor } from "./supervisor.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-supervisor-"));
const startFolder = process.cwd();
let count = 0;

interface Logged {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A supervisor with an engine in memory, over a project of its own. */
class Fixture implements AsyncDisposable {
  readonly folder = join(work, `f${++count}`);
  readonly project = join(this.folder, "project");
  readonly logs: Logged[] = [];
  readonly engine: Engine;
  readonly supervisor: Supervisor;

  constructor(limits: Partial<SupervisorLimits> = {}, options: { readonly spare?: boolean; readonly onDeploy?: "pin" | "move"; readonly parkAfterMs?: number } = {}) {
    mkdirSync(join(this.project, "workflows"), { recursive: true });
    const log = (level: string, message: string, fields: object = {}): void => void this.logs.push({ level, message, ...fields });
    this.engine = new Engine({
      store: new MemoryRunStore(),
      clock: systemClock,
      ids: new Ids(systemClock, systemRandom),
      log,
      owner: "engine-1",
      onDeploy: options.onDeploy ?? "pin",
      url: () => "http://127.0.0.1",
      provideVersion: (version, quarantine) => this.supervisor.provide(version, quarantine),
    });
    this.supervisor = new Supervisor({
      folder: join(this.folder, "run"),
      socket: join(this.folder, "run/worker.sock"),
      project: this.project,
      env: { PATH: process.env["PATH"], MARK: join(this.folder, "mark") },
      clock: systemClock,
      log,
      limits: { ...supervisorLimits, workerHeartbeatMs: 50, stallMs: 200, leaseMs: 600, restartDelayMs: 1, ...limits },
      secret: (bytes) => Buffer.from(systemRandom.bytes(bytes)).toString("hex"),
      newId: () => crypto.randomUUID(),
      engine: this.engine.start().then(() => supervisedEngine(this.engine)),
      code: (version) => Promise.resolve(existsSync(this.#code(version)) ? this.#code(version) : undefined),
      worker: { modules: { sluice: import.meta.resolve("@sluice/sdk") }, limits: { parkAfterMs: options.parkAfterMs ?? 10_000 }, drainMs: 1_000 },
      spare: options.spare ?? false,
    });
  }

  #code(version: string): string {
    return join(this.folder, "code", `${version}.js`);
  }

  /** Bundles a workflow and returns its version. */
  async bundle(body: string): Promise<string> {
    writeFileSync(join(this.project, "workflows/a.ts"), `import { existsSync, writeFileSync } from "node:fs";\nimport { workflow } from "sluice";\n${body}`);
    process.chdir(this.project);
    const { result } = await buildProject({ project: this.project, modules: { sluice: "" }, folder: join(this.folder, "code") });
    process.chdir(startFolder);
    if (!result.ok) throw new Error(JSON.stringify(result));
    return result.version;
  }

  /** Bundles a workflow and makes it current. */
  async deploy(body: string): Promise<string> {
    const version = await this.bundle(body);
    const start = await this.supervisor.load(version);
    if (!start.ok) throw new Error(start.problem.message);
    unwrap(await this.engine.deploy(version, start.manifests));
    await this.supervisor.setCurrent(version, false);
    return version;
  }

  async start(workflow: string, input?: unknown): Promise<string> {
    return unwrap(await this.engine.startRun({ by: { kind: "system", id: "test" }, workflow, input: encodeValue(input) })).run.id;
  }

  async output(run: string): Promise<unknown> {
    const end = unwrap(await this.engine.ended(run));
    if (end.output === undefined) throw new Error(`the run ended as ${end.status}`);
    return decodeValue(end.output);
  }

  async until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async untilRun(run: string, is: (record: RunRecord) => boolean): Promise<RunRecord> {
    return await this.until(async () => {
      const record = await this.engine.store.getRun({ run });
      return record !== undefined && is(record) ? record : undefined;
    });
  }

  logged(message: string): Promise<Logged> {
    return this.until(() => this.logs.find((line) => line.message === message));
  }

  get pids(): number[] {
    return this.supervisor.workers.map((worker) => worker.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop(0);
    await this.supervisor.stop();
  }
}

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
afterEach(async () => await f[Symbol.asyncDispose]());
afterAll(() => {
  process.chdir(startFolder);
  rmSync(work, { recursive: true, force: true });
});

const answer = (value: string): string => `export const a = workflow({ name: "a" }, async (ctx) => ctx.step("s", () => ${value}));\n`;

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
    expect(await small.logged("a worker crashed")).toMatchObject({ step: "hoard", cause: expect.stringContaining("workerMemoryBytesMax") });
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
    expect(await f.until(() => f.logs.find((line) => line.message.includes("nobody cares")))).toMatchObject({ stream: "stderr" });
    expect(f.pids).toHaveLength(1);
  });
});

describe("versions", () => {
  test("a version whose code is not there cannot be provided", async () => {
    expect(await f.supervisor.provide("0".repeat(64), false)).toBe(false);
    expect(await f.supervisor.provide("", false)).toBe(false);
    expect(f.supervisor.workers).toEqual([]);
  });

  test("a version that fails while it is loaded says where, and leaves nothing behind", async () => {
    const version = await f.bundle('const config: { name?: string } = {};\nexport const n = config.name!.length;\n');
    const start = await f.supervisor.load(version);
    expect(start).toMatchObject({ ok: false, problem: { file: "workflows/a.ts", line: 4, message: expect.stringContaining("TypeError") } });
    await f.until(() => (f.supervisor.workers.length === 0 ? true : undefined));
    expect(await f.supervisor.load(version)).toMatchObject({ ok: false });
  });

  test("a run stays with the version that started it while newer code serves new ones", async () => {
    const wait = (n: number): string => `export const a = workflow({ name: "a" }, async (ctx) => { await ctx.waitFor("go"); return ${n}; });`;
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
    const one = await quick.deploy(`export const a = workflow({ name: "a" }, async (ctx) => { await ctx.waitFor("go"); return 1; });`);
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
    const wait = (n: number): string => `export const a = workflow({ name: "a" }, async (ctx) => { await ctx.waitFor("go"); return ${n}; });`;
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
});

describe("processes", () => {
  test("a spare child takes the next version, and another one takes its place", async () => {
    await using spare = new Fixture({}, { spare: true });
    spare.supervisor.prepare();
    await spare.deploy(answer("1"));
    const before = spare.pids;
    await spare.until(() => (childrenOf(process.pid, spare.folder).length === 2 ? true : undefined));
    const waiting = childrenOf(process.pid, spare.folder).filter((pid) => !before.includes(pid));
    await spare.deploy(answer("2"));
    expect(spare.pids).toContain(waiting[0]!);
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

describe("the socket", () => {
  /** What the supervisor says to a stranger before it hangs up. */
  async function greet(send: (encoder: WireEncoder) => Uint8Array): Promise<{ readonly answers: readonly object[]; readonly closed: true }> {
    const answers: object[] = [];
    const decoder = new WireDecoder();
    const encoder = new WireEncoder({ runtime: "bun", now: () => 1, id: () => crypto.randomUUID() });
    const path = join(f.folder, "run/worker.sock");
    await new Promise<void>((resolve, reject) => {
      void Bun.connect({
        unix: path,
        socket: {
          open: (socket) => void socket.write(send(encoder)),
          data: (_socket, chunk) => void answers.push(...decoder.push(chunk).controls.map(({ type, payload }) => ({ type, payload }))),
          close: () => resolve(),
          error: (_socket, error) => reject(error),
        },
      });
    });
    return { answers, closed: true };
  }

  test("refuses a worker without a valid token, and says why", async () => {
    const { answers } = await greet((encoder) => encoder.control(workerMessageCodes.HELLO, { worker_id: "worker-x", capabilities: [], token: "guess" }));
    expect(answers).toEqual([{ type: workerMessageCodes.HELLO_ACK, payload: { accepted: false, reason: "The token is not valid." } }]);
  });

  test("hangs up on one that speaks before it has said who it is", async () => {
    expect(await greet((encoder) => encoder.control(workerMessageCodes.HEARTBEAT, {}))).toEqual({ answers: [], closed: true });
    expect(await greet((encoder) => encoder.encode([{ type: "handback", runs: [] }], () => undefined)[0]!)).toEqual({ answers: [], closed: true });
  });

  test("answers what cannot be understood with an error, and hangs up", async () => {
    const { answers } = await greet(() => Uint8Array.of(0, 0, 0, 1, 0xc1));
    expect(answers).toMatchObject([{ type: workerMessageCodes.ERROR, payload: { code: "frame_refused" } }]);
  });

  test("hangs up on one that says nothing", async () => {
    await using hasty = new Fixture({ helloTimeoutMs: 50 });
    f.supervisor.prepare();
    const closed = new Promise<void>((resolve) => {
      void Bun.connect({ unix: join(hasty.folder, "run/worker.sock"), socket: { data: () => undefined, close: () => resolve() } });
    });
    await closed;
  });
});

/** Worker children of this process that work for a fixture or wait for work (Linux). */
function childrenOf(pid: number, folder: string): number[] {
  const { stdout } = Bun.spawnSync(["ps", "-o", "pid=,args=", "--ppid", String(pid)]);
  const lines = stdout.toString().split("\n").filter((line) => line.includes("worker/src/bun.ts"));
  return lines.map((line) => Number.parseInt(line, 10)).filter((child) => cwdOf(child).startsWith(folder));
}

function cwdOf(pid: number): string {
  const { stdout } = Bun.spawnSync(["readlink", `/proc/${pid}/cwd`]);
  return stdout.toString().trim();
}
