// The table of runs and the writer's memory of the runs it works on: a hot run is read once, not at every append.
import type { Connection } from "./connection.ts";
import type { Actor, NewRun, RunRecord } from "../../kernel/run-store.ts";
import type { Tally } from "./figures/tally.ts";
import { IdTakenError } from "./id-taken.ts";
import { priorityPointMs } from "../../kernel/flow.ts";
import { isFinalStatus } from "@sluice/protocol";
import type { Flow } from "../flow/flow.ts";
import {
  isPlain,
  blockedColumn,
  readiness,
  recordColumns,
  runColumns,
  runFlags,
  toRecord,
  type RecordRow,
  type Run,
} from "./run-row.ts";
import { lazily } from "./statement.ts";

/** Runs kept in the writer's memory between commits. */
const cachedRunsMax = 8_192;

const lastEvent = "(SELECT coalesce(max(id), 0) FROM events)";
const insertSql = `INSERT INTO runs (id, workflow, version, status, reason, ready, owner, epoch, flags, priority, created_at,
  due_at, started_at, by_kind, by_id, input, last_event) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
  ${lastEvent})`;
const insertFullSql = `INSERT INTO runs (id, workflow, version, status, reason, ready, owner, epoch, flags, priority,
  created_at, due_at, started_at, by_kind, by_id, input, timeout_at, key, input_hash, parent, parent_seq, detached, schedule,
  serial_key, forked_from, tags, chain, continued_from, payload_key, trace, last_event) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
  ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${lastEvent})`;
const insertTagSql = "INSERT OR IGNORE INTO run_tags (tag, created_at, run) VALUES (?, ?, ?)";
const saveSql = `UPDATE runs SET version = ?, status = ?, reason = ?, ready = ?, owner = ?, epoch = ?, ord = ?, blocked = ?,
  pause = ?, undos = ?, flags = ?, attempt = ?, generation = ?, crashes = ?, started_at = ?, ended_at = ?, timeout_at = ?, cause = ?,
  cancel = ?, outcome = ?, outcome_error = ? WHERE id = ?`;
const saveResultsSql = `UPDATE runs SET version = ?, status = ?, reason = ?, ready = ?, owner = ?, epoch = ?, ord = ?,
  blocked = ?, pause = ?, undos = ?, flags = ?, attempt = ?, generation = ?, crashes = ?, started_at = ?, ended_at = ?, timeout_at = ?,
  cause = ?, cancel = ?, outcome = ?, outcome_error = ?, output = ?, error = ? WHERE id = ?`;
const finishSql = `UPDATE runs SET status = ?, reason = ?, ready = 0, owner = NULL, epoch = ?, ord = ?, blocked = 0,
  pause = 0, ended_at = ?, cause = ?, output = ?, error = ? WHERE id = ?`;
const loadSql = `SELECT ${runColumns}, 0 AS changed, status AS storedStatus, ready AS storedReady FROM runs WHERE id = ?`;
const recordSql = `SELECT ${recordColumns}, ${blockedColumn} FROM runs WHERE id = ?`;
const byKeySql = "SELECT id, input_hash AS inputHash FROM runs WHERE workflow = ? AND key = ?";
const lastOrdSql = "SELECT max(ord) AS ord FROM entries WHERE run = ?";
const rank = `created_at - priority * ${priorityPointMs}`;
const readySql = `SELECT id FROM runs WHERE ready = 1 ORDER BY ${rank}, id LIMIT ?`;
const ranksSql = `SELECT id, ${rank} AS rank FROM runs WHERE ready = 1 ORDER BY ${rank}, id LIMIT ?`;
const childrenSql =
  "SELECT id FROM runs WHERE parent = ? AND detached = 0 AND ended_at IS NULL ORDER BY created_at, id";
const isChildSql = "SELECT 1 AS found FROM runs WHERE id = ? AND parent = ? AND parent_seq = ? AND detached = 0";
const goesBeforeSql = `SELECT 1 AS found FROM runs WHERE serial_key = ?1 AND ended_at IS NULL AND ready <> 2 AND id <> ?3
  AND (started_at IS NOT NULL OR (created_at, id) < (?2, ?3)) LIMIT 1`;
const firstSerialSql = `SELECT id FROM runs WHERE serial_key = ? AND ended_at IS NULL ORDER BY created_at, id LIMIT 1`;
const laterReadySql = `SELECT id FROM runs WHERE serial_key = ? AND ended_at IS NULL AND ready IN (1, 3)
  AND (created_at, id) > (?, ?)`;
