// Builds of this machine again and again, as long as somebody watches. Loaded by `sluice build watch`.
import { fail, ok, systemClock } from "@sluice/core";
import type { Result } from "@sluice/core";
import { buildLimits, endLeftovers, machineChanges, machineProbes, Services, watchBuild } from "@sluice/core/builds";
import type { BuildPlan, BuildRecords, TaskOutcome } from "@sluice/core/builds";
import { buildGround, cacheOf, planWith, runnerFor } from "./local-ground.ts";
import type { LocalBuildGround, LocalBuildOptions } from "./local-ground.ts";
import type { LazyCache } from "./lazy-cache.ts";

export interface WatchOptions extends LocalBuildOptions {
  /** Each time that everything was done as far as it goes. */
  readonly built: (outcomes: readonly TaskOutcome[]) => void;
}

/** Until the signal is aborted. Fails where the first plan is not what it should be. A watch is no run. */
export async function watchLocally(ground: LocalBuildGround, options: WatchOptions): Promise<Result<undefined>> {
  const { show, signal, request } = options;
  let records: BuildRecords | undefined;
  // One for the whole watch: what lasts is noted in it.
  const base = buildGround(ground);
  const shared = { ...base, records: (root: string) => (records ??= base.records(root)) };
  const plan = (): Promise<Result<BuildPlan>> => planWith(shared, ground, request);
  const first = await plan();
  let cache: LazyCache | undefined;
  try {
    if (!first.ok) return fail(first.error);
    const { workspace } = first.value;
    endLeftovers(first.value.records);
    cache = cacheOf(first.value, ground, (text) => show.remark(text));
    const opened = cache;
    const after = (delayMs: number, callback: () => void): (() => void) => systemClock.after(delayMs, callback);
    const limits = buildLimits;
    let next: Result<BuildPlan> | undefined = first;
    await watchBuild(
      {
        plan: async () => {
          const made = next ?? (await plan());
          next = undefined;
          return made;
        },
        runnerFor: (made, services) => runnerFor(ground, made, { ...options, cache: opened, isDry: false, services }),
        services: (run, serviceOf) =>
          new Services({
            probes: machineProbes,
            limits,
            after,
            serviceOf,
            run,
            started: (node) => show.started(node, ""),
            output: (node, bytes) => show.output(node, bytes),
          }),
        changes: machineChanges(workspace.root, after),
        continuing: options.continuing,
        planned: (made) => show.planned(made),
        ended: (node, outcome) => show.ended(node, outcome),
        built: options.built,
        remark: (text) => show.remark(text),
      },
      signal,
    );
    return ok(undefined);
  } finally {
    await cache?.close();
    records?.close();
  }
}
