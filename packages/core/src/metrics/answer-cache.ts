// Answers of queries that dashboards ask again and again: kept for a while, and gone at once when a series they looked at was told
// something within their span.
import type { Clock } from "../kernel/clock.ts";

export interface CachedSpan {
  /** Names of the metrics that were looked at; undefined: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** The last moment that was looked at. */
  readonly toMs: number;
}

interface Entry extends CachedSpan {
  readonly value: unknown;
  readonly untilMs: number;
}

export class AnswerCache {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Entry>();
  #cleaning: (() => void) | undefined;
  /** Grows with everything that is told: an answer that was begun before is not kept. */
  #version = 0;
  hits = 0;
  misses = 0;

  constructor(p: { readonly clock: Clock; readonly keptMs: number; readonly entriesMax: number }) {
    this.#clock = p.clock;
    this.#keptMs = p.keptMs;
    this.#entriesMax = p.entriesMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The kept answer, or what `make` makes, which is kept unless something was told meanwhile. */
  async get<T>(key: string, span: CachedSpan, make: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.untilMs > this.#clock.now()) {
      this.hits++;
      return entry.value as T;
    }
    this.misses++;
    const version = this.#version;
    const value = await make();
    if (this.#keptMs > 0 && version === this.#version) this.#keep(key, { ...span, value });
    return value;
  }

  #keep(key: string, entry: Omit<Entry, "untilMs">): void {
    this.#entries.delete(key);
    this.#entries.set(key, { ...entry, untilMs: this.#clock.now() + this.#keptMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#entriesMax && oldest !== undefined) this.#entries.delete(oldest);
    this.#cleaning ??= this.#clock.after(this.#keptMs, () => this.#clean());
  }

  /** Entries whose time is over hold memory until somebody takes them out. */
  #clean(): void {
    this.#cleaning = undefined;
    const nowMs = this.#clock.now();
    for (const [key, { untilMs }] of this.#entries) if (untilMs <= nowMs) this.#entries.delete(key);
    if (this.#entries.size > 0) this.#cleaning = this.#clock.after(this.#keptMs, () => this.#clean());
  }

  /** Samples came: the earliest of each metric, by its name. */
  told(earliest: ReadonlyMap<string, number>): void {
    this.#version++;
    for (const [key, { names, toMs }] of this.#entries) {
      const isTouched = [...earliest].some(([name, ms]) => ms <= toMs && (names === undefined || names.has(name)));
      if (isTouched) this.#entries.delete(key);
    }
  }

  close(): void {
    this.#cleaning?.();
    this.#entries.clear();
  }
}
