// Builds on this machine: binds the room of builds to its files, its git, its processes and its cache. Loaded by `sluice build`.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fail, ok, systemClock, unwrap } from "@sluice/core";
import type { Logger, Result } from "@sluice/core";
import {
  asDot,
  asHtml,
  BuildRecords,
  buildLimits,
  dryRun,
  endLeftovers,
  explain,
  findHits,
  findProgram,
  leftoversIn,
  hasSucceeded,
  machineFiles,
  machineGit,
  machineProcesses,
  machineTools,
  planBuild,
  readWorkspace,
  runnerOf,
  Timeline,
} from "@sluice/core/builds";
import type {
  BuildPlan,
  BuildRequest,
  Continuing,
  Explanation,
  TaskEvents,
  TaskNode,
  TaskOutcome,
  TaskRunner,
} from "@sluice/core/builds";
import type { BuildServer } from "./served-worker.ts";
import { TaskTeller } from "./task-teller.ts";
import { toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import { carriedOut, localId } from "./carry.ts";
import { LazyCache } from "./lazy-cache.ts";
import { remoteCacheIn } from "./remote-cache.ts";

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

export { changeText } from "@sluice/core/builds";
export type { BuildServer } from "./served-worker.ts";

const files = machineFiles(() => crypto.randomUUID());

/** What builds of a workspace remember; where nobody had one, git is told to leave it alone. */
function buildsFolder(root: string): string {
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

function groundOf({ env }: LocalBuildGround): Parameters<typeof planBuild>[0] {
  return {
    files,
    git: machineGit(env),
    env,
    records: (root) => new BuildRecords(join(buildsFolder(root), "builds.db")),
    tools: ({ manager, records }) => machineTools({ files, env, notes: records, manager }),
    now: () => Date.now(),
  };
}

/** What a build would do. Whoever gets the plan closes its records. */
export async function planLocalBuild(ground: LocalBuildGround, request: BuildRequest): Promise<Result<BuildPlan>> {
  try {
    return await planBuild(groundOf(ground), realpathSync(ground.from), request);
  } catch (error) {
    return failureOf(error);
  }
}

/** What the system refused, in words. A bug is thrown on. */
function failureOf(error: unknown): { readonly ok: false; readonly error: WireError } {
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
function cacheOf(plan: BuildPlan, { log, env }: LocalBuildGround, remark: (text: string) => void): LazyCache {
  const shared = join(mainRoot(plan.workspace.root), ".sluice");
  const [folder, keys] = [join(shared, "cache"), join(shared, "keys")];
  return new LazyCache({ folder, keys, log, remote: remoteCacheIn(env), remark });
}

/** What the cache on another machine has not got is said. */
async function uploaded(cache: LazyCache, remark: (text: string) => void): Promise<void> {
  const { lost, confirmed } = await cache.settle();
  if (lost === 0) return;
  const all = lost + confirmed;
  remark(
    `${lost} of ${all} ${all === 1 ? "result" : "results"} could not be uploaded: others will execute them again.`,
  );
}

function runnerFor(
  ground: LocalBuildGround,
  plan: BuildPlan,
  p: Pick<LocalBuildOptions, "concurrency" | "force" | "request"> & {
    readonly show: TaskEvents;
    readonly cache: LazyCache;
    readonly isDry: boolean;
  },
): TaskRunner {
  return runnerOf(plan, {
    ...groundOf(ground),
    cache: p.cache,
    processes: machineProcesses,
    running: leftoversIn(plan.records, process.pid),
    events: p.show,
    limits: buildLimits,
    after: (delayMs, callback) => systemClock.after(delayMs, callback),
    concurrency: p.concurrency ?? availableParallelism(),
    force: p.force,
    isDry: p.isDry,
    startedIn: ground.from,
    node: findProgram(files, ground.env, "node"),
    logFolder: join(buildsFolder(plan.workspace.root), "logs"),
    args: p.request.args,
  });
}

const silent: TaskEvents = { started: () => undefined, output: () => undefined, replayed: () => undefined };

/** Which tasks would be hits; nothing is executed or put in place. */
async function looked(
  ground: LocalBuildGround,
  plan: BuildPlan,
  p: { readonly request: BuildRequest; readonly force: boolean },
): Promise<ReadonlyMap<string, TaskOutcome>> {
  const cache = cacheOf(plan, ground, () => undefined);
  try {
    const runner = runnerFor(ground, plan, { ...p, concurrency: undefined, show: silent, cache, isDry: true });
    return await findHits(plan.graph, runner, () => undefined);
  } finally {
    await cache.close();
  }
}

/** What a build would do, in the shape of Turborepo's dry run. */
export async function dryLocalBuild(
  ground: LocalBuildGround,
  request: BuildRequest,
  force: boolean,
): Promise<Result<object>> {
  const planned = await planLocalBuild(ground, request);
  if (!planned.ok) return planned;
  const plan = planned.value;
  try {
    const hits = await looked(ground, plan, { request, force });
    const head = await machineGit(ground.env).head(plan.workspace.root);
    return ok(dryRun({ plan, env: ground.env, head, hits, id: localId(), args: request.args }));
  } finally {
    plan.records.close();
  }
}

interface Drawn {
  readonly dot: string;
  readonly html: string;
  readonly tasks: readonly { readonly id: string; readonly dependencies: readonly string[] }[];
}

/** The task graph, drawn. */
export async function drawnGraph(ground: LocalBuildGround, request: BuildRequest): Promise<Result<Drawn>> {
  const planned = await planLocalBuild(ground, request);
  if (!planned.ok) return planned;
  planned.value.records.close();
  const { graph } = planned.value;
  const tasks = [...graph.tasks.values()].map(({ id, dependencies }) => ({ id, dependencies }));
  return ok({ dot: asDot(graph), html: asHtml(graph), tasks });
}

/** Names of packages that the request means, sorted. */
export async function affectedLocally(
  ground: LocalBuildGround,
  request: BuildRequest,
): Promise<Result<readonly string[]>> {
  const planned = await planLocalBuild(ground, request);
  if (!planned.ok) return planned;
  planned.value.records.close();
  return ok([...planned.value.selected].toSorted());
}

/** `now`: milliseconds since the build began. */
export function timeline(now: () => number): Timeline {
  return new Timeline(now);
}

/** Where a summary goes. Throws where there is no workspace. */
export function summaryFile(from: string): string {
  return join(buildsFolder(unwrap(readWorkspace(files, realpathSync(from))).root), "summary.json");
}

export interface Explained extends Explanation {
  /** Whether a build would have to execute it now. */
  readonly isHit: boolean;
  /** Tasks that would have to be executed before its key is known. */
  readonly waitsFor: readonly string[];
}

/** Why a task has to be executed, or why it had to be the last time. */
export async function explainLocalBuild(ground: LocalBuildGround, task: string): Promise<Result<Explained>> {
  const request: BuildRequest = { tasks: [task], filters: [], only: false, args: [] };
  const planned = await planLocalBuild(ground, request);
  if (!planned.ok) return planned;
  const plan = planned.value;
  try {
    const node = plan.graph.tasks.get(task);
    if (node === undefined)
      return fail({ code: "bad_request", message: `There is no task ${task}.`, hint: "Such as app#build." });
    const hits = await looked(ground, plan, { request, force: false });
    const waitsFor = node.dependencies.filter((id) => !hits.has(id));
    const earlier = plan.records.keys(task);
    const last = earlier[0];
    const isHit = hits.has(task);
    const upstream = Object.fromEntries(
      node.dependencies.map((id) => [id, hits.get(id)?.gives ?? last?.parts.upstream[id] ?? ""]),
    );
    const now = plan.hasher.keyed(node, upstream);
    const told = explain(task, isHit && last !== undefined ? last : now, earlier);
    return ok({ ...told, isHit, waitsFor });
  } finally {
    plan.records.close();
  }
}

/** Fails where the request or the workspace is not what it should be; a task that fails is an end like another. */
export async function localBuild(ground: LocalBuildGround, options: LocalBuildOptions): Promise<Result<LocalBuildEnd>> {
  const startedAt = performance.now();
  const planned = await planLocalBuild(ground, options.request);
  if (!planned.ok) return planned;
  const plan = planned.value;
  const { show, signal, continuing } = options;
  const { workspace, records, graph, digests } = plan;
  let cache: LazyCache | undefined;
  try {
    const remark = (text: string): void => show.remark(text);
    cache = cacheOf(plan, ground, remark);
    show.planned(plan);
    endLeftovers(records);
    const server = await ground.server?.(workspace.root);
    const teller = server === undefined ? undefined : new TaskTeller(() => Date.now());
    const runner = runnerFor(ground, plan, { ...options, show: heard(show, teller), cache, isDry: false });
    const stop = (): void => runner.stop();
    signal.addEventListener("abort", stop, { once: true });
    const ended = (outcome: TaskOutcome): void => {
      const node = graph.tasks.get(outcome.id);
      if (node !== undefined) show.ended(node, outcome);
    };
    const settled = await findHits(graph, runner, ended);
    const later = (outcome: TaskOutcome): void => {
      if (!settled.has(outcome.id)) ended(outcome);
    };
    const { id, tasks } = await carriedOut(
      { log: ground.log, server, folder: join(buildsFolder(workspace.root), "engine") },
      { ...options, work: { plan, performer: runner, continuing, settled, ended: later, teller } },
    );
    digests.save();
    await uploaded(cache, remark);
    const isCancelled = signal.aborted || tasks.some(({ status: how }) => how === "cancelled");
    const status = isCancelled ? "cancelled" : hasSucceeded(tasks) ? "completed" : "failed";
    return ok({ id, status, tasks, elapsedMs: Math.round(performance.now() - startedAt) });
  } catch (error) {
    return failureOf(error);
  } finally {
    await cache?.close();
    records.close();
  }
}

/** What happens to tasks, for whoever shows it and for the server that keeps it. */
function heard(show: TaskEvents, teller: TaskTeller | undefined): TaskEvents {
  if (teller === undefined) return show;
  return {
    started: (node, hash) => {
      teller.started(node);
      show.started(node, hash);
    },
    output: (node, bytes) => {
      teller.output(node, bytes);
      show.output(node, bytes);
    },
    replayed: (node, log) => {
      teller.replayed(node, log);
      show.replayed(node, log);
    },
  };
}