const ofScheduleSql = "SELECT id FROM runs WHERE schedule = ? AND ended_at IS NULL ORDER BY created_at, id";
const ownedSql = `SELECT id FROM runs WHERE status <> 'completed'
  AND status IN ('queued', 'running', 'waiting', 'paused', 'undoing') AND owner IS NOT NULL AND owner <> ?`;
const blockedSql = `SELECT id FROM runs WHERE blocked = 1 AND reason = ?1 AND workflow = coalesce(?2, workflow)
  AND version = coalesce(?3, version) ORDER BY created_at, id`;
const pendingSql = "UPDATE runs SET due_at = ?, input = coalesce(?, input) WHERE id = ?";
const progressSql = "UPDATE runs SET progress = ? WHERE id = ?";
const deleteSql = "DELETE FROM runs WHERE id = ?";
const deleteTagSql = "DELETE FROM run_tags WHERE tag = ? AND created_at = ? AND run = ?";

/** What a new row has besides the run itself. */
export interface Placement {
  readonly status: "queued" | "running";
  readonly reason: "delayed" | "debounced" | "batching" | null;
  readonly ready: number;
  readonly owner: string | null;
  readonly flags: number;
  readonly by: Actor;
  readonly now: number;
}

interface Id {
  readonly id: string;
}

export class RunTable {
  readonly #cache = new Map<string, Run>();
  /** Where a refused row is the end of the whole transaction. */
  readonly #asksFirst: boolean;
  readonly #changed: Run[] = [];
  readonly #ended: string[] = [];
  readonly #tally: Tally;
  readonly #flow: Flow;
  /** Time of the verb, in milliseconds since 1970. */
  now = 0;
  /** A run that takes part in flow control is to be written. */
  flowChanged = false;
  readonly #insert;
  readonly #insertFull;
  readonly #insertTag;
  readonly #save;
  readonly #saveResults;
  readonly #finish;
  readonly #load;
  readonly #record;
  readonly #byKey;
  readonly #lastOrd;
  readonly #ready;
  readonly #ranks;
  readonly #pending;
  readonly #children;
  readonly #isChild;
  readonly #goesBefore;
  readonly #firstSerial;
  readonly #laterReady;
  readonly #ofSchedule;
  readonly #owned;
  readonly #blocked;
  readonly #progress;
  readonly #delete;
  readonly #deleteTag;

  constructor(db: Connection, tally: Tally, flow: Flow) {
    this.#tally = tally;
    this.#flow = flow;
    this.#asksFirst = db.dialect === "postgres";
    this.#insert = lazily(db, insertSql);
    this.#insertFull = lazily(db, insertFullSql);
    this.#insertTag = lazily(db, insertTagSql);
    this.#save = lazily(db, saveSql);
    this.#saveResults = lazily(db, saveResultsSql);
    this.#finish = lazily(db, finishSql);
    this.#load = lazily<Run>(db, loadSql);
    this.#record = lazily<RecordRow>(db, recordSql);
    this.#byKey = lazily<{ id: string; inputHash: string | null }>(db, byKeySql);
    this.#lastOrd = lazily<{ ord: number | null }>(db, lastOrdSql);
    this.#ready = lazily<Id>(db, readySql);
    this.#ranks = lazily<Id & { rank: number }>(db, ranksSql);
    this.#pending = lazily(db, pendingSql);
    this.#children = lazily<Id>(db, childrenSql);
    this.#isChild = lazily(db, isChildSql);
    this.#goesBefore = lazily(db, goesBeforeSql);
    this.#firstSerial = lazily<Id>(db, firstSerialSql);
    this.#laterReady = lazily<Id>(db, laterReadySql);
    this.#ofSchedule = lazily<Id>(db, ofScheduleSql);
    this.#owned = lazily<Id>(db, ownedSql);
    this.#blocked = lazily<Id>(db, blockedSql);
    this.#progress = lazily(db, progressSql);
    this.#delete = lazily(db, deleteSql);
    this.#deleteTag = lazily(db, deleteTagSql);
  }

