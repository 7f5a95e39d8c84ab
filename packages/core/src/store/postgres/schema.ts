// The tables in PostgreSQL: the same steps as on SQLite, in its words, each in a transaction that also counts it.
import { SluiceError } from "@sluice/protocol";
import { migrations, newer } from "../sqlite/migrate.ts";
import type { PostgresConnection } from "./connection.ts";
import { prelude, primaryKeysOf, translateSchema, triggers } from "./dialect.ts";

export const primaryKeys = primaryKeysOf(migrations);

/** Oldest server that is supported, as `server_version_num` has it. */
const versionMin = 150_000;

/** Step after which the audit trail is there to be guarded. */
const auditStep = 2;

/** The number of the last event there ever was: SQLite keeps that by itself. */
const numbers: readonly string[] = [
  "CREATE TABLE IF NOT EXISTS event_numbers (one BIGINT PRIMARY KEY CHECK (one = 1), last BIGINT NOT NULL)",
  "INSERT INTO event_numbers (one, last) VALUES (1, 0) ON CONFLICT DO NOTHING",
];

/** Applies what is missing, all or nothing. Throws `data_folder_newer` for a schema that this program does not know. */
export function migratePostgres(db: PostgresConnection): void {
  const server = db.rows<{ version: string }>("SELECT current_setting('server_version_num') AS version")[0]?.version;
  if (Number(server) < versionMin) throw tooOld(String(server));
  db.run("BEGIN");
  db.run("CREATE TABLE IF NOT EXISTS sluice_schema (one BIGINT PRIMARY KEY CHECK (one = 1), steps BIGINT NOT NULL)");
  const from = db.rows<{ steps: number }>("SELECT steps FROM sluice_schema FOR UPDATE")[0]?.steps ?? 0;
  if (from > migrations.length) {
    db.run("ROLLBACK");
    throw newer(from, migrations.length);
  }
  for (const text of prelude) db.ask({ text, values: [] });
  for (const [index, step] of migrations.entries()) {
    if (index < from) continue;
    for (const text of translateSchema(step)) db.ask({ text, values: [] });
    if (index + 1 === auditStep) for (const text of triggers) db.ask({ text, values: [] });
  }
  for (const text of numbers) db.ask({ text, values: [] });
  const text = `INSERT INTO sluice_schema (one, steps) VALUES (1, ${migrations.length})
    ON CONFLICT (one) DO UPDATE SET steps = excluded.steps`;
  db.ask({ text, values: [] });
  db.run("COMMIT");
}

function tooOld(version: string): SluiceError {
  const message = `PostgreSQL 15 or newer is needed; the server says ${version}.`;
  return new SluiceError({ code: "store_failed", message, hint: "Upgrade the server, or use the embedded store." });
}
