// Remembers results of queries and texts of values, and counts how that goes. For programs that use it; the engine does not.
import { parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";

export interface PerformanceMetrics {
  readonly databaseQueries: {
    readonly total: number;
    readonly cached: number;
    readonly slow: number;
    /** Milliseconds. */
    readonly averageTime: number;
  };
  readonly cache: { readonly hits: number; readonly misses: number; readonly hitRate: number; readonly size: number };
  readonly serialization: {
    readonly totalOperations: number;
    /** Milliseconds. */
    readonly averageTime: number;
    /** Bytes of all texts that were made. */
    readonly compressedSize: number;
  };
  /** Bytes. */
  readonly memory: { readonly used: number; readonly peak: number; readonly garbageCollections: number };
}

export interface CacheOptions {
  readonly maxSize: number;
  readonly ttl: Duration;
}

export interface DatabaseOptimizationOptions {
  readonly connectionPoolSize: number;
  /** Milliseconds. */
  readonly queryTimeout: number;
  readonly enableQueryCache: boolean;
  /** Milliseconds. */
  readonly slowQueryThreshold: number;
}

const cacheDefaults: CacheOptions = { maxSize: 1_000, ttl: "1h" };
const databaseDefaults: DatabaseOptimizationOptions = {
  connectionPoolSize: 10,
  queryTimeout: 5_000,
  enableQueryCache: true,
  slowQueryThreshold: 100,
};
/** Below these the recommendations begin. */
const hitRateGood = 0.5;
const serializationMsGood = 10;
const memoryBytesGood = 50 * 1024 * 1024;
const textsMax = 1_000;

export class PerformanceOptimizer {
  readonly #cache: CacheOptions;
  readonly #database: DatabaseOptimizationOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, { readonly value: unknown; readonly until: number }>();
  readonly #texts = new WeakMap<object, string>();
  readonly #connections = new Set<string>();
  readonly #waiting: ((connection: string) => void)[] = [];
  #counts = zero();
  #peak = 0;
  #made = 0;

  constructor(
    cache: Partial<CacheOptions> = {},
    database: Partial<DatabaseOptimizationOptions> = {},
    now: () => number = () => performance.now(),
  ) {
    this.#cache = { ...cacheDefaults, ...cache };
    this.#database = { ...databaseDefaults, ...database };
    this.#now = now;
  }

  /** Runs a query, or gives its remembered result where it has a key. Rejects when the query does, or takes too long. */
  async optimizeDatabaseQuery<T>(query: () => Promise<T>, key?: string): Promise<T> {
    this.#counts.queries++;
    const kept = key === undefined || !this.#database.enableQueryCache ? undefined : this.#read(key);
    if (kept !== undefined) {
      this.#counts.cachedQueries++;
      return kept.value as T;
    }
    const begun = this.#now();
    const value = await this.#inTime(query);
    const tookMs = this.#now() - begun;
    this.#counts.queryMs += tookMs;
    if (tookMs > this.#database.slowQueryThreshold) this.#counts.slowQueries++;
    if (key !== undefined) this.#write(key, value);
    return value;
  }

  async #inTime<T>(query: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const limitMs = this.#database.queryTimeout;
    const timer = setTimeout(() => late.reject(new Error(`The query took longer than ${limitMs} ms`)), limitMs);
    try {
      return await Promise.race([query(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One of so many places; waits where all are taken. */
  async getConnection(): Promise<string> {
    if (this.#connections.size >= this.#database.connectionPoolSize)
      return new Promise((resolve) => void this.#waiting.push(resolve));
    const connection = `connection-${++this.#made}`;
    this.#connections.add(connection);
    return connection;
  }

  releaseConnection(connection: string): void {
    if (!this.#connections.has(connection)) return;
    const next = this.#waiting.shift();
    if (next === undefined) this.#connections.delete(connection);
    else next(connection);
  }

  #read(key: string): { readonly value: unknown } | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.until > this.#now()) {
      this.#counts.hits++;
      return entry;
    }
    this.#entries.delete(key);
    this.#counts.misses++;
    return undefined;
  }

  #write(key: string, value: unknown): void {
    const oldest = this.#entries.size >= this.#cache.maxSize ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, { value, until: this.#now() + parseDuration(this.#cache.ttl) });
  }

  /** The JSON of a value; that of the same object is made once. */
  optimizeSerialization(data: unknown): string {
    this.#counts.serializations++;
    const kept = typeof data === "object" && data !== null ? this.#texts.get(data) : undefined;
    if (kept !== undefined) return kept;
    const begun = this.#now();
    const text = JSON.stringify(data) ?? "null";
    this.#counts.serializationMs += this.#now() - begun;
    this.#counts.textBytes += text.length;
    if (typeof data === "object" && data !== null && text.length <= textsMax * 1_024) this.#texts.set(data, text);
    return text;
  }

  getMetrics(): PerformanceMetrics {
    const c = this.#counts;
    const looked = c.hits + c.misses;
    const made = c.queries - c.cachedQueries;
    const { heapUsed: used } = process.memoryUsage();
    this.#peak = Math.max(this.#peak, used);
    return {
      databaseQueries: {
        total: c.queries,
        cached: c.cachedQueries,
        slow: c.slowQueries,
        averageTime: made === 0 ? 0 : c.queryMs / made,
      },
      cache: { hits: c.hits, misses: c.misses, hitRate: looked === 0 ? 0 : c.hits / looked, size: this.#entries.size },
      serialization: {
        totalOperations: c.serializations,
        averageTime: c.serializations === 0 ? 0 : c.serializationMs / c.serializations,
        compressedSize: c.textBytes,
      },
      memory: { used, peak: this.#peak, garbageCollections: 0 },
    };
  }

  resetMetrics(): void {
    this.#counts = zero();
    this.#peak = 0;
  }

  getPerformanceRecommendations(): string[] {
    const { databaseQueries, cache, memory, serialization } = this.getMetrics();
    const found: string[] = [];
    if (databaseQueries.slow > 0) found.push(`${databaseQueries.slow} slow queries: add indexes`);
    if (cache.hits + cache.misses > 0 && cache.hitRate < hitRateGood)
      found.push("Cache hit rate is low: keep more, for longer");
    if (memory.used > memoryBytesGood) found.push("Memory usage is high: keep less");
    if (serialization.averageTime > serializationMsGood) found.push("Serialization is slow: send less");
    return found;
  }

  destroy(): void {
    this.#entries.clear();
    this.#connections.clear();
  }
}

function zero(): Record<
  | "queries"
  | "cachedQueries"
  | "slowQueries"
  | "queryMs"
  | "hits"
  | "misses"
  | "serializations"
  | "serializationMs"
  | "textBytes",
  number
> {
  return {
    queries: 0,
    cachedQueries: 0,
    slowQueries: 0,
    queryMs: 0,
    hits: 0,
    misses: 0,
    serializations: 0,
    serializationMs: 0,
    textBytes: 0,
  };
}
