// Tasks that may take workers down. Each loss of a worker is charged to the tasks that were executing there. One that was there nearly
// too often goes on alone: a worker is kept for it from when that is chosen, gets nothing new, and the task begins when what was there
// has ended; so the next loss has one suspect, and only such a loss makes a task fail. One that turns out to have gone on is not charged.
import { SluiceError } from "@sluice/protocol";
import type { WorkerLoss } from "../worker-link.ts";
import type { ActiveTask } from "./active-task.ts";
import { mayDo } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";

/** What one loss means for the tasks of the worker. */
export class Charges {
  readonly #by: { readonly worker: TaskWorker; readonly loss: WorkerLoss; readonly crashesMax: number };
  readonly #suspects: ReadonlySet<ActiveTask>;
  /** Nothing else can have been it; what is not wanted any more and had not stopped can. */
  readonly #alone: boolean;

  constructor(
    tasks: Iterable<ActiveTask>,
    by: { readonly worker: TaskWorker; readonly loss: WorkerLoss; readonly crashesMax: number },
  ) {
    const { worker, loss } = by;
    this.#by = by;
    const executing = new Set(loss.executing.map(({ run }) => run));
    const may = (task: ActiveTask): boolean =>
      loss.crashed ? executing.has(task.task) : loss.unexplained === true && worker.remote;
    this.#suspects = new Set([...tasks].filter((task) => task.worker === worker && task.isOut && may(task)));
    this.#alone = this.#suspects.size === 1 && (loss.crashed || worker.held.size === 1);
  }

  /** Charges the loss to a task, if it may have caused it. True when that was once too often. */
  to(task: ActiveTask): boolean {
    if (!this.#suspects.has(task)) return false;
    const { worker, loss, crashesMax } = this.#by;
    task.charges.set(task.epoch, `${worker.link.id}: ${loss.message}`);
    return this.#alone && task.charges.size >= crashesMax;
  }
}

/** Whether it is to go on with a worker to itself: the next loss may be its last. */
export function goesAlone(task: ActiveTask, crashesMax: number): boolean {
  return task.charges.size >= Math.max(1, crashesMax - 1);
}

/** Why it is not given out any more. `details.losses`: which worker was lost each time, and what was heard of it. */
export function poisonOf({ name, charges }: ActiveTask): SluiceError {
  const losses = [...charges.values()];
  return new SluiceError({
    code: "poison",
    message: `The task ${name} took its worker down ${losses.length} times, the last time alone: ${losses.at(-1) ?? ""}.`,
    hint: "Mend the task, deploy, and retry the run.",
    details: { losses },
  });
}

/** Those that wait for a worker to themselves. */
export class AloneTasks {
  readonly #waiting = new Map<string, ActiveTask>();
  readonly #keptBy = new Map<string, TaskWorker>();

  /** Those that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** A task waits from now on. The worker that is kept for it: the one with the least to do of those that may do it. */
  add(task: ActiveTask, workers: Iterable<TaskWorker>): TaskWorker | undefined {
    this.#waiting.set(task.task, task);
    const before = this.#keptBy.get(task.task);
    if (before !== undefined) return before;
    const able = [...workers].filter((each) => this.#isFree(each) && mayDo(each, task.name, task.plan));
    const [best] = able.toSorted((a, b) => a.held.size - b.held.size);
    if (best !== undefined) this.#keep(best, task);
    return best;
  }

  /** What this worker may begin now, which it is given with this. Until then, and until it has ended, it gets nothing else. */
  next(worker: TaskWorker): ActiveTask | undefined {
    if (worker.apart === true || (worker.held.size > 0 && worker.keptFor !== undefined)) return undefined;
    if (worker.keptFor !== undefined && !this.#waiting.has(worker.keptFor)) this.#release(worker);
    if (this.#isFree(worker)) {
      const next = [...this.#waiting.values()].find(
        (each) => !this.#keptBy.has(each.task) && mayDo(worker, each.name, each.plan),
      );
      if (next !== undefined) this.#keep(worker, next);
    }
    if (worker.leaving || worker.held.size > 0 || worker.offer.slots < 1) return undefined;
    const task = this.#waiting.get(worker.keptFor ?? "");
    if (task !== undefined) this.#waiting.delete(task.task);
    return task;
  }

  /** It does not wait any more. The worker that was kept for it, which others may have now. */
  remove(task: ActiveTask): TaskWorker | undefined {
    const worker = this.#waiting.delete(task.task) ? this.#keptBy.get(task.task) : undefined;
    if (worker !== undefined) this.#release(worker);
    return worker;
  }

  /** The worker gets nothing new. */
  retire(worker: TaskWorker): void {
    worker.leaving = true;
    this.left(worker);
  }

  /** The worker is gone. */
  left(worker: TaskWorker): void {
    if (worker.keptFor !== undefined) this.#release(worker);
  }

  #isFree(worker: TaskWorker): boolean {
    return !worker.leaving && worker.apart !== true && worker.keptFor === undefined;
  }

  #keep(worker: TaskWorker, task: ActiveTask): void {
    worker.keptFor = task.task;
    this.#keptBy.set(task.task, worker);
  }

  #release(worker: TaskWorker): void {
    this.#keptBy.delete(worker.keptFor ?? "");
    worker.keptFor = undefined;
  }
}
