// Reads of a row or a few, done at once on the caller's thread: cheaper than asking another one.
import type { Connection } from "./connection.ts";
import type {
  RunRecord,
  RunStore,
  ScheduleRecord,
  StateEntry,
  TokenRecord,
  VersionRecord,
} from "../../kernel/run-store.ts";
import { readRecordColumns, toRecord, type RecordRow } from "./run-row.ts";
import { listSchedulesSql, toSchedule } from "./schedules.ts";
import { getStateSql, isExpired, toStateEntry, type StateRow } from "./state.ts";
import { lazily } from "./statement.ts";
import { tokenColumns, toToken, type TokenRow } from "./tokens.ts";
import { listVersionsSql } from "./versions.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];
type ScheduleRow = Parameters<typeof toSchedule>[0];

export class Lookups {
  readonly #db: Connection;
  readonly #run;
  readonly #byKey;
  readonly #state;
  readonly #token;
  readonly #schedules;
  readonly #versions;

  constructor(db: Connection) {
    this.#db = db;
    this.#run = lazily<RecordRow>(db, `SELECT ${readRecordColumns} FROM runs WHERE id = ?`);
    this.#byKey = lazily<RecordRow>(db, `SELECT ${readRecordColumns} FROM runs WHERE workflow = ? AND key = ?`);
    this.#state = lazily<StateRow>(db, getStateSql);
    this.#token = lazily<TokenRow>(db, `SELECT ${tokenColumns} FROM tokens WHERE token = ?`);
    this.#schedules = lazily<ScheduleRow>(db, listSchedulesSql);
    this.#versions = lazily<VersionRecord>(db, listVersionsSql);
  }

  getRun(p: Params<"getRun">): RunRecord | undefined {
    const row = this.#run().get(p.run);
    if (row === null || p.access?.workflows.includes(row.workflow) === false) return undefined;
    return toRecord(row);
  }

  findByKey(p: Params<"findByKey">): RunRecord | undefined {
    const row = this.#byKey().get(p.workflow, p.key);
    return row === null ? undefined : toRecord(row);
  }

  getState(p: Params<"getState">): StateEntry | undefined {
    const row = this.#state().get(p.scope, p.key);
    return row === null || isExpired(row, p.now) ? undefined : toStateEntry(row);
  }

  getToken(p: Params<"getToken">): TokenRecord | undefined {
    const row = this.#token().get(p.token);
    return row === null ? undefined : toToken(row);
  }

  listSchedules(): readonly ScheduleRecord[] {
    return this.#schedules().all().map(toSchedule);
  }

  listVersions(): readonly VersionRecord[] {
    return this.#versions().all();
  }

  close(): void {
    this.#db.close();
  }
}
