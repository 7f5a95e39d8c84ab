// Runs that may take workers of other machines down go on alone: each on a worker that executes nothing else, so that the next loss has
// one suspect. The worker gets nothing new from when it is chosen, where others can take it, and the run begins when it is quiet.
import type { Clock } from "../kernel/clock.ts";
import type { DeployedWorker, Deployments } from "./deployments.ts";
import type { HotRun, HotRuns } from "./hot-runs.ts";
import type { Tasks } from "./tasks/tasks.ts";

/** How often it is looked whether a worker has become quiet, or is free again; nobody is looked after where there are no suspects. */
const lookMs = 50;
/** Who has waited so long for a worker to become quiet goes on in company: a loss then says less. */
const waitMsMax = 30_000;

interface Suspect {
  readonly hot: HotRun;
  readonly version: string;
  readonly until: number;
  /** Undefined: there is no worker of its version any more. */
  readonly give: (worker: DeployedWorker | undefined) => void;
}

/** A worker, and the run that it is kept for. */
interface Kept {
  readonly hot: HotRun;
  readonly worker: DeployedWorker;
}

export interface ApartParts {
  readonly clock: Clock;
  readonly hot: HotRuns;
  readonly deployments: Deployments;
  readonly tasks: () => Pick<Tasks, "worker" | "refill">;
}

export class Apart {
  readonly #parts: ApartParts;
  #waiting: Suspect[] = [];
  /** By id of the worker. One that comes back under its name is another, and may have other code. */
  readonly #kept = new Map<string, Kept>();
  #looking = false;

  constructor(parts: ApartParts) {
    this.#parts = parts;
    parts.deployments.keeps = (worker) => this.#kept.has(worker);
  }

  /** Finds a worker of another machine for a run that is suspected; `give` is called once, unless the run leaves memory before. */
  place(hot: HotRun, version: string, give: Suspect["give"]): void {
    this.#waiting.push({ hot, version, give, until: this.#parts.clock.now() + waitMsMax });
    this.#look();
  }

  #look(): void {
    const { clock, hot: hots, deployments } = this.#parts;
    for (const [id, { hot, worker }] of this.#kept) {
      const isGone = deployments.get(id) !== worker || hots.get(hot.run, hot.epoch) !== hot;
      if (isGone || (hot.worker !== undefined && (hot.worker !== id || hot.idle))) this.#free(id);
    }
    const left: Suspect[] = [];
    for (const suspect of this.#waiting) {
      const { hot, version, give, until } = suspect;
      if (hots.get(hot.run, hot.epoch) !== hot) continue;
      const worker = this.#keptFor(hot) ?? this.#choose(hot, version);
      const late = clock.now() >= until;
      if (worker !== undefined && (late || this.#isQuiet(worker))) give(worker);
      else if (late || deployments.withVersion(version) === undefined) give(deployments.withVersion(version));
      else left.push(suspect);
    }
    this.#waiting = left;
    if (this.#looking || this.#waiting.length + this.#kept.size === 0) return;
    this.#looking = true;
    clock.after(lookMs, () => {
      this.#looking = false;
      this.#look();
    });
  }

  #keptFor(hot: HotRun): DeployedWorker | undefined {
    for (const kept of this.#kept.values()) if (kept.hot === hot) return kept.worker;
    return undefined;
  }

  /** The one with the least to do of those that are kept for nobody. */
  #choose(hot: HotRun, version: string): DeployedWorker | undefined {
    const { deployments, hot: hots } = this.#parts;
    const able = deployments.workers.filter(
      ({ link, remote, version: has }) => remote && has === version && this.#isFree(link.id),
    );
    const [best] = able.toSorted((a, b) => hots.countOn(a.link.id) - hots.countOn(b.link.id));
    if (best === undefined) return undefined;
    this.#kept.set(best.link.id, { hot, worker: best });
    const worker = this.#parts.tasks().worker(best.link.id);
    if (worker !== undefined) worker.apart = true;
    return best;
  }

  #isFree(id: string): boolean {
    const worker = this.#parts.tasks().worker(id);
    return !this.#kept.has(id) && (worker === undefined || (worker.keptFor === undefined && !worker.leaving));
  }

  #isQuiet({ link }: DeployedWorker): boolean {
    const { hot: hots, tasks } = this.#parts;
    return (tasks().worker(link.id)?.held.size ?? 0) === 0 && hots.on(link.id).every((hot) => hot.idle);
  }

  #free(id: string): void {
    this.#kept.delete(id);
    const tasks = this.#parts.tasks();
    const worker = tasks.worker(id);
    if (worker === undefined) return;
    worker.apart = false;
    tasks.refill(id);
  }
}
