// What builds of this machine stand on: its files, its git, its processes and its cache.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fail, systemClock } from "@sluice/core";
import type { Logger, Result } from "@sluice/core";
import {
  BuildRecords,
  buildLimits,
  findProgram,
  leftoversIn,
  machineFiles,
  machineGit,
  machineProbes,
  machineProcesses,
  machineTools,
  planBuild,
  runnerOf,
} from "@sluice/core/builds";
import type {
  BuildPlan,
  BuildRequest,
  Continuing,
  TaskEvents,
  TaskNode,
  TaskOutcome,
  TaskRunner,
} from "@sluice/core/builds";
import { toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import { LazyCache } from "./lazy-cache.ts";
import { ownSettings, sayIn } from "./own-settings.ts";
import { remoteCacheIn } from "./remote-cache.ts";
import type { BuildServer } from "./served-worker.ts";

export interface LocalBuildGround {
  /** The server that runs over the workspace with this root, or that was named. */
  readonly server?: ((root: string) => Promise<BuildServer | undefined>) | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute folder in the workspace. */
  readonly from: string;
  readonly log: Logger;
}

export interface BuildShow extends TaskEvents {
  /** Before anything is done. */
  planned(plan: BuildPlan): void;
  ended(node: TaskNode, outcome: TaskOutcome): void;
  /** The build is this run. */
  began(run: string, isResumed: boolean): void;
  /** Something that people should know and that changes no result. */
  remark(text: string): void;
}

export interface LocalBuildOptions {
  readonly request: BuildRequest;
  readonly continuing: Continuing;
  /** Undefined: as many as there are processors. */
  readonly concurrency: number | undefined;
  readonly force: boolean;
  readonly show: BuildShow;
  /** Aborted when the build is to end early. */
  readonly signal: AbortSignal;
}

export interface LocalBuildEnd {
  /** Of the run; of a build without one, made up. */
  readonly id: string;
  readonly status: "completed" | "failed" | "cancelled";
  readonly tasks: readonly TaskOutcome[];
  readonly elapsedMs: number;
}
export const files = machineFiles(() => crypto.randomUUID());

/** What builds of a workspace remember; where nobody had one, git is told to leave it alone. */
export function buildsFolder(root: string): string {
  const data = join(root, ".sluice");
  const isNew = mkdirSync(data, { recursive: true, mode: 0o700 }) !== undefined;
  if (isNew) writeFileSync(join(data, ".gitignore"), "*\n");
  const folder = join(data, "builds");
  mkdirSync(join(folder, "logs"), { recursive: true });
  return folder;
}

/** The root of the worktree that others of the same repository belong to: all of them share its cache. */
export function mainRoot(root: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    const git = join(folder, ".git");
    const kind = files.stat(git)?.kind;
    if (kind === "file") {
      const [, place] = /^gitdir: (.+)$/m.exec(readFileSync(git, "utf8")) ?? [];
      const own = place === undefined ? undefined : resolve(folder, place.trim());
      const common = own === undefined ? undefined : files.readText(join(own, "commondir"))?.trim();
      if (own === undefined || common === undefined) return root;
      return join(dirname(resolve(own, common)), root.slice(folder.length));
    }
    if (kind === "dir" || folder === dirname(folder)) return root;
  }
}

/** What a plan needs of this machine. */
export function buildGround({ env }: LocalBuildGround): Parameters<typeof planBuild>[0] {
  return {
    files,
    git: machineGit(env),
    env,
    records: (root) => new BuildRecords(join(buildsFolder(root), "builds.db")),
    tools: ({ manager, records }) => machineTools({ files, env, notes: records, manager }),
    say: sayIn(env),
    now: () => Date.now(),
    settings: ownSettings,
  };
}

/** What a build would do. Whoever gets the plan closes its records. */
export async function planLocalBuild(ground: LocalBuildGround, request: BuildRequest): Promise<Result<BuildPlan>> {
  return planWith(buildGround(ground), ground, request);
}

export async function planWith(
  machine: Parameters<typeof planBuild>[0],
  ground: LocalBuildGround,
  request: BuildRequest,
): Promise<Result<BuildPlan>> {
  try {
    return await planBuild(machine, realpathSync(ground.from), request);
  } catch (error) {
    return failureOf(error);
  }
}

/** What the system refused, in words. A bug is thrown on. */
export function failureOf(error: unknown): { readonly ok: false; readonly error: WireError } {
  const wire = toWire(error);
  if (wire.code !== "internal") return fail(wire);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/^E[A-Z]+$/.test(code)) throw error;
  const message = `A file or folder could not be used: ${error instanceof Error ? error.message : code}`;
  if (code === "ENOSPC" || code === "EDQUOT") return fail({ code: "disk_full", message, hint: "Free some space." });
  if (code === "ENOENT" || code === "ENOTDIR") return fail({ code: "bad_request", message });
  return fail({ code: "store_failed", message });
}

/** The cache that all worktrees of the repository share. */
export function cacheOf(plan: BuildPlan, { log, env }: LocalBuildGround, remark: (text: string) => void): LazyCache {
  const shared = join(mainRoot(plan.workspace.root), ".sluice");
  const [folder, keys] = [join(shared, "cache"), join(shared, "keys")];
  return new LazyCache({ folder, keys, log, remote: remoteCacheIn(env), remark });
}

/** What others have taken just now may be free again when a task begins: so much of all memory is counted on in any case. */
const memoryPartMin = 0.5;

export function runnerFor(
  ground: LocalBuildGround,
  plan: BuildPlan,
  p: Pick<LocalBuildOptions, "concurrency" | "force" | "request"> & {
    readonly show: TaskEvents;
    readonly cache: LazyCache;
    readonly isDry: boolean;
    readonly services?: Parameters<typeof runnerOf>[1]["services"];
  },
): TaskRunner {
  return runnerOf(plan, {
    ...buildGround(ground),
    cache: p.cache,
    processes: machineProcesses,
    probes: machineProbes,
    machine: { cores: availableParallelism(), memoryBytes: Math.max(freemem(), totalmem() * memoryPartMin) },
    running: leftoversIn(plan.records, process.pid),
    events: p.show,
    limits: buildLimits,
    after: (delayMs, callback) => systemClock.after(delayMs, callback),
    concurrency: p.concurrency,
    force: p.force,
    isDry: p.isDry,
    services: p.services,
    startedIn: ground.from,
    node: findProgram(files, ground.env, "node"),
    logFolder: join(buildsFolder(plan.workspace.root), "logs"),
    args: p.request.args,
  });
}
