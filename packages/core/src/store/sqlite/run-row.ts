// A run as the tables have it: the part the writer works on, and its translation to the port's record.
import { encodeValue, type CancelNotice, type RunStatus, type RunStatusReason, type UndoingOp } from "@sluice/protocol";
import { holdOf, holdReasons } from "../../kernel/flow.ts";
import type { RunSummary } from "../../kernel/run-search.ts";
import type { Actor, NewRun, RunRecord } from "../../kernel/run-store.ts";
import { attributesColumn, attributesIn } from "./attributes.ts";

/** Which other tables may hold rows of a run; a bit is set at the first such row and stays. */
export const runFlags = {
  waits: 1,
  tokens: 2,
  locks: 4,
  children: 8,
  consumed: 16,
  logs: 32,
  blobs: 128,
  tags: 256,
  /** Some run waits, or has waited, for this one to end. */
  awaited: 512,
  attempts: 1_024,
  /** It takes part in flow control. */
  flow: 2_048,
  /** It makes, or has made, results that others wait for. */
  flights: 4_096,
  attributes: 8_192,
  stream: 16_384,
  /** Its values are sealed. */
  sealed: 32_768,
} as const;

/** Values of the column `ready`: held back by a run of its serial key, or in a line before gates. */
export const readiness = { no: 0, claimable: 1, held: 2, inLine: 3 } as const;

/** The part of a run that verbs read and change. Absent is null, as in the row. */
export interface Run {
  readonly id: string;
  readonly workflow: string;
  version: string;
  status: RunStatus;
  reason: RunStatusReason | null;
  ready: number;
  owner: string | null;
  epoch: number;
  ord: number;
  blocked: number;
  pause: number;
  undos: number;
  flags: number;
  attempt: number;
  generation: number;
  crashes: number;
  readonly createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  timeoutAt: number | null;
  cause: number | null;
  /** JSON of the notice. */
  cancel: string | null;
  /** JSON of the operation without its error. */
  outcome: string | null;
  outcomeError: Uint8Array | null;
  readonly schedule: string | null;
  readonly serialKey: string | null;
  /** True when the row differs from this object. */
  changed: boolean;
  /** What the row had when it was counted last. */
  storedStatus: RunStatus;
  storedReady: number;
  /** New output and error; absent when they stay as they are. */
  results?: { output: Uint8Array | null; error: Uint8Array | null } | undefined;
}

export const runColumns = `id, workflow, version, status, reason, ready, owner, epoch, ord, blocked, pause, undos, flags,
  attempt, generation, crashes, created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt, timeout_at AS timeoutAt, cause,
  cancel, outcome, outcome_error AS outcomeError, schedule, serial_key AS serialKey`;

export const recordColumns = `${runColumns}, priority, due_at AS dueAt, by_kind AS byKind, by_id AS byId, key,
  input_hash AS inputHash, parent, parent_seq AS parentSeq, detached, forked_from AS forkedFrom, tags, input, output, error,
  progress, chain, continued_from AS continuedFrom, continued_to AS continuedTo, payload_key AS payloadKey, trace,
  ${attributesColumn(runFlags.attributes)}`;

/** The gate that holds a run back, of those in lines. */
export const blockedColumn = `CASE WHEN ready = 3 THEN (SELECT blocked FROM flow_places CROSS JOIN flow_lines USING (line)
  WHERE flow_places.run = runs.id) END AS blockedBy`;

/** The same for readers, who have no memory of hot runs: there the counter is ahead of the row. */
export const readRecordColumns = `${recordColumns.replace(
  " ord,",
  " CASE WHEN owner IS NULL THEN ord ELSE max(ord, (SELECT coalesce(max(entries.ord), 0) FROM entries WHERE entries.run = runs.id)) END AS ord,",
)}, ${blockedColumn}`;

