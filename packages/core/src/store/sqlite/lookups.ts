// Reads of a row or a few, done at once on the caller's thread: cheaper than asking another one.
import type { Connection } from "./connection.ts";
import { sees } from "../../kernel/patterns.ts";
import type {
  RunRecord,
  QueueRecord,
  RunStore,
  RunSummary,
  ScheduleRecord,
  StateEntry,
  TokenRecord,
  VersionRecord,
} from "../../kernel/run-store.ts";
import type { HeldTime } from "../../kernel/schedule-firing.ts";
import { seenQueues } from "../flow/queues.ts";
import { FlowTables } from "./flow/flow-tables.ts";
import { getRunsSql, readRecordColumns, toRecord, toSummary, type RecordRow, type SummaryRow } from "./run-row.ts";
import { countHeldTimesSql, listHeldTimesSql, listSchedulesSql, toSchedule } from "./schedule-table.ts";
import { getStateSql, isExpired, toStateEntry, type StateRow } from "./state.ts";
import { lazily } from "./statement.ts";
import { tokenColumns, toToken, type TokenRow } from "./tokens.ts";
import { BreakerTable } from "./breakers/breakers.ts";
import { listVersionsSql } from "./versions.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];
type HeldCount = Awaited<ReturnType<RunStore["countHeldTimes"]>>[number];
type ScheduleRow = Parameters<typeof toSchedule>[0];

export class Lookups {
  readonly breakers: BreakerTable;
  readonly #run;
  readonly #runs;
  readonly #byKey;
  readonly #state;
  readonly #token;
  readonly #heldTimes;
  readonly #heldCounts;
  readonly #schedules;
  readonly #versions;
  readonly #flow;

  constructor(db: Connection) {
    this.breakers = new BreakerTable(db);
    this.#run = lazily<RecordRow>(db, `SELECT ${readRecordColumns} FROM runs WHERE id = ?`);
    this.#runs = lazily<SummaryRow>(db, getRunsSql);
    this.#byKey = lazily<RecordRow>(db, `SELECT ${readRecordColumns} FROM runs WHERE workflow = ? AND key = ?`);
    this.#state = lazily<StateRow>(db, getStateSql);
    this.#token = lazily<TokenRow>(db, `SELECT ${tokenColumns} FROM tokens WHERE token = ?`);
    this.#schedules = lazily<ScheduleRow>(db, listSchedulesSql);
    this.#heldTimes = lazily<HeldTime>(db, listHeldTimesSql);
    this.#heldCounts = lazily<HeldCount>(db, countHeldTimesSql);
    this.#versions = lazily<VersionRecord>(db, listVersionsSql);
    this.#flow = new FlowTables(db);
  }

  getRun(p: Params<"getRun">): RunRecord | undefined {
    const row = this.#run().get(p.run);
    return row === null || !sees(p.access, row.workflow) ? undefined : toRecord(row);
  }

  getRuns(p: Params<"getRuns">): readonly RunSummary[] {
    return this.#runs().all(JSON.stringify(p.runs)).map(toSummary);
  }

  findByKey(p: Params<"findByKey">): RunRecord | undefined {
    const row = this.#byKey().get(p.workflow, p.key);
    return row === null || !sees(p.access, p.workflow) ? undefined : toRecord(row);
  }

  getState(p: Params<"getState">): StateEntry | undefined {
    const row = this.#state().get(p.scope, p.key);
    return row === null || isExpired(row, p.now) ? undefined : toStateEntry(row);
  }

  getToken(p: Params<"getToken">): TokenRecord | undefined {
    const row = this.#token().get(p.token);
    return row === null || !sees(p.access, row.workflow) ? undefined : toToken(row);
  }

  listSchedules(p?: Params<"listSchedules">): readonly ScheduleRecord[] {
    const all = this.#schedules().all();
    return all.filter(({ workflow }) => sees(p?.access, workflow)).map(toSchedule);
  }

  listHeldTimes({ schedule, limit }: Params<"listHeldTimes">): readonly HeldTime[] {
    return this.#heldTimes().all(schedule ?? null, limit);
  }

  countHeldTimes(): readonly HeldCount[] {
    return this.#heldCounts().all();
  }

  listQueues(p?: Params<"listQueues">): readonly QueueRecord[] {
    return seenQueues(this.#flow.queues(), p?.access);
  }

  listVersions(): readonly VersionRecord[] {
    return this.#versions().all();
  }
}
