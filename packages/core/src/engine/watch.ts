// Who wants to know what happens to a run: waiters for its end, and watchers of every step.
import type { FinishedRun } from "../kernel/run-store.ts";

/** One thing that happened to a run. `id` is its place in the journal's commit order, absent for what is not journaled. */
export interface RunUpdate {
  readonly run: string;
  readonly id?: number | undefined;
  readonly type: "run" | "step" | "log" | "progress" | "stale";
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Watcher = (update: RunUpdate) => void;
type EndWaiter = (end: FinishedRun) => void;

export class Watchers {
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #waiters = new Map<string, EndWaiter[]>();
  readonly #all = new Set<Watcher>();
  readonly #ends = new Set<EndWaiter>();
  readonly #streams = new Map<string, Set<() => void>>();

  /** True when an update about this run would reach anybody. */
  wants(run: string): boolean {
    return this.#watchers.has(run) || this.#all.size > 0;
  }

  watch(run: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(run) ?? new Set();
    watchers.add(watcher);
    this.#watchers.set(run, watchers);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(run) === watchers) this.#watchers.delete(run);
    };
  }

  watchAll(watcher: Watcher): () => void {
    this.#all.add(watcher);
    return () => void this.#all.delete(watcher);
  }

  onEnd(run: string, waiter: EndWaiter): () => void {
    const waiters = this.#waiters.get(run);
    if (waiters === undefined) this.#waiters.set(run, [waiter]);
    else waiters.push(waiter);
    return () => {
      const left = (this.#waiters.get(run) ?? []).filter((each) => each !== waiter);
      if (left.length === 0) this.#waiters.delete(run);
      else this.#waiters.set(run, left);
    };
  }

  /** Hears when there are new pieces of a run's streamed output; returns how to stop. */
  onStream(run: string, listener: () => void): () => void {
    const listeners = this.#streams.get(run) ?? new Set();
    listeners.add(listener);
    this.#streams.set(run, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#streams.get(run) === listeners) this.#streams.delete(run);
    };
  }

  streamed(run: string): void {
    for (const listener of this.#streams.get(run) ?? []) listener();
  }

  /** Hears of every run that ends; returns how to stop. */
  onEveryEnd(listener: EndWaiter): () => void {
    this.#ends.add(listener);
    return () => void this.#ends.delete(listener);
  }

  publish(update: RunUpdate): void {
    for (const watcher of this.#watchers.get(update.run) ?? []) watcher(update);
    for (const watcher of this.#all) watcher(update);
  }

  ended(end: FinishedRun): void {
    for (const listener of this.#ends) listener(end);
    const waiters = this.#waiters.get(end.run);
    if (waiters === undefined) return;
    this.#waiters.delete(end.run);
    for (const waiter of waiters) waiter(end);
  }
}
