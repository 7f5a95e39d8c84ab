// State in a SQLite file: it outlives the program, and locks hold between all programs of one machine that open the file.

import type { SqliteDatabase, SqliteRow } from "../sqlite.ts";
import { RuledState } from "./state.ts";
import type { StateBackend, StateRows, StateWorld, StoredLock, StoredValue } from "./state.ts";

const schema = `
CREATE TABLE IF NOT EXISTS state_values (
  key TEXT PRIMARY KEY, bytes BLOB NOT NULL, version INTEGER NOT NULL, expires_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS state_values_due ON state_values (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS state_locks (
  resource TEXT PRIMARY KEY, token TEXT, fence INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state_versions (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), last INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO state_versions VALUES (1, 0);
`;
/** How long one program waits for another that writes. */
const busyTimeoutMs = 5_000;

const readValue = "SELECT bytes, version, expires_at_ms FROM state_values WHERE key = ?";
const writeValue = "INSERT OR REPLACE INTO state_values VALUES (?, ?, ?, ?)";
const deleteValue = "DELETE FROM state_values WHERE key = ?";
const deleteExpired = "DELETE FROM state_values WHERE expires_at_ms <= ?";
const takeVersion = "UPDATE state_versions SET last = last + 1 RETURNING last";
const readLock = "SELECT token, fence, expires_at_ms FROM state_locks WHERE resource = ?";
const writeLock = "INSERT OR REPLACE INTO state_locks VALUES (?, ?, ?, ?)";

class SqliteRows implements StateRows {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  atomically<T>(body: () => T): T {
    return this.#database.transaction(body);
  }

  value(key: string): StoredValue | undefined {
    const row = this.#database.prepare(readValue).get(key);
    if (row === undefined) return undefined;
    return {
      bytes: row["bytes"] as Uint8Array,
      version: numberAt(row, "version") ?? 0,
      expiresAtMs: numberAt(row, "expires_at_ms"),
    };
  }

  putValue(key: string, { bytes, version, expiresAtMs }: StoredValue): void {
    this.#database.prepare(writeValue).run(key, bytes, version, expiresAtMs ?? null);
  }

  removeValue(key: string): void {
    this.#database.prepare(deleteValue).run(key);
  }

  removeExpired(nowMs: number): void {
    this.#database.prepare(deleteExpired).run(nowMs);
  }

  nextVersion(): number {
    const row = this.#database.prepare(takeVersion).get();
    return (row === undefined ? undefined : numberAt(row, "last")) ?? 0;
  }

  lock(resource: string): StoredLock | undefined {
    const row = this.#database.prepare(readLock).get(resource);
    if (row === undefined) return undefined;
    const { token } = row;
    return {
      token: typeof token === "string" ? token : undefined,
      fence: numberAt(row, "fence") ?? 0,
      expiresAtMs: numberAt(row, "expires_at_ms") ?? 0,
    };
  }

  putLock(resource: string, { token, fence, expiresAtMs }: StoredLock): void {
    this.#database.prepare(writeLock).run(resource, token ?? null, fence, expiresAtMs);
  }
}

function numberAt(row: SqliteRow, column: string): number | undefined {
  const value = row[column];
  return typeof value === "number" ? value : undefined;
}

/** Values and locks in an open database, which stays the caller's to close. What was answered is on the disk. */
export function sqliteState(database: SqliteDatabase, world: StateWorld): StateBackend {
  database.pragma(`busy_timeout = ${busyTimeoutMs}`);
  database.pragma("journal_mode = wal");
  database.pragma("synchronous = full");
  database.exec(schema);
  const capabilities = { multiNode: false, persistent: true, distributedLocks: true, pubSub: false };
  return new RuledState({ rows: new SqliteRows(database), world, capabilities });
}
