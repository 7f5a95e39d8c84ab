// Builds on this machine, from the request to what came of it. Loaded by `sluice build`.
import { join } from "node:path";
import { ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import { endLeftovers, findHits, hasSucceeded } from "@sluice/core/builds";
import type { TaskEvents, TaskOutcome } from "@sluice/core/builds";
import { carriedOut } from "./carry.ts";
import type { LazyCache } from "./lazy-cache.ts";
import { buildsFolder, cacheOf, failureOf, planLocalBuild, runnerFor } from "./local-ground.ts";
import type { LocalBuildEnd, LocalBuildGround, LocalBuildOptions } from "./local-ground.ts";
import { TaskTeller } from "./task-teller.ts";

/** Loaded by whoever watches. */
export async function watchBuilds(
  ground: LocalBuildGround,
  options: LocalBuildOptions & { readonly built: (tasks: readonly TaskOutcome[]) => void },
): Promise<Result<undefined>> {
  const { watchLocally } = await import("./watch-local.ts");
  return watchLocally(ground, options);
}

export { changeText } from "@sluice/core/builds";
export { mainRoot } from "./local-ground.ts";
export { affectedLocally, drawnGraph, dryLocalBuild, explainLocalBuild, summaryFile, timeline } from "./questions.ts";
export type { BuildShow, LocalBuildGround, LocalBuildOptions } from "./local-ground.ts";
export type { Explained } from "./questions.ts";
export type { BuildServer } from "./served-worker.ts";
/** What the cache on another machine has not got is said. */
async function uploaded(cache: LazyCache, remark: (text: string) => void): Promise<void> {
  const { lost, confirmed } = await cache.settle();
  if (lost === 0) return;
  const all = lost + confirmed;
  remark(
    `${lost} of ${all} ${all === 1 ? "result" : "results"} could not be uploaded: others will execute them again.`,
  );
}

/** Fails where the request or the workspace is not what it should be; a task that fails is an end like another. */
export async function localBuild(ground: LocalBuildGround, options: LocalBuildOptions): Promise<Result<LocalBuildEnd>> {
  const startedAt = performance.now();
  const planned = await planLocalBuild(ground, options.request);
  if (!planned.ok) return planned;
  const plan = planned.value;
  const { show, signal, continuing } = options;
  const { workspace, records, graph, digests } = plan;
  let close = async (): Promise<void> => undefined;
  let cache: LazyCache | undefined;
  try {
    const remark = (text: string): void => show.remark(text);
    cache = cacheOf(plan, ground, remark);
    show.planned(plan);
    endLeftovers(records);
    const server = await ground.server?.(workspace.root);
    const teller = server === undefined ? undefined : new TaskTeller(() => Date.now());
    const runner = runnerFor(ground, plan, { ...options, show: heard(show, teller), cache, isDry: false });
    close = () => runner.close();
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
    await close();
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
