// What a worker can do besides the workflows of its code, and whether a task may go to it.
import type { TaskPlan } from "@sluice/protocol";
import type { WorkerLink } from "../worker-link.ts";

/** What a worker says of itself when it comes, whatever lies between it and the engine. */
export interface WorkerOffer {
  /** `bun`, `node`, `deno`, `python`. */
  readonly runtime: string;
  /** `k` or `k=v`. */
  readonly labels: readonly string[];
  readonly capabilities: readonly string[];
  /** Tasks it does at once. */
  readonly slots: number;
  /** What it has: `cpu` in cores, `memory_bytes`, or a name of one's own. What it does not name it does not have. */
  readonly resources: Readonly<Record<string, number>>;
  /** Tasks it can do; one that deploys code says it there. */
  readonly tasks?: readonly string[] | undefined;
}

/** Tasks at once on a worker that does not say how many. */
const taskSlotsDefault = 64;

/** A worker that says nothing of itself. */
export const plainOffer: WorkerOffer = {
  runtime: "",
  labels: [],
  capabilities: [],
  slots: taskSlotsDefault,
  resources: {},
};

/** A worker as tasks see it. */
export interface TaskWorker {
  readonly link: WorkerLink;
  readonly offer: WorkerOffer;
  /** On another machine. */
  readonly remote: boolean;
  /** Of its code; empty for one that has no workflows. */
  version: string;
  tasks: ReadonlySet<string>;
  /** Gets nothing new. */
  leaving: boolean;
  /** Gets nothing but this task (see `AloneTasks`). */
  keptFor?: string | undefined;
  /** It is kept for a run, and gets no tasks (see `Apart`). */
  apart?: boolean | undefined;
  /** What it has been given and has not ended, wanted or not, by `ticketOf`. */
  readonly held: Map<string, TaskPlan>;
}

/** One giving out of a task, as a key. */
export function ticketOf(task: string, epoch: number): string {
  return `${task} ${epoch}`;
}

/** True when this worker may do such a task at all, however busy it is. */
export function mayDo(worker: TaskWorker, name: string, plan: TaskPlan): boolean {
  const { offer, tasks } = worker;
  if (!tasks.has(name)) return false;
  const { runtime, labels = [], capabilities = [] } = plan.on ?? {};
  if (runtime !== undefined && runtime !== offer.runtime) return false;
  if (!labels.every((label) => offer.labels.includes(label))) return false;
  if (!capabilities.every((each) => offer.capabilities.includes(each))) return false;
  return Object.entries(plan.resources ?? {}).every(([each, amount]) => amount <= (offer.resources[each] ?? 0));
}

/** True when it has room for one now. */
export function hasRoom(worker: TaskWorker, plan: TaskPlan): boolean {
  const { offer, held, leaving } = worker;
  if (leaving || worker.apart === true || worker.keptFor !== undefined || held.size >= offer.slots) return false;
  if (plan.resources === undefined) return true;
  return Object.entries(plan.resources).every(([name, amount]) => {
    let taken = amount;
    for (const other of held.values()) taken += other.resources?.[name] ?? 0;
    return taken <= (offer.resources[name] ?? 0);
  });
}

/** The worker with the most room among those that have any; of equal ones one with this version of the code. */
export function roomiest(
  workers: Iterable<TaskWorker>,
  { name, plan, version }: { readonly name: string; readonly plan: TaskPlan; readonly version: string },
): TaskWorker | undefined {
  let best: TaskWorker | undefined;
  let bestLoad = Number.POSITIVE_INFINITY;
  for (const worker of workers) {
    if (!hasRoom(worker, plan) || !mayDo(worker, name, plan)) continue;
    // Code of the run's own version before any other, where both are here.
    const load = worker.held.size / worker.offer.slots + (worker.version === "" || worker.version === version ? 0 : 1);
    if (load >= bestLoad) continue;
    best = worker;
    bestLoad = load;
  }
  return best;
}