  /** Inserts a row; throws the constraint's error when the id or key is taken, and has then written nothing. */
  insert(run: NewRun, at: Placement): Run {
    if (this.#asksFirst && this.get(run.id) !== undefined) throw new IdTakenError(run.id);
    const epoch = at.owner === null ? 0 : 1;
    const startedAt = at.owner === null ? null : at.now;
    // prettier-ignore
    const common = [run.id, run.workflow, run.version, at.status, at.reason, at.ready, at.owner, epoch, at.flags,
      run.priority, run.createdAt, run.dueAt, startedAt, at.by.kind, at.by.id, run.input] as const;
    if (isPlain(run)) this.#insert().run(...common);
    else {
      // prettier-ignore
      this.#insertFull().run(...common, run.timeoutAt ?? null, run.key ?? null, run.inputHash ?? null,
        run.parent?.run ?? null, run.parent?.seq ?? null, run.parent === undefined ? null : run.parent.detached ? 1 : 0,
        run.schedule ?? null, run.serialKey ?? null, run.forkedFrom ?? null,
        run.tags.length === 0 ? null : JSON.stringify(run.tags), run.chain ?? null, run.continuedFrom ?? null,
        run.payloadKey ?? null, run.trace ?? null);
      for (const tag of run.tags) this.#insertTag().run(tag, run.createdAt, run.id);
    }
    const row: Run = {
      id: run.id,
      workflow: run.workflow,
      version: run.version,
      status: at.status,
      reason: at.reason,
      ready: at.ready,
      owner: at.owner,
      epoch,
      ord: 0,
      blocked: 0,
      pause: 0,
      undos: 0,
      flags: at.flags,
      attempt: 1,
      generation: 0,
      crashes: 0,
      createdAt: run.createdAt,
      startedAt,
      endedAt: null,
      timeoutAt: run.timeoutAt ?? null,
      cause: null,
      cancel: null,
      outcome: null,
      outcomeError: null,
      schedule: run.schedule ?? null,
      serialKey: run.serialKey ?? null,
      changed: false,
      storedStatus: at.status,
      storedReady: at.ready,
    };
    this.#cache.set(run.id, row);
    this.#tally.created(row);
    return row;
  }

