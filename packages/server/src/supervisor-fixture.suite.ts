// For the tests of workers: a real supervisor with real child processes under a real engine that keeps its runs in memory.
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, Ids, systemClock, systemRandom, unwrap } from "@sluice/core";
import type { Clock, RunRecord } from "@sluice/core";
import { MemoryRunStore } from "@sluice/core/store/memory";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { buildProject } from "./bundle-build.ts";
import { supervisedEngine } from "./compose-parts.ts";
import { supervisorLimits } from "./supervisor-limits.ts";
import type { SupervisorLimits } from "./supervisor-limits.ts";
import { Supervisor } from "./supervisor.ts";

export const work = mkdtempSync(join(tmpdir(), "sluice-supervisor-"));
const startFolder = process.cwd();
let count = 0;

export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A supervisor with an engine in memory, over a project of its own. */
export class Fixture implements AsyncDisposable {
  readonly folder = join(work, `f${++count}`);
  readonly project = join(this.folder, "project");
  readonly logs: Logged[] = [];
  readonly engine: Engine;
  readonly supervisor: Supervisor;

  constructor(
    limits: Partial<SupervisorLimits> = {},
    options: {
      readonly spare?: boolean;
      readonly onDeploy?: "pin" | "move";
      readonly parkAfterMs?: number;
      readonly clock?: Clock;
    } = {},
  ) {
    mkdirSync(join(this.project, "workflows"), { recursive: true });
    const log = (level: string, message: string, fields: object = {}): void =>
      void this.logs.push({ level, message, ...fields });
    const store = new MemoryRunStore();
    this.engine = new Engine({
      store,
      triggers: store.triggers,
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
      clock: options.clock ?? systemClock,
      log,
      limits: { ...supervisorLimits, workerHeartbeatMs: 50, stallMs: 200, leaseMs: 600, restartDelayMs: 1, ...limits },
      secret: (bytes) => Buffer.from(systemRandom.bytes(bytes)).toString("hex"),
      newId: () => crypto.randomUUID(),
      engine: this.engine.start().then(() => supervisedEngine(this.engine)),
      code: (version) => Promise.resolve(existsSync(this.#code(version)) ? this.#code(version) : undefined),
      worker: {
        modules: { sluice: import.meta.resolve("@sluice/sdk") },
        limits: { parkAfterMs: options.parkAfterMs ?? 10_000 },
        drainMs: 1_000,
      },
      spare: options.spare ?? false,
    });
  }

  #code(version: string): string {
    return join(this.folder, "code", `${version}.js`);
  }

  /** Bundles a workflow and returns its version. */
  async bundle(body: string): Promise<string> {
    writeFileSync(
      join(this.project, "workflows/a.ts"),
      `import { existsSync, writeFileSync } from "node:fs";\nimport { workflow } from "sluice";\n${body}`,
    );
    process.chdir(this.project);
    const { result } = await buildProject({
      project: this.project,
      modules: { sluice: "" },
      folder: join(this.folder, "code"),
    });
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
    return unwrap(
      await this.engine.startRun({ by: { kind: "system", id: "test" }, workflow, input: encodeValue(input) }),
    ).run.id;
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
    return this.until(async () => {
      const record = await this.engine.store.getRun({ run });
      return record !== undefined && is(record) ? record : undefined;
    });
  }

  /** How often the run was handed to an engine or taken from one: what an earlier incarnation sends is refused. */
  async epoch(run: string): Promise<number | undefined> {
    return (await this.engine.store.getRun({ run }))?.epoch;
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
