// The tables of results that runs share, and of the runs that are making one while others wait.
import { cacheName } from "../../kernel/step-cache.ts";
import type { StepCacheEntry, StepCacheFilter } from "../../kernel/step-cache.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import { blobOwners } from "./blob-refs.ts";
import type { Connection } from "./connection.ts";
import { decodeCursor, encodeCursor, invalidCursor } from "./cursor.ts";
import { fitsPatterns } from "./patterns.ts";
import { lazily } from "./statement.ts";
import type { Tables } from "./tables.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

const columns = "scope, step, key, value, created_at AS createdAt, expires_at AS expiresAt, run, hits";
const getSql = `SELECT ${columns} FROM step_cache WHERE scope = ? AND step = ? AND key = ? AND expires_at > ?`;
const putSql = `INSERT OR REPLACE INTO step_cache (scope, step, key, value, created_at, expires_at, run, hits)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const hitSql = "UPDATE step_cache SET hits = hits + ? WHERE scope = ? AND step = ? AND key = ?";
const deleteSql = "DELETE FROM step_cache WHERE scope = ? AND step = ? AND key = ?";
const expiredSql = "SELECT scope, step, key FROM step_cache WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
const countSql = "SELECT count(*) AS n FROM step_cache";
const firstToExpireSql = "SELECT scope, step, key FROM step_cache ORDER BY expires_at LIMIT ?";
const flightSql = "SELECT run, seq FROM step_flights WHERE name = ?";
const beginSql = "INSERT OR REPLACE INTO step_flights (name, run, seq) VALUES (?, ?, ?)";
const endSql = "DELETE FROM step_flights WHERE name = ?";
const ofRunSql = "SELECT name, seq FROM step_flights WHERE run = ? ORDER BY name";

/** Names a result. */
export interface StepCacheKey {
  readonly scope: string;
  readonly step: string;
  readonly key: string;
}

export class StepCacheTable {
  readonly #get;
  readonly #put;
  readonly #hit;
  readonly #delete;
  readonly #expired;
  readonly #count;
  readonly #firstToExpire;
  readonly #flight;
  readonly #begin;
  readonly #end;
  readonly #ofRun;

  constructor(db: Connection) {
    this.#get = lazily<StepCacheEntry>(db, getSql);
    this.#put = lazily(db, putSql);
    this.#hit = lazily(db, hitSql);
    this.#delete = lazily(db, deleteSql);
    this.#expired = lazily<StepCacheKey>(db, expiredSql);
    this.#count = lazily<{ n: number }>(db, countSql);
    this.#firstToExpire = lazily<StepCacheKey>(db, firstToExpireSql);
    this.#flight = lazily<{ run: string; seq: number }>(db, flightSql);
    this.#begin = lazily(db, beginSql);
    this.#end = lazily(db, endSql);
    this.#ofRun = lazily<{ name: string; seq: number }>(db, ofRunSql);
  }

  get({ scope, step, key }: StepCacheKey, now: number): StepCacheEntry | undefined {
    return this.#get().get(scope, step, key, now) ?? undefined;
  }

  put(entry: StepCacheEntry): void {
    const { scope, step, key, value, createdAt, expiresAt, run, hits } = entry;
    this.#put().run(scope, step, key, value, createdAt, expiresAt, run, hits);
  }

  hit({ scope, step, key }: StepCacheKey, times: number): void {
    this.#hit().run(times, scope, step, key);
  }

  delete({ scope, step, key }: StepCacheKey): boolean {
    return this.#delete().run(scope, step, key).changes > 0;
  }

  /** What has expired, or where more than `keep` are there those that would be the first to. */
  overdue(now: number, keep: number, limit: number): readonly StepCacheKey[] {
    const expired = this.#expired().all(now, limit);
    if (expired.length > 0) return expired;
    const surplus = (this.#count().get()?.n ?? 0) - keep;
    return surplus <= 0 ? [] : this.#firstToExpire().all(Math.min(surplus, limit));
  }

  /** Which step of which run makes the result of this name. */
  flight(name: string): { readonly run: string; readonly seq: number } | undefined {
    return this.#flight().get(name) ?? undefined;
  }

  beginFlight(name: string, run: string, seq: number): void {
    this.#begin().run(name, run, seq);
  }

  endFlight(name: string): void {
    this.#end().run(name);
  }

  flightsOf(run: string): readonly { readonly name: string; readonly seq: number }[] {
    return this.#ofRun().all(run);
  }
}

function forgetResult(t: Tables, at: StepCacheKey): void {
  t.stepCache.delete(at);
  t.blobs.release(blobOwners.stepCache(cacheName(at.scope, at.step, at.key)));
}

/** Deletes what has expired and what is too much; how many. */
export function sweepStepCache(t: Tables, p: Params<"sweep">): number {
  const over = t.stepCache.overdue(p.now, p.cacheEntriesMax ?? Number.MAX_SAFE_INTEGER, p.limit);
  for (const at of over) forgetResult(t, at);
  return over.length;
}

export function clearStepCache(t: Tables, p: Params<"clearStepCache">): { cleared: number } {
  const { where, values } = conditions(p.filter, p.access?.workflows);
  const sql = `SELECT scope, step, key FROM step_cache WHERE ${where} LIMIT ?`;
  const found = t.db.rows<StepCacheKey>(sql, ...values, p.limit);
  for (const at of found) forgetResult(t, at);
  return { cleared: found.length };
}

export function listStepCache(
  db: Connection,
  p: Params<"listStepCache">,
): { readonly entries: readonly StepCacheEntry[]; readonly next?: string | undefined } {
  const { where, values } = conditions(p.filter, p.access?.workflows);
  const after = p.cursor === undefined ? undefined : keyIn(p.cursor);
  const page = after === undefined ? "" : "AND (scope, step, key) > (?, ?, ?)";
  const sql = `SELECT ${columns} FROM step_cache WHERE ${where} AND expires_at > ? ${page}
    ORDER BY scope, step, key LIMIT ?`;
  const found = db.rows<StepCacheEntry>(sql, ...values, p.now, ...(after ?? []), p.limit + 1);
  const entries = found.slice(0, p.limit);
  const last = entries.at(-1);
  if (found.length <= p.limit || last === undefined) return { entries };
  return { entries, next: encodeCursor(cacheName(last.scope, last.step, last.key)) };
}

function keyIn(cursor: string): readonly [string, string, string] {
  try {
    const [scope, step, key] = JSON.parse(decodeCursor(cursor)) as readonly unknown[];
    if (typeof scope === "string" && typeof step === "string" && typeof key === "string") return [scope, step, key];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidCursor();
}

function conditions(
  filter: StepCacheFilter,
  workflows: readonly string[] | undefined,
): { readonly where: string; readonly values: readonly string[] } {
  const parts = ["TRUE"];
  const values: string[] = [];
  for (const name of ["scope", "step", "key"] as const) {
    const value = filter[name];
    if (value === undefined) continue;
    parts.push(`${name} = ?`);
    values.push(value);
  }
  if (workflows !== undefined) {
    const seen = fitsPatterns("substr(scope, 10)", workflows);
    parts.push(`scope LIKE 'workflow:%' AND ${seen.sql}`);
    values.push(...seen.values);
  }
  return { where: parts.join(" AND "), values };
}
