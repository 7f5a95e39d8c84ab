// Brings an older database to the schema of this version, one numbered step after the other.
import { SluiceError } from "@sluice/protocol";
import type { SqliteConnection } from "./connection.ts";
import runs from "./migrations/0001-runs.sql" with { type: "text" };
import identity from "./migrations/0002-identity.sql" with { type: "text" };
import data from "./migrations/0007-data.sql" with { type: "text" };
import figures from "./migrations/0003-figures.sql" with { type: "text" };
import flow from "./migrations/0004-flow.sql" with { type: "text" };
import triggers from "./migrations/0005-triggers.sql" with { type: "text" };
import services from "./migrations/0006-services.sql" with { type: "text" };
import payloadKeys from "./migrations/0009-payload-keys.sql" with { type: "text" };
import approvals from "./migrations/0008-approvals.sql" with { type: "text" };
import workers from "./migrations/0010-workers.sql" with { type: "text" };
import tasks from "./migrations/0011-tasks.sql" with { type: "text" };
import clusters from "./migrations/0022-clusters.sql" with { type: "text" };
import places from "./migrations/0012-places.sql" with { type: "text" };
import heldStarts from "./migrations/0013-held-starts.sql" with { type: "text" };
import stateOnce from "./migrations/0014-state-once.sql" with { type: "text" };
import blobScopes from "./migrations/0015-blob-scopes.sql" with { type: "text" };

/** Steps in order; the number of the last one applied is the file's `user_version`. They only add. */
export const migrations: readonly string[] = [
  runs,
  identity,
  figures,
  flow,
  triggers,
  services,
  data,
  approvals,
  payloadKeys,
  workers,
  tasks,
  places,
  heldStarts,
  stateOnce,
  blobScopes,
  clusters,
];

/** Marks a database file as ours, in its header; the letters `Slui`. */
export const applicationId = 0x536c7569;

export function readSchemaVersion(db: SqliteConnection): number {
  return db.rows<{ user_version: number }>("PRAGMA user_version")[0]?.user_version ?? 0;
}

/** Applies what is missing, all or nothing. Throws `data_folder_newer` for a schema that this program does not know. */
export function migrate(db: SqliteConnection, steps: readonly string[] = migrations): void {
  const from = readSchemaVersion(db);
  if (from > steps.length) throw newer(from, steps.length);
  if (from === steps.length) return;
  db.transaction(() => {
    for (const sql of steps.slice(from)) db.run(sql);
    db.run(`PRAGMA application_id = ${applicationId}`);
    db.run(`PRAGMA user_version = ${steps.length}`);
  }).immediate();
}

export function newer(found: number, known: number): SluiceError {
  return new SluiceError({
    code: "data_folder_newer",
    message: `The data folder was written by a newer version (schema ${found}; this one knows ${known}). It was not touched.`,
    hint: "Start the newer version, or restore the backup that it made before it took the folder over.",
  });
}
