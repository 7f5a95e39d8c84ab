// Room for so many tasks at once. Who has the longest way to the end of the build goes first.

interface Waiting {
  readonly weight: number;
  readonly enter: () => void;
}

export class Slots {
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for room; answers how to leave. The heavier goes first. */
  async enter(weight: number): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else {
      const entered = Promise.withResolvers<void>();
      const at = this.#waiting.findIndex((other) => other.weight < weight);
      this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, { weight, enter: entered.resolve });
      await entered.promise;
    }
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next.enter();
    };
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
