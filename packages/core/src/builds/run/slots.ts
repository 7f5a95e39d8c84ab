// Room for so many tasks at once, by what each of them took before. Who has the longest way to the end of the build goes first.

/** What a task takes of the machine. */
export interface TaskNeed {
  /** Processors, in parts. */
  readonly cores: number;
  readonly memoryBytes: number;
}

interface Room extends TaskNeed {
  /** Tasks at once, whatever they take. */
  readonly count: number;
}

interface Waiting {
  readonly weight: number;
  readonly need: TaskNeed;
  readonly enter: () => void;
}

const nothing: TaskNeed = { cores: 0, memoryBytes: 0 };

export class Slots {
  readonly #room: Room;
  readonly #waiting: Waiting[] = [];
  #inside = 0;
  #cores = 0;
  #memoryBytes = 0;

  constructor(room: Partial<Room> & Pick<Room, "count">) {
    const without = Number.POSITIVE_INFINITY;
    this.#room = { cores: room.cores ?? without, memoryBytes: room.memoryBytes ?? without, count: room.count };
  }

  /** Who takes more than there is goes alone. */
  #fits({ cores, memoryBytes }: TaskNeed): boolean {
    if (this.#inside === 0) return true;
    const { count } = this.#room;
    return (
      this.#inside < count &&
      this.#cores + cores <= this.#room.cores &&
      this.#memoryBytes + memoryBytes <= this.#room.memoryBytes
    );
  }

  #take({ cores, memoryBytes }: TaskNeed, by: 1 | -1): void {
    this.#inside += by;
    this.#cores += by * cores;
    this.#memoryBytes += by * memoryBytes;
  }

  /** Waits for room; answers how to leave. The heavier goes first, and nobody past one that waits for more room. */
  async enter(weight: number, need: TaskNeed = nothing): Promise<() => void> {
    if (this.#waiting.length === 0 && this.#fits(need)) this.#take(need, 1);
    else {
      const entered = Promise.withResolvers<void>();
      const at = this.#waiting.findIndex((other) => other.weight < weight);
      this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, { weight, need, enter: entered.resolve });
      this.#admit();
      await entered.promise;
    }
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#take(need, -1);
      this.#admit();
    };
  }

  #admit(): void {
    for (let [next] = this.#waiting; next !== undefined && this.#fits(next.need); [next] = this.#waiting) {
      this.#waiting.shift();
      this.#take(next.need, 1);
      next.enter();
    }
  }
}

/** What a task takes that was never seen. */
const unknownMs = 1_000;

/** For each task: milliseconds from its begin to the end of everything that waits for it, as long as there is room. */
export function criticalPaths(
  graph: { readonly tasks: ReadonlyMap<string, unknown>; readonly dependents: ReadonlyMap<string, readonly string[]> },
  durations: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const paths = new Map<string, number>();
  for (const id of [...graph.tasks.keys()].toReversed()) {
    const after = (graph.dependents.get(id) ?? []).map((other) => paths.get(other) ?? 0);
    paths.set(id, (durations.get(id) ?? unknownMs) + Math.max(0, ...after));
  }
  return paths;
}
