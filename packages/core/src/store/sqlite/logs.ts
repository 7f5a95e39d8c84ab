// The table of log lines that runs write.
import type { Connection } from "./connection.ts";
import type { LogOp } from "@sluice/protocol";
import { lazily } from "./statement.ts";

const insertSql = `INSERT INTO run_logs (run, line, level, message, data, at)
  VALUES (?1, (SELECT coalesce(max(line), 0) + 1 FROM run_logs WHERE run = ?1), ?2, ?3, ?4, ?5)`;
const deleteSql = "DELETE FROM run_logs WHERE run = ?";

export class LogTable {
  readonly #insert;
  readonly #delete;

  constructor(db: Connection) {
    this.#insert = lazily(db, insertSql);
    this.#delete = lazily(db, deleteSql);
  }

  add(run: string, line: LogOp): void {
    this.#insert().run(run, line.level, line.message, line.data ?? null, line.at);
  }

  deleteAll(run: string): void {
    this.#delete().run(run);
  }
}
