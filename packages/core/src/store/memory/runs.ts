// The runs: by id and key, in order of creation, and those that may be claimed by priority and age.
import { SluiceError, isFinalStatus } from "@sluice/protocol";
import { sees } from "../../kernel/patterns.ts";
import type { AccessFilter, Actor, NewRun, RunFilter, RunRecord } from "../../kernel/run-store.ts";
import { fitsAttributes } from "./attributes.ts";
import { Heap } from "./heap.ts";
import { holdOf, holdReasons, rankOf } from "../../kernel/flow.ts";
import type { Flow } from "../flow/flow.ts";
import type { RunRow } from "./rows.ts";

export class Runs {
  readonly #byId = new Map<string, RunRow>();
  readonly #byKey = new Map<string, RunRow>();
  /** Oldest first. */
  #all: RunRow[] = [];
  readonly #claimable = new Heap<RunRow>(goesFirst);
  /** Unfinished runs that execute one after the other, oldest first. */
  readonly #serial = new Map<string, RunRow[]>();
  readonly #flow: Flow;
  /** Runs whose standing in flow control may have changed. */
  readonly #unsettled = new Set<RunRow>();
  /** Time of the verb, in milliseconds since 1970. */
  now = 0;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  get(id: string): RunRow | undefined {
    return this.#byId.get(id);
  }

  findByKey(workflow: string, key: string): RunRow | undefined {
    return this.#byKey.get(keySlot(workflow, key));
  }

  all(): readonly RunRow[] {
    return this.#all;
  }

