// A build from its request on: what there is, what is meant, in which order, under which keys.
import { ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import { affectedPackages, filterPackages } from "./graph/filter.ts";
import { packageGraph } from "./graph/package-graph.ts";
import type { PackageGraph } from "./graph/package-graph.ts";
import { taskGraph } from "./graph/task-graph.ts";
import type { TaskGraph } from "./graph/task-graph.ts";
import type { Environment } from "./hash/environment.ts";
import { FileDigests } from "./hash/file-digests.ts";
import { digestOfTexts } from "./hash/fingerprint.ts";
import { Hasher } from "./hash/hasher.ts";
import type { Tools } from "./hash/hasher.ts";
import { neverInputs, walkFiles } from "./hash/ignore.ts";
import type { BuildLimits } from "./limits.ts";
import type { BuildCache, Files, Git, Probes, Processes, RunningNotes } from "./ports.ts";
import type { BuildRecords } from "./records/records.ts";
import { Outputs } from "./run/outputs.ts";
import type { Services } from "./run/services.ts";
import { criticalPaths, Slots } from "./run/slots.ts";
import type { TaskNeed } from "./run/slots.ts";
import { TaskRunner } from "./run/task-runner.ts";
import type { TaskEvents } from "./run/task-runner.ts";
import { pathsTest } from "./workspace/globs.ts";
import type { EnvMode, PackageManager, Workspace } from "./workspace/package.ts";
import type { OwnSettings } from "./workspace/own-settings.ts";
import { readWorkspace, rootOf } from "./workspace/workspace.ts";

export interface BuildRequest {
  /** Names, or `package#task`. */
  readonly tasks: readonly string[];
  readonly filters: readonly string[];
  /** Only what changed since this base, and what depends on it. */
  readonly affected?: string | undefined;
  /** Without what the tasks depend on. */
  readonly only: boolean;
  /** What stands behind `--`. */
  readonly args: readonly string[];
  /** Stronger than what the workspace says. */
  readonly envMode?: EnvMode | undefined;
  /** The i-th of n parts, from 1. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

export interface BuildGround {
  readonly files: Files;
  readonly git: Git;
  readonly env: Environment;
  /** Opened once the root is known. */
  readonly records: (root: string) => BuildRecords;
  readonly tools: (p: { readonly manager: PackageManager; readonly records: BuildRecords }) => Promise<Tools>;
  /** What a command writes when it is done in a folder. */
  readonly say: (folder: string, command: string) => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Own settings of a workspace, where it has some. */
  readonly settings: (root: string) => Promise<Result<OwnSettings | undefined>>;
}

/** What a build is going to do, before it does any of it. */
export interface BuildPlan {
  readonly workspace: Workspace;
  readonly packages: PackageGraph;
  /** Names of packages that are meant. */
  readonly selected: ReadonlySet<string>;
  readonly graph: TaskGraph;
  readonly hasher: Hasher;
  readonly digests: FileDigests;
  readonly records: BuildRecords;
  readonly envMode: EnvMode;
  /** Of the request and all that the tasks are built from. */
  readonly fingerprint: string;
}

async function selectedPackages(
  ground: BuildGround,
  p: { readonly workspace: Workspace; readonly graph: PackageGraph; readonly request: BuildRequest },
): Promise<Result<ReadonlySet<string>>> {
  const { workspace, graph, request } = p;
  const { lockfile, root, rules } = workspace;
  const isGlobal = pathsTest([
    ...rules.global.files,
    ...(lockfile === undefined ? [] : [lockfile]),
    "package.json",
    "turbo.json",
    "turbo.jsonc",
    "nx.json",
    ".moon/*.yml",
    "sluice.config.ts",
  ]);
  const where = { graph, git: ground.git, root, isGlobal };
  const filtered = await filterPackages(where, request.filters);
  if (!filtered.ok || request.affected === undefined) return filtered;
  const affected = await affectedPackages(where, request.affected);
  if (!affected.ok) return affected;
  return ok(new Set([...filtered.value].filter((name) => affected.value.has(name))));
}

/** Every n-th package by name: what parts share in dependencies, each of them takes from the cache or does itself. */
function sharded(names: ReadonlySet<string>, shard: BuildRequest["shard"]): ReadonlySet<string> {
  if (shard === undefined) return names;
  return new Set([...names].toSorted().filter((_, index) => index % shard.count === shard.index - 1));
}

/** `from`: an absolute folder in the workspace. Whoever gets a plan closes its records. */
export async function planBuild(ground: BuildGround, from: string, request: BuildRequest): Promise<Result<BuildPlan>> {
  const { files, git, env } = ground;
  const found = rootOf(files, from);
  if (!found.ok) return found;
  const settings = await ground.settings(found.value);
  if (!settings.ok) return settings;
  const workspace = readWorkspace(files, from, settings.value);
  if (!workspace.ok) return workspace;
  const { root, packages: all, rules, manager } = workspace.value;
  const listing = git.files(root);
  const packages = packageGraph(all);
  const selected = await selectedPackages(ground, { workspace: workspace.value, graph: packages, request });
  if (!selected.ok) return selected;
  const meant = sharded(selected.value, request.shard);
  const graph = taskGraph(workspace.value, packages, { tasks: request.tasks, packages: meant, only: request.only });
  if (!graph.ok) return graph;
  const records = ground.records(root);
  const tools = await ground.tools({ manager, records });
  const listed = await listing;
  const paths =
    listed === undefined
      ? walkFiles(files, root)
      : listed.filter((path) => !path.split("/").some((part) => neverInputs.has(part)));
  const digests = new FileDigests({ files, memory: records, root, now: ground.now });
  const envMode = request.envMode ?? rules.global.envMode;
  const hasher = new Hasher({
    files,
    digests,
    workspace: workspace.value,
    packages,
    paths,
    env,
    envMode,
    tools,
    notes: records,
    say: (command) => ground.say(root, command),
    args: request.args,
  });
  const fingerprint = digestOfTexts([
    root,
    ...request.args,
    ...[...graph.value.tasks.values()].flatMap((node) => [node.id, hasher.keyed(node, {}).key]),
  ]);
  hasher.save();
  return ok({
    workspace: workspace.value,
    packages,
    selected: meant,
    graph: graph.value,
    hasher,
    digests,
    records,
    envMode,
    fingerprint,
  });
}

/** Tasks that were seen to wait count for this much of a processor, and no less. */
const coresMin = 0.25;
const tasksPerCoreMax = 1 / coresMin;

type TaskRunnerWrap = NonNullable<ConstructorParameters<typeof TaskRunner>[0]["wrap"]>;

interface RunnerGround extends Pick<BuildGround, "files" | "git" | "env" | "now"> {
  readonly cache: BuildCache;
  readonly processes: Processes;
  readonly running: RunningNotes;
  readonly events: TaskEvents;
  readonly limits: BuildLimits;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly probes: Probes;
  /** Undefined: as many tasks at once as the machine has room for by what they took before. */
  readonly concurrency: number | undefined;
  /** What there is of the machine. */
  readonly machine: TaskNeed;
  readonly wrap?: TaskRunnerWrap | undefined;
  readonly services?: Services | undefined;
  readonly force: boolean;
  readonly isDry: boolean;
  /** Absolute. */
  readonly startedIn: string;
  readonly node: string | undefined;
  /** Absolute; is there. */
  readonly logFolder: string;
  readonly args: readonly string[];
}

/** What does the tasks of a plan. */
export function runnerOf(plan: BuildPlan, ground: RunnerGround): TaskRunner {
  const { workspace, records, hasher, graph, envMode } = plan;
  const { files, git, cache, concurrency, machine } = ground;
  const { cores } = machine;
  // What waits more than it works leaves room for others.
  const room =
    concurrency === undefined
      ? { ...machine, count: Math.ceil(cores * tasksPerCoreMax) }
      : { count: concurrency, memoryBytes: machine.memoryBytes };
  return new TaskRunner({
    ...ground,
    workspace,
    records,
    hasher,
    envMode,
    outputs: new Outputs({ files, git, cache, records, root: workspace.root }),
    slots: new Slots(room),
    needs: new Map([...records.uses()].map(([id, need]) => [id, { ...need, cores: Math.max(coresMin, need.cores) }])),
    serviceOf: (id) => {
      const node = graph.tasks.get(id);
      return node?.isService === true ? node : undefined;
    },
    weights: criticalPaths(graph, records.durations()),
  });
}
