// The table of locks: who holds a name until when, and the fence that grows with every grant.
import type { Connection } from "./connection.ts";
import { lazily } from "./statement.ts";

export interface LockRow {
  readonly name: string;
  readonly fence: number;
  readonly run: string | null;
  readonly expiresAt: number | null;
}

export interface ExpiredLock {
  readonly name: string;
  readonly due: number;
  readonly no: number;
}

const columns = "name, fence, run, expires_at AS expiresAt";
const getSql = `SELECT ${columns} FROM locks WHERE name = ?`;
const grantSql = `INSERT INTO locks (name, fence, run, expires_at, no) VALUES (?, 1, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET fence = locks.fence + 1, run = excluded.run, expires_at = excluded.expires_at,
  no = excluded.no`;
const freeSql = "UPDATE locks SET run = NULL, expires_at = NULL WHERE name = ?";
const heldBySql = "SELECT name FROM locks WHERE run = ? ORDER BY name";
const waitedFor = "EXISTS (SELECT 1 FROM waits WHERE waits.ref = locks.name AND waits.kind = 'lock')";
const expiredSql = `SELECT name, no, expires_at AS due FROM locks WHERE expires_at <= ? AND ${waitedFor}
  ORDER BY expires_at, no LIMIT ?`;
const nextExpirySql = `SELECT min(expires_at) AS due FROM locks WHERE expires_at IS NOT NULL AND ${waitedFor}`;

export class LockTable {
  readonly #get;
  readonly #grant;
  readonly #free;
  readonly #heldBy;
  readonly #expired;
  readonly #nextExpiry;

  constructor(db: Connection) {
    this.#get = lazily<LockRow>(db, getSql);
    this.#grant = lazily(db, grantSql);
    this.#free = lazily(db, freeSql);
    this.#heldBy = lazily<{ name: string }>(db, heldBySql);
    this.#expired = lazily<ExpiredLock>(db, expiredSql);
    this.#nextExpiry = lazily<{ due: number | null }>(db, nextExpirySql);
  }

  get(name: string): LockRow | undefined {
    return this.#get().get(name) ?? undefined;
  }

  isFree(name: string, now: number): boolean {
    const lock = this.get(name);
    return lock === undefined || lock.run === null || (lock.expiresAt !== null && lock.expiresAt <= now);
  }

  /** Gives the lock to a run, whoever had it, and returns the new fence. */
  grant(name: string, run: string, p: { readonly expiresAt: number | undefined; readonly no: number }): number {
    this.#grant().run(name, run, p.expiresAt ?? null, p.no);
    const lock = this.get(name);
    if (lock === undefined) throw new Error(`the lock ${name} was granted and is not there`);
    return lock.fence;
  }

  free(name: string): void {
    this.#free().run(name);
  }

  heldBy(run: string): readonly string[] {
    return this.#heldBy()
      .all(run)
      .map((row) => row.name);
  }

  /** Locks that have run out under somebody who waits for them, in the order in which that happened. */
  expired(now: number, limit: number): readonly ExpiredLock[] {
    return this.#expired().all(now, limit);
  }

  /** When the first lock that somebody waits for runs out. */
  nextExpiry(): number | undefined {
    return this.#nextExpiry().get()?.due ?? undefined;
  }
}