/** A whole row, as `recordColumns` reads it. */
export interface RecordRow extends Omit<Run, "changed" | "storedStatus" | "storedReady" | "results"> {
  readonly priority: number;
  readonly dueAt: number;
  readonly byKind: Actor["kind"];
  readonly byId: string;
  readonly key: string | null;
  readonly inputHash: string | null;
  readonly parent: string | null;
  readonly parentSeq: number | null;
  readonly detached: number | null;
  readonly forkedFrom: string | null;
  readonly tags: string | null;
  readonly input: Uint8Array;
  readonly output: Uint8Array | null;
  readonly error: Uint8Array | null;
  readonly progress: Uint8Array | null;
  readonly chain: string | null;
  readonly continuedFrom: string | null;
  readonly continuedTo: string | null;
  readonly payloadKey: string | null;
  readonly trace: string | null;
  readonly attributes: string | null;
  readonly blockedBy?: string | null;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The port's record of a row; keys that have no value are left out. */
export function toRecord(row: RecordRow): RunRecord {
  const record: Mutable<RunRecord> = {
    id: row.id,
    workflow: row.workflow,
    version: row.version,
    input: row.input,
    priority: row.priority,
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    createdAt: row.createdAt,
    dueAt: row.dueAt,
    status: row.status,
    epoch: row.epoch,
    ord: row.ord,
    attempt: row.attempt,
    generation: row.generation,
    crashes: row.crashes,
    blocked: row.blocked === 1,
    by: { kind: row.byKind, id: row.byId },
  };
  addOptional(record, row);
  return record;
}

function addOptional(record: Mutable<RunRecord>, row: RecordRow): void {
  if (row.reason !== null) record.reason = row.reason;
  if (row.blockedBy !== null && row.blockedBy !== undefined) {
    record.hold = holdOf(row.blockedBy);
    record.reason = holdReasons[record.hold.by];
  }
  if (row.owner !== null) record.owner = row.owner;
  if (row.startedAt !== null) record.startedAt = row.startedAt;
  if (row.endedAt !== null) record.endedAt = row.endedAt;
  if (row.timeoutAt !== null) record.timeoutAt = row.timeoutAt;
  if (row.cause !== null) record.cause = row.cause;
  if (row.cancel !== null) record.cancel = JSON.parse(row.cancel) as CancelNotice;
  if (row.outcome !== null) record.outcome = outcomeOf(row.outcome, row.outcomeError);
  if (row.key !== null) record.key = row.key;
  if (row.inputHash !== null) record.inputHash = row.inputHash;
  if (row.parent !== null) {
    record.parent = { run: row.parent, seq: row.parentSeq ?? 0, detached: row.detached === 1 };
  }
  if (row.schedule !== null) record.schedule = row.schedule;
  if (row.serialKey !== null) record.serialKey = row.serialKey;
  if (row.forkedFrom !== null) record.forkedFrom = row.forkedFrom;
  if (row.output !== null) record.output = row.output;
  if (row.error !== null) record.error = row.error;
  if (row.progress !== null) record.progress = row.progress;
  if (row.attributes !== null && row.attributes !== "[]") record.attributes = attributesIn(row.attributes);
  if (row.chain !== null) record.chain = row.chain;
  if (row.continuedFrom !== null) record.continuedFrom = row.continuedFrom;
  if (row.continuedTo !== null) record.continuedTo = row.continuedTo;
  if (row.payloadKey !== null) record.payloadKey = row.payloadKey;
  if (row.trace !== null) record.trace = row.trace;
}

function outcomeOf(json: string, error: Uint8Array | null): UndoingOp {
  const outcome = JSON.parse(json) as UndoingOp;
  return error === null ? outcome : { ...outcome, error };
}

/** How a run that has just been created looks; what the store and its caller both can work out. */
export interface Creation {
  readonly owner: string | null;
  readonly delayed: boolean;
}

/** The record of a run created now, without reading it back. */
export function createdRecord(p: { run: NewRun; by: Actor; now: number }, creation: Creation): RunRecord {
  const claimed = creation.owner !== null;
  const { flow: _flow, startWithinMs: _within, newKey: _key, ...run } = p.run;
  return {
    ...run,
    status: claimed ? "running" : "queued",
    ...(creation.delayed ? { reason: "delayed" } : {}),
    epoch: claimed ? 1 : 0,
    ord: 0,
    ...(claimed ? { owner: creation.owner, startedAt: p.now } : {}),
    attempt: 1,
    generation: 0,
    crashes: 0,
    blocked: false,
    by: { kind: p.by.kind, id: p.by.id },
  };
}

/** The encoded value `undefined`: what an entry without a result settles with. */
export const nothing = encodeValue(undefined);
/** The error of a wait that passed its time limit. */
export const timedOut = new Uint8Array(0);

/** What lists of runs show of one. */
export const summaryColumns = `id, workflow, status, reason, created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt,
  ${blockedColumn}`;
export const getRunsSql = `SELECT ${summaryColumns} FROM runs WHERE id IN (SELECT value FROM json_each(?))`;

export interface SummaryRow {
  readonly id: string;
  readonly workflow: string;
  readonly status: RunSummary["status"];
  readonly reason: RunSummary["reason"] | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly blockedBy: string | null;
}

export function toSummary(row: SummaryRow): RunSummary {
  const { id, workflow, status, createdAt, startedAt, endedAt, blockedBy } = row;
  const reason = blockedBy === null ? row.reason : holdReasons[holdOf(blockedBy).by];
  return {
    id,
    workflow,
    status,
    createdAt,
    ...(reason === null ? {} : { reason }),
    ...(startedAt === null ? {} : { startedAt }),
    ...(endedAt === null ? {} : { endedAt }),
  };
}

/** True for a run of which the short row is enough. */
export function isPlain(run: NewRun): boolean {
  return (
    run.key === undefined &&
    run.parent === undefined &&
    run.timeoutAt === undefined &&
    run.schedule === undefined &&
    run.serialKey === undefined &&
    run.forkedFrom === undefined &&
    run.inputHash === undefined &&
    (run.payloadKey ?? run.trace ?? run.chain) === undefined &&
    run.tags.length === 0
  );
}
