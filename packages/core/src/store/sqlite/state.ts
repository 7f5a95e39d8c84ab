// The table of shared state: keys with a version and an optional time to live; what has expired is absent.
import type { Connection } from "./connection.ts";
import type { StateEntry, StateOnce } from "../../kernel/run-store.ts";
import type { Mutable } from "./run-row.ts";
import { lazily } from "./statement.ts";

export interface StateRow {
  readonly scope: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly version: number;
  readonly expiresAt: number | null;
}

/** What a change came to that is made once. */
interface MadeOnce {
  readonly version: number;
  readonly value: Uint8Array;
}

export const stateColumns = "scope, key, value, version, expires_at AS expiresAt";
export const getStateSql = `SELECT ${stateColumns} FROM state WHERE scope = ? AND key = ?`;
const putSql = `INSERT INTO state (scope, key, value, version, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, version = excluded.version,
  expires_at = excluded.expires_at`;
const deleteSql = "DELETE FROM state WHERE scope = ? AND key = ?";
const floorSql = "SELECT version FROM state_floor WHERE one = 1";
const raiseSql = "UPDATE state_floor SET version = max(version, ?) WHERE one = 1";
const ofScopeSql = "SELECT key FROM state WHERE scope = ?";
const expiredSql = "SELECT scope, key FROM state WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";

export class StateTable {
  readonly #get;
  readonly #put;
  readonly #delete;
  readonly #floor;
  readonly #raise;
  readonly #getOnce;
  readonly #putOnce;
  readonly #forgetOnce;
  readonly #ofScope;
  readonly #expired;

  constructor(db: Connection) {
    this.#get = lazily<StateRow>(db, getStateSql);
    this.#put = lazily(db, putSql);
    this.#delete = lazily(db, deleteSql);
    this.#floor = lazily<{ version: number }>(db, floorSql);
    this.#raise = lazily(db, raiseSql);
    this.#getOnce = lazily<MadeOnce>(db, "SELECT version, value FROM state_once WHERE run = ? AND id = ?");
    this.#putOnce = lazily(db, "INSERT INTO state_once (run, id, version, value) VALUES (?, ?, ?, ?)");
    this.#forgetOnce = lazily(db, "DELETE FROM state_once WHERE run = ?");
    this.#ofScope = lazily<{ key: string }>(db, ofScopeSql);
    this.#expired = lazily<{ scope: string; key: string }>(db, expiredSql);
  }

  /** The row even when it has expired: its version goes on growing. */
  row(scope: string, key: string): StateRow | undefined {
    return this.#get().get(scope, key) ?? undefined;
  }

  get(scope: string, key: string, now: number): StateRow | undefined {
    const row = this.row(scope, key);
    return row === undefined || isExpired(row, now) ? undefined : row;
  }

  /** Writes a value and returns its version: above every one that a key of this name ever had. */
  put(at: { scope: string; key: string; expiresAt?: number | undefined }, value: Uint8Array): number {
    const version = (this.row(at.scope, at.key)?.version ?? this.#floor().get()?.version ?? 0) + 1;
    this.#put().run(at.scope, at.key, value, version, at.expiresAt ?? null);
    return version;
  }

  delete(scope: string, key: string): void {
    const version = this.row(scope, key)?.version;
    if (version !== undefined) this.#raise().run(version);
    this.#delete().run(scope, key);
  }

  /** What a change came to that was made before. */
  madeOnce({ run, id }: StateOnce): MadeOnce | undefined {
    return this.#getOnce().get(run, id) ?? undefined;
  }

  putOnce({ run, id }: StateOnce, { version, value }: MadeOnce): void {
    this.#putOnce().run(run, id, version, value);
  }

  /** The run is gone, or what it knew. */
  forgetOnce(run: string): void {
    this.#forgetOnce().run(run);
  }

  keysOf(scope: string): readonly string[] {
    return this.#ofScope()
      .all(scope)
      .map((row) => row.key);
  }

  expired(now: number, limit: number): readonly { scope: string; key: string }[] {
    return this.#expired().all(now, limit);
  }
}

export function isExpired(row: StateRow, now: number): boolean {
  return row.expiresAt !== null && row.expiresAt <= now;
}

export function toStateEntry(row: StateRow): StateEntry {
  const entry: Mutable<StateEntry> = { scope: row.scope, key: row.key, value: row.value, version: row.version };
  if (row.expiresAt !== null) entry.expiresAt = row.expiresAt;
  return entry;
}
