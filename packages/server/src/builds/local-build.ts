// Builds on this machine: binds the room of builds to its files, its git, its processes and its cache. Loaded by `sluice build`.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fail, ok, systemClock, unwrap } from "@sluice/core";
import type { Logger, Result } from "@sluice/core";
import {
  asDot,
  asHtml,
  BuildRecords,
  buildLimits,
  digestOfTexts,
  dryRun,
  endLeftovers,
  explain,
  findHits,
  findProgram,
  leftoversIn,
  hasSucceeded,
  machineFiles,
  machineGit,
  machineProbes,
  machineProcesses,
  machineTools,
  planBuild,
  readWorkspace,
  runnerOf,
  runTasks,
  Timeline,
} from "@sluice/core/builds";
import type {
  BuildPlan,
  BuildRequest,
  Continuing,
  Explanation,
  Flake,
  TaskEvents,
  TaskNode,
  TaskOutcome,
  TaskRunner,
} from "@sluice/core/builds";
import { toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { BuildWork } from "./build-workflow.ts";
import { LazyCache } from "./lazy-cache.ts";
import { ownSettings, sayIn } from "./own-settings.ts";

export interface LocalBuildGround {
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

/** Loaded by whoever watches. */
export async function watchBuilds(
  ground: LocalBuildGround,
  options: LocalBuildOptions & { readonly built: (tasks: readonly TaskOutcome[]) => void },
): Promise<Result<undefined>> {
  const { watchLocally } = await import("./watch-local.ts");
  return watchLocally(ground, options);
}

export { changeText } from "@sluice/core/builds";

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
export function cacheOf(plan: BuildPlan, log: Logger): LazyCache {
  const shared = join(mainRoot(plan.workspace.root), ".sluice");
  return new LazyCache({ folder: join(shared, "cache"), keys: join(shared, "keys"), log });
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

const silent: TaskEvents = { started: () => undefined, output: () => undefined, replayed: () => undefined };

/** Which tasks would be hits; nothing is executed or put in place. */
async function looked(
  ground: LocalBuildGround,
  plan: BuildPlan,
  p: { readonly request: BuildRequest; readonly force: boolean },
): Promise<ReadonlyMap<string, TaskOutcome>> {
  const cache = cacheOf(plan, ground.log);
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
  /** Times that it failed and then succeeded from the same inputs, newest first. */
  readonly flakes: readonly Flake[];
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
    return ok({ ...told, isHit, waitsFor, flakes: plan.records.flakes(task) });
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
  const cache = cacheOf(plan, ground.log);
  let close = async (): Promise<void> => undefined;
  try {
    show.planned(plan);
    endLeftovers(records);
    const runner = runnerFor(ground, plan, { ...options, cache, isDry: false });
    close = () => runner.close();
    const stop = (): void => runner.stop();
    signal.addEventListener("abort", stop, { once: true });
    const ended = (outcome: TaskOutcome): void => {
      const node = graph.tasks.get(outcome.id);
      if (node !== undefined) show.ended(node, outcome);
    };
    const settled = await findHits(graph, runner, ended);
    const told = (outcome: TaskOutcome): void => {
      if (!settled.has(outcome.id)) ended(outcome);
    };
    const work = { plan, performer: runner, continuing, settled, ended: told };
    const { id, tasks } = await carriedOut(ground, {
      ...options,
      work,
      folder: join(buildsFolder(workspace.root), "engine"),
    });
    digests.save();
    const status = signal.aborted ? "cancelled" : hasSucceeded(tasks) ? "completed" : "failed";
    return ok({ id, status, tasks, elapsedMs: Math.round(performance.now() - startedAt) });
  } catch (error) {
    return failureOf(error);
  } finally {
    await close();
    await cache.close();
    records.close();
  }
}

interface Carrying extends LocalBuildOptions {
  readonly work: BuildWork;
  readonly folder: string;
}

/** As a run where something has to be executed. A second build of the workspace at the same time goes without a journal. */
async function carriedOut(
  ground: LocalBuildGround,
  { work, folder, show, request, force }: Carrying,
): Promise<{ readonly id: string; readonly tasks: readonly TaskOutcome[] }> {
  const { graph, workspace, fingerprint } = work.plan;
  if ([...graph.tasks.keys()].every((id) => work.settled.has(id)))
    return { id: localId(), tasks: [...graph.tasks.keys()].flatMap((id) => work.settled.get(id) ?? []) };
  const [{ journaled }, { makeBuildWorkflow }] = await Promise.all([
    import("./build-engine.ts"),
    import("./build-workflow.ts"),
  ]);
  // One that was to execute everything is another build.
  const input = {
    root: workspace.root,
    tasks: request.tasks,
    fingerprint: digestOfTexts([fingerprint, work.continuing, String(force)]),
  };
  try {
    const { run, output } = await journaled(
      { folder, log: ground.log },
      { workflow: makeBuildWorkflow(work), input, began: (id, isResumed) => show.began(id, isResumed) },
    );
    return { id: run, tasks: output.tasks };
  } catch (error) {
    const wire = toWire(error);
    if (wire.code !== "data_folder_locked") throw error;
    show.remark(
      "Another build of this workspace is under way: this one is no run, and does not go on if it is killed.",
    );
    const journal = {
      step: <T>(_name: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> =>
        body(new AbortController().signal),
    };
    return { id: localId(), tasks: await runTasks({ ...work, graph, journal }) };
  }
}

function localId(): string {
  return `local_${crypto.randomUUID()}`;
}
