// The table of log lines that runs write.
import type { Connection } from "./connection.ts";
import type { LogOp } from "@sluice/protocol";
import { lazily } from "./statement.ts";

// The index is named: without statistics SQLite looks through all lines of the run for each new one.
export const insertLogSql = `INSERT INTO run_logs (run, line, level, message, data, at, key)
  SELECT ?1, (SELECT coalesce(max(line), 0) + 1 FROM run_logs WHERE run = ?1), ?2, ?3, ?4, ?5, ?6
  WHERE NOT EXISTS (SELECT 1 FROM run_logs INDEXED BY run_logs_by_key
    WHERE run = ?1 AND key = ?6 AND level = ?2 AND message = ?3 AND data IS ?4)`;
const deleteSql = "DELETE FROM run_logs WHERE run = ?";

export class LogTable {
  readonly #insert;
  readonly #delete;

  constructor(db: Connection) {
    this.#insert = lazily(db, insertLogSql);
    this.#delete = lazily(db, deleteSql);
  }

  /** Adds a line; the same line under the same key was written again by an incarnation that did something again. */
  add(run: string, line: LogOp): void {
    this.#insert().run(run, line.level, line.message, line.data ?? null, line.at, line.key ?? null);
  }

  deleteAll(run: string): void {
    this.#delete().run(run);
  }
}
