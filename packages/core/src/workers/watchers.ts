// Who is told when something was written of a build.

export class Watchers {
  readonly #watchers = new Map<string, Set<() => void>>();

  /** Calls back whenever something of this build was written. Answers how to stop listening. */
  watch(build: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(build) ?? new Set();
    watchers.add(changed);
    this.#watchers.set(build, watchers);
    return () => {
      watchers.delete(changed);
      if (watchers.size === 0 && this.#watchers.get(build) === watchers) this.#watchers.delete(build);
    };
  }

  tell(build: string): void {
    for (const changed of this.#watchers.get(build) ?? []) changed();
  }
}
