// Which worker a build goes to: one that can, may and has room, and of those the one with the least to do.
import type { BuildPlacement } from "../kernel/build-store.ts";
import type { RemoteWorker } from "./remote-worker.ts";

const buildCapability = "build";

/** Whether a worker could take such a build, now or when it has room. */
function suits(worker: RemoteWorker, on: BuildPlacement): boolean {
  if (worker.gone || worker.draining || !worker.may("build")) return false;
  // A basic worker is one for builds; others say that they are.
  if (!worker.basic && !worker.capabilities.has(buildCapability)) return false;
  if (on.runtime !== undefined && worker.runtime !== on.runtime) return false;
  return (
    on.capabilities.every((capability) => worker.capabilities.has(capability)) &&
    on.labels.every((label) => worker.labels.has(label))
  );
}

/** The worker for a build, if one has room. */
export function placed(workers: Iterable<RemoteWorker>, on: BuildPlacement): RemoteWorker | undefined {
  let best: RemoteWorker | undefined;
  for (const worker of workers) {
    if (worker.room <= 0 || !suits(worker, on)) continue;
    if (best === undefined || isIdler(worker, best)) best = worker;
  }
  return best;
}

/** By the part of its slots that is taken, then by what it says of its load, then by who has been silent longer. */
function isIdler(a: RemoteWorker, b: RemoteWorker): boolean {
  const taken = (worker: RemoteWorker): number => 1 - worker.room / worker.slots;
  if (taken(a) !== taken(b)) return taken(a) < taken(b);
  const load = (worker: RemoteWorker): number => worker.load ?? 0;
  return load(a) === load(b) ? a.slots > b.slots : load(a) < load(b);
}
