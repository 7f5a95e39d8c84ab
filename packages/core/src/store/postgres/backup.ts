// A backup of data in PostgreSQL: a file as the embedded store has it, of one moment, written while work goes on.
import { renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { SqliteConnection, type Connection } from "../sqlite/connection.ts";
import { migrate } from "../sqlite/migrate.ts";
import { sync } from "../sqlite/backup.ts";
import { copyTable, settleNumbers, tablesOf } from "./copy.ts";

/** Copies everything to a file, replacing what is there. */
export function backupToFile(from: Connection, path: string): { readonly bytes: number } {
  const part = `${path}.part`;
  rmSync(part, { force: true });
  try {
    const to = new SqliteConnection(part, "create");
    try {
      to.run("PRAGMA auto_vacuum = INCREMENTAL");
      to.run("PRAGMA synchronous = OFF");
      migrate(to);
      from.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      for (const table of tablesOf(to)) copyTable(from, to, { table });
      settleNumbers(from, to);
    } finally {
      from.run("ROLLBACK");
      to.close();
    }
    sync(part);
    renameSync(part, path);
    sync(dirname(path));
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  return { bytes: statSync(path).size };
}
