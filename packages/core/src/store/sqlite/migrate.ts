// Brings an older database to the schema of this version, one numbered step after the other.
import type { Database } from "bun:sqlite";
import runs from "./migrations/0001-runs.sql" with { type: "text" };

/** Steps in order; the number of the last one applied is the file's `user_version`. They only add. */
const migrations: readonly string[] = [runs];

/** Version of the schema that this program reads and writes. */
export const schemaVersion = migrations.length;

export function readSchemaVersion(db: Database): number {
  return db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

/** Applies what is missing, all or nothing. */
export function migrate(db: Database): void {
  const from = readSchemaVersion(db);
  if (from >= schemaVersion) return;
  db.transaction(() => {
    for (const sql of migrations.slice(from)) db.run(sql);
    db.run(`PRAGMA user_version = ${schemaVersion}`);
  }).immediate();
}
