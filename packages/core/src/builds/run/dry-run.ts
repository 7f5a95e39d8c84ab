// What a build would do, in the shape in which `turbo run --dry=json` says it, for scripts that read that.
// The shape: https://turborepo.com/docs/reference/run#--dry----dry-run
import type { BuildPlan } from "../build.ts";
import type { TaskNode } from "../graph/task-graph.ts";
import { variablesOf } from "../hash/environment.ts";
import type { Environment } from "../hash/environment.ts";
import { inferredVariables } from "../workspace/frameworks.ts";
import type { TaskOutcome } from "./outcome.ts";

/** Whether a task would be a hit, and under which key: what depends on one that would not is known by its own inputs only. */
interface DryParts {
  readonly plan: BuildPlan;
  readonly env: Environment;
  readonly head: { readonly sha: string; readonly branch: string } | undefined;
  /** Outcomes of those that would be hits. */
  readonly hits: ReadonlyMap<string, TaskOutcome>;
  readonly id: string;
  readonly args: readonly string[];
}

function variables(
  env: Environment,
  specified: { readonly env: readonly string[]; readonly passThroughEnv: readonly string[] },
  inferred: readonly string[],
): object {
  const shown = (patterns: readonly string[]): readonly string[] =>
    variablesOf(env, patterns).map(([name]) => `${name}=(hidden)`);
  return {
    specified: {
      env: specified.env,
      passThroughEnv: specified.passThroughEnv.length === 0 ? null : specified.passThroughEnv,
    },
    configured: shown(specified.env),
    inferred: shown(inferred),
    passthrough: specified.passThroughEnv.length === 0 ? null : shown(specified.passThroughEnv),
  };
}

function shownTask(p: DryParts, node: TaskNode): object {
  const { plan, env, hits, args } = p;
  const { definition, package: pkg, id, task, script } = node;
  const prefix = pkg.folder === "" ? "" : `${pkg.folder}/`;
  const hit = hits.get(id);
  const { key, parts } = plan.hasher.keyed(node, {});
  const inputs = Object.fromEntries(
    Object.entries(parts.files).map(([path, digest]) => [
      path.startsWith(prefix) ? path.slice(prefix.length) : `${"../".repeat(prefix.split("/").length - 1)}${path}`,
      digest,
    ]),
  );
  const inferred = inferredVariables(pkg);
  const own = definition.env.filter((name) => !inferred.includes(name));
  const cached = hit !== undefined && hit.cache === "hit";
  const kept = definition.outputs.filter((each) => !each.startsWith("!"));
  const excluded = definition.outputs.filter((each) => each.startsWith("!")).map((each) => each.slice(1));
  return {
    taskId: id,
    task,
    package: pkg.name,
    hash: hit?.hash ?? key,
    inputs,
    hashOfExternalDependencies: parts.external,
    cache: { local: cached, remote: false, status: cached ? "HIT" : "MISS", timeSaved: hit?.savedMs ?? 0 },
    command: script ?? "<NONEXISTENT>",
    cliArguments: args,
    outputs: kept.length === 0 ? null : kept,
    excludedOutputs: excluded.length === 0 ? null : excluded,
    logFile: `${prefix}.turbo/turbo-${task.replaceAll(":", "$colon$")}.log`,
    directory: pkg.folder,
    dependencies: node.dependencies,
    dependents: plan.graph.dependents.get(id) ?? [],
    resolvedTaskDefinition: {
      outputs: definition.outputs,
      cache: definition.cache,
      dependsOn: definition.dependsOn,
      inputs: definition.inputs ?? [],
      outputLogs: definition.outputLogs,
      persistent: definition.persistent,
      interruptible: definition.interruptible ?? false,
      env: own,
      passThroughEnv: definition.passThroughEnv.length === 0 ? null : definition.passThroughEnv,
      interactive: definition.interactive,
    },
    expandedOutputs: [],
    framework: "",
    envMode: plan.envMode,
    environmentVariables: variables(env, { env: own, passThroughEnv: definition.passThroughEnv }, inferred),
  };
}

export function dryRun(p: DryParts): object {
  const { plan, env, head, id } = p;
  const { workspace, hasher, graph } = plan;
  const { global } = workspace.rules;
  return {
    id,
    version: "1",
    turboVersion: "",
    monorepo: workspace.isMonorepo,
    globalCacheInputs: {
      rootKey: "",
      files: hasher.global.files,
      hashOfExternalDependencies: "",
      hashOfInternalDependencies: "",
      environmentVariables: variables(env, global, []),
      engines: null,
    },
    envMode: plan.envMode,
    frameworkInference: true,
    packages: [...new Set([...graph.tasks.values()].map((node) => node.package.name))].toSorted(),
    tasks: [...graph.tasks.values()]
      .map((node) => shownTask(p, node))
      .toSorted((a, b) => ((a as { taskId: string }).taskId < (b as { taskId: string }).taskId ? -1 : 1)),
    user: "",
    scm: { type: "git", sha: head?.sha ?? null, branch: head?.branch ?? null },
  };
}
