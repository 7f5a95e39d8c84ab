// Uses of what is in the cache, gathered: a read costs no write, only now and then one for many.
import type { Clock } from "../../kernel/clock.ts";
import type { CacheIndex, EntryRow } from "./cache-index.ts";
import type { OpenBlob } from "./blob-shelf.ts";

/** Uses are written when they have waited so long, or when there are so many. */
const gatheredMs = 1_000;
const gatheredMax = 2_000;

export class CacheUses {
  readonly #index: CacheIndex;
  readonly #clock: Clock;
  readonly #notedMs: number;
  readonly #failed: (error: unknown) => void;
  readonly #entries = new Map<number, number>();
  readonly #blobs = new Set<string>();
  readonly #counts = new Map<string, number>();
  #cancel: (() => void) | undefined;

  /** `inUseMs`: how long a use protects; one that is a quarter of it old is noted again. `failed` hears why uses were not noted. */
  constructor(p: {
    readonly index: CacheIndex;
    readonly clock: Clock;
    readonly inUseMs: number;
    readonly failed: (error: unknown) => void;
  }) {
    this.#index = p.index;
    this.#clock = p.clock;
    this.#notedMs = p.inUseMs / 4;
    this.#failed = p.failed;
  }

  hit(row: EntryRow, space: string): void {
    this.#entries.set(row.id, (this.#entries.get(row.id) ?? 0) + 1);
    this.#count(`hits:${space}`);
  }

  miss(space: string): void {
    this.#count(`misses:${space}`);
  }

  blob({ digest, usedAt }: OpenBlob): void {
    if (usedAt >= this.#clock.now() - this.#notedMs) return;
    this.#blobs.add(digest);
    this.#soon();
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#soon();
  }

  #soon(): void {
    if (this.#entries.size + this.#blobs.size >= gatheredMax) this.flush();
    else this.#cancel ??= this.#clock.after(gatheredMs, () => this.flush());
  }

  /** Writes what has been gathered. A disk that does not take it costs nothing but the order of eviction. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const now = this.#clock.now();
    try {
      this.#index.together(() => {
        for (const [id, hits] of this.#entries) this.#index.touchEntry(id, { hits, now });
        for (const digest of this.#blobs) this.#index.touchBlob(digest, now);
        for (const [name, by] of this.#counts) this.#index.count(name, by);
      });
    } catch (error) {
      this.#failed(error);
    }
    this.#entries.clear();
    this.#blobs.clear();
    this.#counts.clear();
  }
}
