// Who may have taken a worker down: each loss is charged to the tasks that were executing there, and one that was there too often,
// the last time alone, fails. A task that turns out to have gone on is not charged after all.
import { SluiceError } from "@sluice/protocol";
import type { WorkerLoss } from "../worker-link.ts";
import type { ActiveTask } from "./active-task.ts";
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
