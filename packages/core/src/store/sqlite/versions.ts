// The table of code versions that workers have brought.
import type { Connection } from "./connection.ts";
import type { VersionRecord } from "../../kernel/run-store.ts";
import { lazily } from "./statement.ts";

export const listVersionsSql =
  "SELECT version, created_at AS createdAt, manifest FROM versions ORDER BY created_at, version";
/** Unfinished runs by version; spells out the states so that the index of what has not completed serves. */
export const versionsInUseSql = `SELECT version, count(*) AS runs FROM runs WHERE status <> 'completed'
  AND status IN ('queued', 'running', 'waiting', 'paused', 'undoing') GROUP BY version ORDER BY version`;
const putSql = `INSERT INTO versions (version, created_at, manifest) VALUES (?, ?, ?)
  ON CONFLICT (version) DO UPDATE SET manifest = excluded.manifest`;

export class VersionTable {
  readonly #put;

  constructor(db: Connection) {
    this.#put = lazily(db, putSql);
  }

  /** Adds a version; one that is there keeps its time and takes the manifest. */
  put(version: VersionRecord): void {
    this.#put().run(version.version, version.createdAt, version.manifest);
  }
}
