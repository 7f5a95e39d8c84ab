// Tasks that go on alone: one that was there at nearly too many losses gets a worker to itself, so that the next loss has one suspect.
// That worker is kept for it from when it is chosen: it gets nothing new, and the task begins when what was there has ended.
import type { ActiveTask } from "./active-task.ts";
import { mayDo } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";

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
    if (worker.held.size > 0 && worker.keptFor !== undefined) return undefined;
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
    return !worker.leaving && worker.keptFor === undefined;
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
