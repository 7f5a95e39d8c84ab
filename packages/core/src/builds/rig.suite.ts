// Workspaces on disk for tests, and builds of them without a command line.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ok } from "../kernel/result.ts";
import { planBuild, runnerOf } from "./build.ts";
import type { BuildPlan, BuildRequest } from "./build.ts";
import { buildLimits } from "./limits.ts";
import { machineFiles } from "./machine/files.ts";
import { machineGit } from "./machine/git.ts";
import { leftoversIn } from "./machine/leftovers.ts";
import { machineProbes } from "./machine/probes.ts";
import { machineProcesses } from "./machine/processes.ts";
import { MemoryCache } from "./memory-cache.suite.ts";
import type { BuildCache, Journal } from "./ports.ts";
import { BuildRecords } from "./records/records.ts";
import { runTasks } from "./run/build-run.ts";
import type { Continuing } from "./run/build-run.ts";
import type { OwnSettings } from "./workspace/own-settings.ts";
import { findHits } from "./run/hits.ts";
import type { TaskOutcome } from "./run/outcome.ts";

/** Content by path; an object is written as JSON. */
export type Tree = Readonly<Record<string, string | object>>;

export const testFiles = machineFiles(() => crypto.randomUUID());

/** Times of files and clocks differ by steps of the system: a clock that is ahead makes all of them settled. */
const aheadMs = 10_000;

function writeTree(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
}

export function gitIn(root: string, ...args: readonly string[]): string {
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: "t",
    GIT_AUTHOR_EMAIL: "t@example.com",
    GIT_COMMITTER_NAME: "t",
    GIT_COMMITTER_EMAIL: "t@example.com",
  };
  const done = spawnSync("git", ["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", ...args], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

interface Built {
  readonly outcomes: readonly TaskOutcome[];
  /** Outcomes by id. */
  readonly of: Readonly<Record<string, TaskOutcome>>;
  /** Ids of tasks that were executed, in order. */
  readonly executed: readonly string[];
  /** What each task wrote, live or replayed. */
  readonly logs: Readonly<Record<string, string>>;
}

interface BuildOptions extends Partial<BuildRequest> {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly force?: boolean;
  readonly continuing?: Continuing;
  readonly concurrency?: number;
  readonly journal?: Journal;
  /** What sluice.config.ts exports. */
  readonly settings?: OwnSettings;
  readonly toolVersions?: Readonly<Record<string, string>>;
}

export class Rig {
  readonly root: string;
  readonly cache: BuildCache & MemoryCache;
  readonly state: string;
  /** Notes what runs; of its own, since plans close theirs. */
  #running: BuildRecords | undefined;

  constructor(tree: Tree, cache = new MemoryCache()) {
    this.root = mkdtempSync(join(tmpdir(), "sluice-build-"));
    this.state = mkdtempSync(join(tmpdir(), "sluice-build-state-"));
    this.cache = cache;
    writeTree(this.root, tree);
  }

  write(tree: Tree): void {
    writeTree(this.root, tree);
  }

  /** What was remembered is gone, as on another machine. */
  forget(): void {
    this.#running?.close();
    this.#running = undefined;
    rmSync(this.state, { recursive: true, force: true });
    mkdirSync(this.state);
  }

  async plan(options: BuildOptions = {}): Promise<BuildPlan> {
    const {
      tasks = ["build"],
      filters = [],
      only = false,
      args = [],
      affected,
      envMode,
      shard,
      env = process.env,
    } = options;
    const plan = await planBuild(
      {
        files: testFiles,
        git: machineGit(process.env),
        env,
        records: () => new BuildRecords(join(this.state, "builds.db")),
        tools: async () => ({ platform: "test", versions: options.toolVersions ?? { node: "20" } }),
        say: (folder, command) => spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" }).stdout,
        now: () => Date.now() + aheadMs,
        settings: async () => ok(options.settings),
      },
      this.root,
      { tasks, filters, only, args, affected, envMode, shard },
    );
    if (!plan.ok) throw new Error(plan.error.message);
    return plan.value;
  }

  /** What tasks of any plan are done with; nothing of it is told. */
  runnerGround(options: Pick<BuildOptions, "args"> = {}): Parameters<typeof runnerOf>[1] {
    mkdirSync(join(this.state, "logs"), { recursive: true });
    this.#running ??= new BuildRecords(join(this.state, "builds.db"));
    return {
      files: testFiles,
      git: machineGit(process.env),
      env: process.env,
      cache: this.cache,
      processes: machineProcesses,
      probes: machineProbes,
      machine: { cores: 2, memoryBytes: 2 ** 40 },
      running: leftoversIn(this.#running, process.pid),
      limits: buildLimits,
      now: () => Date.now() + aheadMs,
      after: (delayMs, callback) => {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
      concurrency: 2,
      force: false,
      isDry: false,
      startedIn: this.root,
      node: undefined,
      logFolder: join(this.state, "logs"),
      args: options.args ?? [],
      events: { started: () => undefined, output: () => undefined, replayed: () => undefined },
    };
  }

  async build(options: BuildOptions = {}): Promise<Built> {
    const plan = await this.plan(options);
    const { force = false, continuing = "never", concurrency = 2, env = process.env } = options;
    const executed: string[] = [];
    const logs: Record<string, string> = {};
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
    const runner = runnerOf(plan, {
      ...this.runnerGround(options),
      concurrency,
      force,
      env,
      events: {
        started: (node) => void executed.push(node.id),
        output: (node, bytes) => void (logs[node.id] = (logs[node.id] ?? "") + text(bytes)),
        replayed: (node, log) => void (logs[node.id] = text(log)),
      },
    });
    try {
      const settled = await findHits(plan.graph, runner, () => undefined);
      const journal = options.journal ?? { step: (_name, body) => body(new AbortController().signal) };
      const outcomes = await runTasks({ graph: plan.graph, journal, performer: runner, continuing, settled });
      plan.digests.save();
      return { outcomes, of: Object.fromEntries(outcomes.map((each) => [each.id, each])), executed, logs };
    } finally {
      await runner.close();
      plan.records.close();
    }
  }

  dispose(): void {
    this.#running?.close();
    for (const folder of [this.root, this.state]) rmSync(folder, { recursive: true, force: true });
  }
}

const copy = "mkdir -p dist && cat src/*.js > dist/out.js && echo built";

/** `app` depends on `lib`, both build what lies in `src` into `dist` and export that. */
export function smallWorkspace(): Record<string, string | object> {
  return {
    "package.json": { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" },
    "turbo.json": { tasks: { build: { dependsOn: ["^build"], outputs: ["dist/**"] }, test: { dependsOn: ["build"] } } },
    "packages/lib/package.json": {
      name: "lib",
      version: "1.0.0",
      exports: "./dist/out.js",
      scripts: { build: copy, test: "echo tested" },
    },
    "packages/lib/src/a.js": "export const a = 1;\n",
    "packages/app/package.json": {
      name: "app",
      version: "1.0.0",
      main: "dist/out.js",
      dependencies: { lib: "*" },
      scripts: { build: `${copy} && cat ../lib/dist/out.js >> dist/out.js` },
    },
    "packages/app/src/b.js": "export const b = 2;\n",
  };
}