  /** The run, from memory where it is there. Its fields may be changed; `save` says so. */
  get(id: string): Run | undefined {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const row = this.#load().get(id);
    if (row === null) return undefined;
    row.changed = false;
    // Only a hot run's counter is ahead of its row.
    if (row.owner !== null) row.ord = Math.max(row.ord, this.#lastOrd().get(id)?.ord ?? 0);
    this.#cache.set(id, row);
    return row;
  }

  /** Notes that the row must be written before the verb ends. */
  save(run: Run): void {
    if (run.changed) return;
    run.changed = true;
    if ((run.flags & runFlags.flow) !== 0) this.flowChanged = true;
    this.#changed.push(run);
  }

  /** Sets a bit that says that another table has rows of the run. */
  mark(run: Run, flag: number): void {
    if ((run.flags & flag) !== 0) return;
    run.flags |= flag;
    this.save(run);
  }

  /** Writes what was changed; queries over runs see it only then. */
  flush(): void {
    if (this.#changed.length === 0) return;
    for (const run of this.#changed) this.#write(run);
    this.#changed.length = 0;
    this.flowChanged = false;
  }

  /** Brings flow control in step with how a run stands. */
  settleFlow(run: Run): void {
    if ((run.flags & runFlags.flow) === 0) return;
    const { id, startedAt, status, owner, ready } = run;
    const active = owner !== null && (status === "running" || status === "undoing");
    const inLine = ready === readiness.inLine;
    this.#flow.settle({ id, begun: startedAt !== null, final: isFinalStatus(status), active, inLine }, this.now);
  }

  #write(run: Run): void {
    run.changed = false;
    this.#tally.changed(run);
    if (run.endedAt !== null) this.#ended.push(run.id);
    const results = run.results;
    run.results = undefined;
    // prettier-ignore
    const values = [run.version, run.status, run.reason, run.ready, run.owner, run.epoch, run.ord, run.blocked, run.pause,
      run.undos, run.flags, run.attempt, run.generation, run.crashes, run.startedAt, run.endedAt, run.timeoutAt, run.cause, run.cancel,
      run.outcome, run.outcomeError] as const;
    if (results === undefined) this.#save().run(...values, run.id);
    else this.#saveResults().run(...values, results.output, results.error, run.id);
    this.settleFlow(run);
  }

  /** Writes a run that ends and of which nothing else was changed: one statement with few columns. */
  writeEnd(run: Run): void {
    this.#tally.changed(run);
    this.#ended.push(run.id);
    const results = run.results;
    run.results = undefined;
    // prettier-ignore
    this.#finish().run(run.status, run.reason, run.epoch, run.ord, run.endedAt, run.cause, results?.output ?? null,
      results?.error ?? null, run.id);
    this.settleFlow(run);
  }

  /** Writes what is left to write when a verb has done its work, and forgets the runs that ended. */
  endVerb(): void {
    this.flush();
    if (this.#ended.length === 0) return;
    for (const id of this.#ended) this.#cache.delete(id);
    this.#ended.length = 0;
  }

  /** Bounds the memory by forgetting everything when there is too much. To be called between commits only. */
  trim(): void {
    if (this.#cache.size > cachedRunsMax) this.#cache.clear();
  }

  /** After a rollback nothing remembered can be trusted. */
  reset(): void {
    this.#cache.clear();
    this.#changed.length = 0;
    this.#ended.length = 0;
    this.flowChanged = false;
  }

  /** The whole record as it will be committed. */
  record(id: string): RunRecord | undefined {
    const run = this.get(id);
    if (run === undefined) return undefined;
    this.flush();
    const row = this.#record().get(id);
    return row === null ? undefined : toRecord({ ...row, ord: run.ord });
  }

  /** The record of a run that is known to exist. */
  recordOf(run: Run): RunRecord {
    const record = this.record(run.id);
    if (record === undefined) throw new Error(`run ${run.id} is in memory but not in the table`);
    return record;
  }

  byKey(workflow: string, key: string): { id: string; inputHash: string | null } | undefined {
    return this.#byKey().get(workflow, key) ?? undefined;
  }

  ready(limit: number): readonly string[] {
    return ids(this.#ready().all(limit));
  }

  /** The same with their ranks. */
  readyRanks(limit: number): readonly { readonly id: string; readonly rank: number }[] {
    return this.#ranks().all(limit);
  }

  /** Changes what a run that has not begun is started with. */
  setPending(id: string, due: number, input?: Uint8Array): void {
    this.#pending().run(due, input ?? null, id);
  }

  /** Unfinished runs that were called, not started detached, by this one. */
  children(parent: string): readonly string[] {
    this.flush();
    return ids(this.#children().all(parent));
  }

  /** True when `id` was called, not started detached, by this very entry of `parent`. */
  isChild(id: string, parent: string, seq: number): boolean {
    return this.#isChild().get(id, parent, seq) !== null;
  }

  /**
   * True when another unfinished run of the same serial key goes first: one that has begun, or an earlier one. One that is held
   * itself goes before nobody.
   */
  isHeld(run: {
    readonly id: string;
    readonly createdAt: number;
    readonly serialKey?: string | null | undefined;
  }): boolean {
    if (run.serialKey === undefined || run.serialKey === null) return false;
    this.flush();
    return this.#goesBefore().get(run.serialKey, run.createdAt, run.id) !== null;
  }

  firstOfSerialKey(serialKey: string): string | undefined {
    this.flush();
    return this.#firstSerial().get(serialKey)?.id;
  }

  laterReady(run: { readonly id: string; readonly createdAt: number; readonly serialKey: string }): readonly string[] {
    this.flush();
    return ids(this.#laterReady().all(run.serialKey, run.createdAt, run.id));
  }

  unfinishedOfSchedule(schedule: string): readonly string[] {
    this.flush();
    return ids(this.#ofSchedule().all(schedule));
  }

  ownedByOthers(owner: string): readonly string[] {
    return ids(this.#owned().all(owner));
  }

  blockedFor(reason: string, workflow: string | undefined, version: string | undefined): readonly string[] {
    return ids(this.#blocked().all(reason, workflow ?? null, version ?? null));
  }

  setProgress(id: string, value: Uint8Array): void {
    this.#progress().run(value, id);
  }

  delete(run: Run, tags: readonly string[]): void {
    for (const tag of tags) this.#deleteTag().run(tag, run.createdAt, run.id);
    this.#delete().run(run.id);
    this.#tally.deleted(run);
    this.#cache.delete(run.id);
  }
}

function ids(rows: readonly Id[]): readonly string[] {
  return rows.map((row) => row.id);
}
