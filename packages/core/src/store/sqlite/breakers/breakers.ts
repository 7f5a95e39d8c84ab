// The table of circuit breakers, on the writer's connection and on one that reads.
import type { BreakerMark, BreakerState } from "@sluice/protocol";
import type { BreakerRecord } from "../../../kernel/breaker-store.ts";
import { leave } from "../../breaker-rules.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

const columns = `name, state, failures, round, open_until AS openUntil, probes, probed_at AS probedAt,
  opened_count AS opened, changed_at AS changedAt, failed_at AS failedAt, error, settings`;
const getSql = `SELECT ${columns} FROM breakers WHERE name = ?`;
const listSql = `SELECT ${columns} FROM breakers ORDER BY name`;
const countSql = "SELECT count(*) AS n FROM breakers";
const putSql = `INSERT INTO breakers (name, state, failures, round, open_until, probes, probed_at, opened_count, changed_at,
  failed_at, error, settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET state = excluded.state, failures = excluded.failures, round = excluded.round,
  open_until = excluded.open_until, probes = excluded.probes, probed_at = excluded.probed_at,
  opened_count = excluded.opened_count, changed_at = excluded.changed_at, failed_at = excluded.failed_at,
  error = excluded.error, settings = excluded.settings`;

type Row = Omit<BreakerRecord, "plan" | "state" | "error"> & {
  readonly state: string;
  readonly error: string | null;
  readonly settings: string;
};

function toRecord({ settings, error, ...row }: Row): BreakerRecord {
  return {
    ...row,
    state: row.state as BreakerState,
    ...(error === null ? {} : { error }),
    plan: JSON.parse(settings) as BreakerRecord["plan"],
  };
}

export class BreakerTable {
  readonly #get;
  readonly #list;
  readonly #count;
  readonly #put;

  constructor(db: Connection) {
    this.#get = lazily<Row>(db, getSql);
    this.#list = lazily<Row>(db, listSql);
    this.#count = lazily<{ n: number }>(db, countSql);
    this.#put = lazily(db, putSql);
  }

  get(name: string): BreakerRecord | undefined {
    const row = this.#get().get(name);
    return row === null ? undefined : toRecord(row);
  }

  list(): readonly BreakerRecord[] {
    return this.#list().all().map(toRecord);
  }

  count(): number {
    return this.#count().get()?.n ?? 0;
  }

  put(row: BreakerRecord): void {
    const { name, state, failures, round, openUntil, probes, probedAt, opened, changedAt, failedAt, error, plan } = row;
    // prettier-ignore
    this.#put().run(name, state, failures, round, openUntil, probes, probedAt, opened, changedAt, failedAt, error ?? null,
      JSON.stringify(plan));
  }

  /** What an attempt behind a breaker came to. */
  record(mark: BreakerMark, p: { readonly error: string | undefined; readonly now: number }): void {
    const row = leave(this.get(mark.name), { mark, ...p });
    if (row !== undefined) this.put(row);
  }
}
