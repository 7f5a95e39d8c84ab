// The cache of builds over one folder: opened by as many processes as like, each of which sees what the others write.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import { BlobShelf } from "./blob-shelf.ts";
import { CacheIndex } from "./cache-index.ts";
import type { CacheTotals, GoneRow } from "./cache-index.ts";
import { CacheUses } from "./cache-uses.ts";
import { CacheView } from "./cache-view.ts";
import type { CacheCaller, CacheViewParts } from "./cache-view.ts";
import { evict } from "./eviction.ts";
import type { Evicted } from "./eviction.ts";
import type { CacheLimits } from "./limits.ts";
import { PieceFolder } from "./piece-folder.ts";
import type { CacheSigner, Signed } from "./signing.ts";

/** How often a cache that stays open looks for what nobody uses any more. */
const evictEveryMs = 3_600_000;
const evictedCount = "evictedAt";

export interface CacheParts {
  /** Made where it is not there; nobody else can look into it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Names this life of the machine, as `/proc/sys/kernel/random/boot_id` does. */
  readonly boot: string;
  readonly signer: CacheSigner;
  readonly limits: CacheLimits;
  /** Hears of failures that nobody waits for. */
  readonly failed: (what: string, error: unknown) => void;
}

export interface CacheStats extends CacheTotals {
  readonly bytesMax: number;
  /** Files that were not what they should be and were put aside. */
  readonly quarantined: number;
  /** Look-ups since the cache was made, by space. */
  readonly spaces: Readonly<Record<string, { readonly hits: number; readonly misses: number }>>;
}

/** What is, and was, under a key. */
export interface CacheWhy {
  readonly entries: readonly {
    readonly scope: string;
    readonly space: string;
    readonly by: string;
    readonly createdAt: number;
    readonly usedAt: number;
    readonly hits: number;
    readonly bytes: number;
    /** `missing`: blobs that it names are not there. */
    readonly state: "good" | "bad_signature" | "missing";
  }[];
  readonly gone: readonly GoneRow[];
}

export class Cache {
  readonly #parts: CacheParts;
  readonly #view: CacheViewParts;
  readonly #index: CacheIndex;
  readonly #files: PieceFolder;
  #cancel: (() => void) | undefined;
  #evicting: Promise<Evicted> | undefined;
  #closed = false;

