// What is asked of builds without doing any: what would be done, in which order, and why.
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { fail, ok, unwrap } from "@sluice/core";
import type { Result } from "@sluice/core";
import { asDot, asHtml, dryRun, explain, findHits, machineGit, readWorkspace, Timeline } from "@sluice/core/builds";
import type { BuildPlan, BuildRequest, Explanation, Flake, TaskEvents, TaskOutcome } from "@sluice/core/builds";
import { localId } from "./carry.ts";
import { buildsFolder, cacheOf, files, planLocalBuild, runnerFor } from "./local-ground.ts";
import type { LocalBuildGround } from "./local-ground.ts";

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
