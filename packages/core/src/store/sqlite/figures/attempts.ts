// The table of attempts that failed before the one an entry shows: only so many, and only so much of each error.
import { attemptsKeptMax } from "../../attempts.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

const putSql = `INSERT OR REPLACE INTO attempts (run, seq, attempt, started_at, ended_at, due, error)
  SELECT ?1, ?2, ?3, coalesce((SELECT due FROM attempts WHERE run = ?1 AND seq = ?2 AND attempt = ?3 - 1), ?4), ?5, ?6, ?7`;
const trimSql = "DELETE FROM attempts WHERE run = ? AND seq = ? AND attempt <= ?";
const deleteSql = "DELETE FROM attempts WHERE run = ? AND seq = ?";
const deleteAllSql = "DELETE FROM attempts WHERE run = ?";
/** The attempts of a run. */
export const attemptsSql = `SELECT seq, attempt, started_at AS at, ended_at AS "end", error FROM attempts WHERE run = ? ORDER BY seq, attempt`;

/** An attempt that failed and is made again. */
export interface FailedAttempt {
  readonly run: string;
  readonly seq: number;
  readonly attempt: number;
  /** When the first attempt began: a later one begins when the one before says. */
  readonly firstAt: number;
  readonly end: number;
  /** When the next one is due. */
  readonly due: number;
  readonly error: Uint8Array;
}

export class AttemptTable {
  readonly #put;
  readonly #trim;
  readonly #delete;
  readonly #deleteAll;

  constructor(db: Connection) {
    this.#put = lazily(db, putSql);
    this.#trim = lazily(db, trimSql);
    this.#delete = lazily(db, deleteSql);
    this.#deleteAll = lazily(db, deleteAllSql);
  }

  put(a: FailedAttempt): void {
    this.#put().run(a.run, a.seq, a.attempt, a.firstAt, a.end, a.due, a.error);
    if (a.attempt > attemptsKeptMax) this.#trim().run(a.run, a.seq, a.attempt - attemptsKeptMax);
  }

  delete(run: string, seq: number): void {
    this.#delete().run(run, seq);
  }

  deleteAll(run: string): void {
    this.#deleteAll().run(run);
  }
}