  private constructor(parts: CacheParts) {
    const { folder, clock, newId, boot, limits, signer } = parts;
    this.#parts = parts;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#index = new CacheIndex(join(folder, "index.db"));
    this.#files = new PieceFolder({ folder: join(folder, "blobs"), boot, newId });
    const now = (): number => clock.now();
    const { cacheBlobBytesMax: blobBytesMax, cacheUploadsMax: uploadsMax, cacheInUseMs: inUseMs } = limits;
    const index = this.#index;
    const shelf = new BlobShelf({ index, files: this.#files, now, newId, blobBytesMax, uploadsMax });
    const uses = new CacheUses({
      index,
      clock,
      inUseMs,
      failed: (error) => parts.failed("uses were not noted", error),
    });
    this.#view = { index, shelf, signer, uses, limits, now, grown: () => this.#grown() };
    this.#later(evictEveryMs);
  }

  /** Throws `store_failed` or `disk_full` where the folder cannot be used. */
  static open(parts: CacheParts): Cache {
    try {
      return new Cache(parts);
    } catch (error) {
      throw cacheFailure(error);
    }
  }

  view(caller: CacheCaller): CacheView {
    return new CacheView(this.#view, caller);
  }

  /** A word that only this cache can have given out, and any process that opens it knows again. */
  sealTicket(content: string): string {
    return this.#parts.signer.sign(ticketOf(content));
  }

  isTicket(content: string, seal: string): boolean {
    return this.#parts.signer.isGood(ticketOf(content), seal);
  }

  stats(): CacheStats {
    this.#view.uses.flush();
    const spaces: Record<string, { hits: number; misses: number }> = {};
    for (const [name, value] of Object.entries(this.#index.counts())) {
      const [, kind = "", space = ""] = /^(hits|misses):(.*)$/.exec(name) ?? [];
      if (kind === "") continue;
      const counts = (spaces[space] ??= { hits: 0, misses: 0 });
      counts[kind as "hits" | "misses"] = value;
    }
    return {
      ...this.#index.totals(),
      bytesMax: this.#parts.limits.cacheBytesMax,
      quarantined: this.#files.quarantined().length,
      spaces,
    };
  }

  /** `scopes`: those that may be told of; undefined is all of them. */
  why(key: string, scopes: readonly string[] | undefined): CacheWhy {
    this.#view.uses.flush();
    const { shelf, signer } = this.#view;
    const mayKnow = ({ scope }: { readonly scope: string }): boolean => scopes === undefined || scopes.includes(scope);
    const entries = this.#index
      .entriesUnder(key)
      .filter(mayKnow)
      .map((row) => {
        const digests = this.#index.digestsOf(row.id);
        const isSigned = signer.isGood({ ...row, digests }, row.signature);
        const blobs = isSigned ? digests.map((digest) => shelf.open(digest)) : [];
        const bytes = blobs.reduce((sum, blob) => sum + (typeof blob === "string" ? 0 : blob.size), 0);
        const state = !isSigned ? "bad_signature" : blobs.some((blob) => typeof blob === "string") ? "missing" : "good";
        const { scope, space, by, createdAt, usedAt, hits } = row;
        return { scope, space, by, createdAt, usedAt, hits, bytes, state } as const;
      });
    return { entries, gone: this.#index.goneUnder(key).filter(mayKnow) };
  }

  /** Takes out what is old, and what is too much; one that is under way is waited for. `bytesMax`: in the place of the limit. */
  async evict(bytesMax?: number): Promise<Evicted> {
    await this.#evicting;
    this.#view.uses.flush();
    const { limits, clock } = this.#parts;
    const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const parts = { index: this.#index, shelf: this.#view.shelf, files: this.#files, limits, pause };
    const evicting = evict(parts, clock.now(), bytesMax);
    const settled = evicting.finally(() => {
      if (this.#evicting === settled) this.#evicting = undefined;
    });
    this.#evicting = settled;
    const evicted = await settled;
    const last = this.#index.counts()[evictedCount] ?? 0;
    this.#index.count(evictedCount, clock.now() - last);
    return evicted;
  }

  /** For programs that come and go: takes out what is too much, or what is old where nobody has looked for an hour. */
  async tidy(): Promise<void> {
    const { limits, clock } = this.#parts;
    const isLarge = limits.cacheBytesMax > 0 && this.#index.bytes > limits.cacheBytesMax;
    const isLongAgo = (this.#index.counts()[evictedCount] ?? 0) < clock.now() - evictEveryMs;
    if (isLarge || isLongAgo) await this.evict();
  }

  /** Writes what it has gathered, and closes its files. What is still being read or written fails. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#evicting?.catch(() => undefined);
    this.#view.uses.flush();
    this.#index.close();
  }

  #grown(): void {
    const { cacheBytesMax } = this.#parts.limits;
    if (cacheBytesMax > 0 && this.#evicting === undefined && this.#index.bytes > cacheBytesMax) this.#later(0);
  }

  #later(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#parts.clock.after(ms, () => {
      if (this.#closed) return;
      this.evict()
        .catch((error: unknown) => this.#parts.failed("the cache could not be tidied", error))
        .finally(() => {
          if (!this.#closed) this.#later(evictEveryMs);
        });
    });
  }
}

/** No entry is in this place: a scope has a name. */
function ticketOf(content: string): Signed {
  return { scope: "", space: "ticket", key: content, by: "", body: "", digests: [] };
}

/** What callers are told about a failure of a file. */
export function cacheFailure(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "ENOSPC" || code === "EDQUOT" || code === "SQLITE_FULL") {
    const message = "The disk that holds the cache is full; nothing was written.";
    return new SluiceError({ code: "disk_full", message, hint: "Free some space, or lower limits.cacheBytesMax." });
  }
  const said = error instanceof Error ? error.message : String(error);
  const message = `The cache could not be read or written${code === "" ? "" : ` (${code})`}: ${said}`;
  return new SluiceError({ code: "store_failed", message }, { cause: error });
}