  /** A new row, queued and not ready. The id and the key must be free. */
  add(run: NewRun, by: Actor): RunRow {
    const row = newRow(run, by);
    this.#byId.set(run.id, row);
    if (run.key !== undefined) this.#byKey.set(keySlot(run.workflow, run.key), row);
    insertByAge(this.#all, row);
    this.beginSerial(row);
    if (run.parent !== undefined) this.#byId.get(run.parent.run)?.children.add(row);
    return row;
  }

  /** Ended runs only. */
  delete(rows: ReadonlySet<RunRow>): void {
    for (const { record } of rows) {
      this.#byId.delete(record.id);
      if (record.key !== undefined) this.#byKey.delete(keySlot(record.workflow, record.key));
    }
    this.#all = this.#all.filter((row) => !rows.has(row));
    for (const row of rows) {
      if (row.record.parent !== undefined) this.#byId.get(row.record.parent.run)?.children.delete(row);
    }
  }

  /** Lets a run take part in flow control. */
  joinFlow(row: RunRow): void {
    row.flow = this.#unsettled;
    row.blockedBy = () => this.#flow.blockedBy(row.record.id);
    row.flow.add(row);
  }

  /** True when a run that only waited in memory may not go on: others have taken the place it gave up for that. */
  hasToQueue({ flow, record }: RunRow): boolean {
    if (flow === undefined || record.cancel !== undefined || record.outcome !== undefined) return false;
    this.settleFlow();
    return !this.#flow.mayGoOn(record.id, this.now);
  }

  /** Brings flow control in step with how runs stand. */
  settleFlow(): void {
    for (const row of this.#unsettled) {
      const { id, startedAt, status, owner } = row.record;
      const active = owner !== undefined && (status === "running" || status === "undoing");
      const { inLine } = row;
      this.#flow.settle({ id, begun: startedAt !== undefined, final: isFinal(row), active, inLine }, this.now);
    }
    this.#unsettled.clear();
  }

  /** Those that wait to begin, of a workflow. */
  queued(workflow: string): number {
    return this.#all.filter(({ record }) => record.workflow === workflow && record.status === "queued").length;
  }

  /** Marks a run ready or not; true when it can be claimed now and could not before. */
  setReady(row: RunRow, ready: boolean): boolean {
    row.ready = ready;
    return this.#refresh(row);
  }

  peekClaimable(): RunRow | undefined {
    return this.#claimable.peek();
  }

  /** Puts a run among the unfinished ones of its serial key. */
  beginSerial(row: RunRow): void {
    const key = row.record.serialKey;
    if (key === undefined) return;
    const line = this.#serial.get(key);
    if (line === undefined) {
      this.#serial.set(key, [row]);
      return;
    }
    insertByAge(line, row);
  }

  /** Those behind a run of their serial key have to wait for it from now on, unless it waits itself. */
  holdLater(row: RunRow): void {
    const key = row.record.serialKey;
    if (key === undefined || isHeld(row)) return;
    const line = this.#serial.get(key) ?? [];
    for (let at = line.indexOf(row) + 1; at < line.length; at++) this.#refresh(line[at] ?? row);
  }

  /** Takes an ended run out of its line; the run that can be claimed because of it. */
  endSerial(row: RunRow): RunRow | undefined {
    const key = row.record.serialKey;
    const line = key === undefined ? undefined : this.#serial.get(key);
    if (key === undefined || line === undefined) return undefined;
    line.splice(line.indexOf(row), 1);
    const next = line[0];
    if (next === undefined) this.#serial.delete(key);
    return next !== undefined && this.#refresh(next) ? next : undefined;
  }

  /** True when another run of the same serial key goes first: one that has begun, or an earlier one that does not wait itself. */
  mustQueue(row: RunRow): boolean {
    const key = row.record.serialKey;
    const line = key === undefined ? [] : (this.#serial.get(key) ?? []);
    const before = line.indexOf(row);
    return line.some(
      (other, at) => other !== row && !isHeld(other) && (other.record.startedAt !== undefined || at < before),
    );
  }

  hasUnfinished(serialKey: string | undefined): boolean {
    return serialKey !== undefined && this.#serial.has(serialKey);
  }

  #refresh(row: RunRow): boolean {
    const before = row.heapAt >= 0;
    const admitted = row.ready && !this.mustQueue(row);
    row.flow?.add(row);
    if (!admitted) row.inLine = false;
    else if (row.flow !== undefined && !row.inLine) {
      const begun = row.record.startedAt !== undefined;
      row.inLine = this.#flow.enter({ id: row.record.id, begun }, this.now);
    }
    if (admitted && !row.inLine) this.#claimable.add(row);
    else this.#claimable.remove(row);
    return !before && row.heapAt >= 0;
  }

  /** Newest first. */
  list(p: {
    readonly filter: RunFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly access?: AccessFilter | undefined;
  }): { readonly runs: readonly RunRecord[]; readonly next?: string | undefined } {
    const end = p.cursor === undefined ? this.#all.length : firstNotOlder(this.#all, positionOf(p.cursor));
    const admits = admission(p.filter, p.access);
    const runs: RunRecord[] = [];
    for (let at = end - 1; at >= 0; at--) {
      const row = this.#all[at];
      if (row === undefined || !admits(row)) continue;
      const last = runs.at(-1);
      if (runs.length === p.limit)
        return { runs, next: last === undefined ? undefined : `${last.createdAt} ${last.id}` };
      runs.push(toRecord(row));
    }
    return { runs };
  }

  count(filter: RunFilter, access: AccessFilter | undefined): number {
    const admits = admission(filter, access);
    let count = 0;
    for (const row of this.#all) if (admits(row)) count++;
    return count;
  }
}

/** True when a run is ready and another of its serial key goes first. */
function isHeld(row: RunRow): boolean {
  return row.ready && row.heapAt < 0 && !row.inLine;
}

/** A copy that may be handed out. */
export function toRecord(row: RunRow): RunRecord {
  const gate = row.inLine ? row.blockedBy?.() : undefined;
  if (gate === undefined) return { ...row.record };
  const hold = holdOf(gate);
  return { ...row.record, hold, reason: holdReasons[hold.by] };
}

export function isFinal(row: RunRow): boolean {
  return isFinalStatus(row.record.status);
}

function newRow({ flow: _flow, startWithinMs: _within, newKey: _key, ...run }: NewRun, by: Actor): RunRow {
  return {
    record: {
      ...run,
      status: "queued",
      reason: undefined,
      epoch: 0,
      ord: 0,
      owner: undefined,
      startedAt: undefined,
      endedAt: undefined,
      output: undefined,
      error: undefined,
      progress: undefined,
      cause: undefined,
      attempt: 1,
      generation: 0,
      crashes: 0,
      cancel: undefined,
      outcome: undefined,
      blocked: false,
      by: { kind: by.kind, id: by.id },
    },
    heapAt: -1,
    ready: false,
    inLine: false,
    pause: false,
    undos: 0,
    entries: new Map(),
    settled: [],
    open: new Map(),
    waits: new Set(),
    tokens: new Set(),
    locks: new Set(),
    lastEvent: 0,
    consumed: new Set(),
    children: new Set(),
    logs: [],
    comments: new Map(),
    logged: new Map(),
  };
}

function goesFirst(a: RunRow, b: RunRow): boolean {
  const difference = rankOf(a.record) - rankOf(b.record);
  return difference === 0 ? a.record.id < b.record.id : difference < 0;
}

function keySlot(workflow: string, key: string): string {
  return `${workflow.length}:${workflow}:${key}`;
}

function admission(filter: RunFilter, access: AccessFilter | undefined): (row: RunRow) => boolean {
  return ({ record }) =>
    sees(access, record.workflow) &&
    (filter.workflow === undefined || record.workflow === filter.workflow) &&
    (filter.status === undefined || filter.status.includes(record.status)) &&
    (filter.reason === undefined || (record.reason !== undefined && filter.reason.includes(record.reason))) &&
    (filter.tag === undefined || record.tags.includes(filter.tag)) &&
    (filter.from === undefined || record.createdAt >= filter.from) &&
    (filter.to === undefined || record.createdAt < filter.to) &&
    (filter.endedFrom === undefined || (record.endedAt !== undefined && record.endedAt >= filter.endedFrom)) &&
    (filter.parent === undefined || record.parent?.run === filter.parent) &&
    (filter.attributes === undefined || fitsAttributes(record.attributes, filter.attributes)) &&
    (filter.chain === undefined || record.chain === filter.chain || record.id === filter.chain) &&
    (filter.version === undefined || record.version === filter.version);
}

type Position = Pick<NewRun, "createdAt" | "id">;

function positionOf(cursor: string): Position {
  const [, createdAt, id] = /^(-?\d{1,16}) (.+)$/s.exec(cursor) ?? [];
  if (id === undefined)
    throw new SluiceError({ code: "invalid_filter", message: "The cursor is not one of this list." });
  return { createdAt: Number(createdAt), id };
}

/** Order of creation: by time, at the same time by id. */
function isOlder(a: Position, b: Position): boolean {
  return a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt;
}

/** Index of the first run that is not older than this. */
function firstNotOlder(rows: readonly RunRow[], than: Position): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && isOlder(row.record, than)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts a run in its place in a list that has the oldest first; its index. */
function insertByAge(rows: RunRow[], row: RunRow): number {
  const last = rows.at(-1);
  const at = last === undefined || isOlder(last.record, row.record) ? rows.length : firstNotOlder(rows, row.record);
  rows.splice(at, 0, row);
  return at;
}
