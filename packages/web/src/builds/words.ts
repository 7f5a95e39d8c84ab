// What a build is to the console, and what follows from its tasks: the way that decides how long it takes, and how full it was.
import type { Answer } from "../api.ts";

export type Build = Answer<"listBuilds">["builds"][number];
export type Task = Answer<"listBuildTasks">["tasks"][number];

/** What a task takes in the figures: as it was, else as it was before. */
export function lengthMs({ durationMs, expectedMs, cache }: Task): number {
  if (cache === "hit" || cache === "none") return 0;
  return durationMs ?? expectedMs ?? 0;
}

/** The tasks of the longest way through the graph, by id: no build with room for everything is shorter. */
export function criticalPath(tasks: readonly Task[]): { readonly ids: ReadonlySet<string>; readonly ms: number } {
  const best = new Map<string, { readonly ms: number; readonly after: string | undefined }>();
  // The list is in the order of the graph.
  for (const task of tasks) {
    let [before, after]: [number, string | undefined] = [0, undefined];
    for (const id of task.dependencies) {
      const way = best.get(id)?.ms ?? 0;
      if (way > before || after === undefined) [before, after] = [way, id];
    }
    best.set(task.id, { ms: before + lengthMs(task), after });
  }
  let [at, ms]: [string | undefined, number] = [undefined, 0];
  for (const [id, way] of best) if (way.ms > ms) [at, ms] = [id, way.ms];
  const ids = new Set<string>();
  for (; at !== undefined; at = best.get(at)?.after) if ((best.get(at)?.ms ?? 0) > 0) ids.add(at);
  return { ids, ms };
}

/** A bar in the picture of times; places are shares of its width. */
export interface Bar {
  readonly task: Task;
  readonly from: number;
  readonly width: number;
}

interface Times {
  readonly bars: readonly Bar[];
  /** Milliseconds from the first to the last. */
  readonly spanMs: number;
  /** How many tasks were executed at once, on average. */
  readonly atOnce: number;
}

/** What was executed, in the order in which it began. */
export function timesOf(tasks: readonly Task[], now: number): Times {
  const ran = tasks.flatMap((task) =>
    task.startedAt === null || task.cache === "hit" || task.cache === "none"
      ? []
      : [{ task, from: task.startedAt, to: task.endedAt ?? Math.max(now, task.startedAt) }],
  );
  const first = Math.min(...ran.map(({ from }) => from));
  const spanMs = Math.max(0, ...ran.map(({ to }) => to)) - first;
  if (ran.length === 0) return { bars: [], spanMs: 0, atOnce: 0 };
  const share = (ms: number): number => (spanMs === 0 ? 0 : ms / spanMs);
  const bars = ran
    .toSorted((a, b) => a.from - b.from)
    .map(({ task, from, to }) => ({ task, from: share(from - first), width: share(to - from) }));
  const busyMs = ran.reduce((sum, { from, to }) => sum + to - from, 0);
  return { bars, spanMs, atOnce: share(busyMs) };
}

/** Of what could have come from the cache, how much did; null where there was nothing. */
export function hitRatio({ cache }: Build): number | null {
  if (cache === null || cache.hits + cache.executed === 0) return null;
  return cache.hits / (cache.hits + cache.executed);
}
