// Tasks that wait for a worker: workflows take turns, and within one those that want the same go in order.
import type { TaskPlan } from "@sluice/protocol";

/** A task that waits. */
export interface Queued {
  readonly task: string;
  readonly workflow: string;
  readonly name: string;
  readonly plan: TaskPlan;
}

/** Tasks of one workflow that may go to the same workers. */
interface Shape<T> {
  readonly tasks: Set<T>;
}

export class TaskQueue<T extends Queued> {
  /** In turn: the one that was served goes to the end. */
  readonly #workflows = new Map<string, Map<string, Shape<T>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(task: T): void {
    const shapes = this.#workflows.get(task.workflow) ?? new Map<string, Shape<T>>();
    this.#workflows.set(task.workflow, shapes);
    const key = shapeOf(task);
    const shape = shapes.get(key) ?? { tasks: new Set<T>() };
    shapes.set(key, shape);
    if (shape.tasks.has(task)) return;
    shape.tasks.add(task);
    this.#size++;
  }

  /** False when it was not there. */
  remove(task: T): boolean {
    const shapes = this.#workflows.get(task.workflow);
    const key = shapeOf(task);
    const shape = shapes?.get(key);
    if (shapes === undefined || shape?.tasks.delete(task) !== true) return false;
    this.#size--;
    if (shape.tasks.size === 0) shapes.delete(key);
    if (shapes.size === 0) this.#workflows.delete(task.workflow);
    return true;
  }

  /** Takes out the next one that fits; it is asked about the first of each workflow and shape. */
  next(fits: (task: T) => boolean): T | undefined {
    for (const [workflow, shapes] of this.#workflows) {
      for (const [key, { tasks }] of shapes) {
        const [first] = tasks;
        if (first === undefined || !fits(first)) continue;
        this.remove(first);
        // Its workflow, and its shape in it, come last from here on.
        turnOver(shapes, key);
        turnOver(this.#workflows, workflow);
        return first;
      }
    }
    return undefined;
  }
}

function turnOver<V>(map: Map<string, V>, key: string): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}

/** The same for tasks that may go to the same workers. */
export function shapeOf({ name, plan }: Pick<Queued, "name" | "plan">): string {
  return plan.on === undefined && plan.resources === undefined
    ? name
    : JSON.stringify([name, plan.on ?? null, plan.resources ?? null]);
}
