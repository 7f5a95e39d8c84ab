// The table of journal entries: one row per place in a run's journal, and how a journal is handed out in pieces.
import type { Connection } from "./connection.ts";
import type { EntryKind, EntryStatus, JournalEntry } from "@sluice/protocol";
import type { LooseEnd } from "../../kernel/loose-ends.ts";
import type { RetriedEntry } from "../../kernel/retry-plan.ts";
import type { JournalCursor } from "../../kernel/run-store.ts";
import type { Mutable } from "./run-row.ts";
import { lazily } from "./statement.ts";

/** Counted for each entry besides its name, value and error when pieces are measured. */
const entryOverheadBytes = 64;
/** A journal with at most this many entries is read in one pass; a longer one by its outline. */
const smallJournalEntriesMax = 64;

const columns = `seq, kind, name, n, status, ord, attempt, value, error, started_at AS at, ended_at AS "end", due, undo,
  place`;
const upsertSql = `INSERT INTO entries (run, seq, kind, name, n, status, ord, attempt, value, error, started_at, ended_at, due,
  undo) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (run, seq) DO UPDATE SET kind = excluded.kind, name = excluded.name, n = excluded.n, status = excluded.status,
  ord = excluded.ord, attempt = excluded.attempt, value = excluded.value, error = excluded.error,
  started_at = excluded.started_at, ended_at = excluded.ended_at, due = excluded.due, undo = excluded.undo
  WHERE entries.status = 'running'`;
const settleSql = `UPDATE entries SET status = ?, ord = ?, ended_at = ?, value = ?, error = ? WHERE run = ? AND seq = ?
  AND status = 'running'`;
const abortSql =
  "UPDATE entries SET status = 'aborted', ord = 0, ended_at = ?, value = NULL, error = NULL WHERE run = ? AND seq = ?";
const makeDueSql = "UPDATE entries SET due = NULL WHERE run = ? AND seq = ? AND status = 'running'";
const oneSql = `SELECT ${columns} FROM entries WHERE run = ? AND seq = ?`;
const existsSql = `SELECT 1 AS found FROM entries WHERE run = ? AND seq = ?
  AND NOT (status = 'running' AND place IS NOT NULL)`;
const undoableSql = "SELECT 1 AS found FROM entries WHERE run = ? AND seq = ? AND undo = 1";
const someSql = `SELECT ${columns} FROM entries WHERE run = ? ORDER BY seq LIMIT ?`;
const outlineSql = `SELECT seq, ord, coalesce(length(value), 0) + coalesce(length(error), 0) + length(name) AS bytes
  FROM entries WHERE run = ? ORDER BY seq`;
const lastFailedSql = `SELECT seq FROM entries WHERE run = ? AND seq >= 0 AND status = 'failed' ORDER BY ord DESC
  LIMIT 1`;
const retriedSql = `SELECT seq, kind, status, coalesce(place, ord) AS at, place IS NOT NULL AS again FROM entries
  WHERE run = ? ORDER BY seq`;
const redoSql = `UPDATE entries SET status = 'running', place = coalesce(place, ord), ord = 0, attempt = 1, value = NULL,
  error = NULL, ended_at = 0, due = NULL, undo = 0 WHERE run = ? AND seq = ?`;
const placeSql = "UPDATE entries SET place = ? WHERE run = ? AND seq = ?";
const looseSql = `SELECT seq, kind, name, coalesce(place, ord) AS ord, EXISTS (SELECT 1 FROM tokens WHERE tokens.run = entries.run
  AND tokens.seq = entries.seq AND entries.kind = 'token' AND tokens.status = 'used') AS used,
  EXISTS (SELECT 1 FROM tokens WHERE tokens.run = entries.run AND tokens.seq = entries.seq AND entries.kind = 'token'
  AND tokens.kind = 'approval') AS approval FROM entries
  WHERE run = ? AND (kind IN ('callback', 'approval') AND status = 'failed'
  OR kind IN ('lock', 'unlock', 'token', 'callback', 'approval') AND status = 'completed') ORDER BY 4`;
const notInSql = "SELECT seq FROM entries WHERE run = ?1 AND seq NOT IN (SELECT seq FROM entries WHERE run = ?2)";
const deleteOneSql = "DELETE FROM entries WHERE run = ? AND seq = ?";
const deleteSql = "DELETE FROM entries WHERE run = ?";
const countUndosSql = "SELECT count(*) AS undos FROM entries WHERE run = ? AND undo = 1";
const copySql = `INSERT INTO entries (run, seq, kind, name, n, status, ord, attempt, value, error, started_at, ended_at, due,
  undo, place) SELECT ?1, seq, kind, name, n, status, ord, iif(ord = 0, 1, attempt), value, iif(ord = 0, NULL, error),
  started_at, ended_at, iif(ord = 0, NULL, due), 0, place FROM entries WHERE run = ?2 AND seq >= 0 AND status <> 'aborted'
  AND coalesce(place, ord) > 0 AND coalesce(place, ord) < ?3`;
const maxOrdSql = "SELECT max(max(ord, coalesce(place, 0))) AS ord FROM entries WHERE run = ?";

/** What is written of an entry. */
export interface EntryRow {
  readonly run: string;
  readonly seq: number;
  readonly kind: EntryKind;
  readonly name: string;
  readonly n: number;
  readonly status: EntryStatus;
  readonly ord: number;
  readonly attempt: number;
  readonly value?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  readonly at: number;
  readonly end: number;
  readonly due?: number | undefined;
  readonly undo: boolean;
}

interface StoredEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly name: string;
  readonly n: number;
  readonly status: EntryStatus;
  readonly ord: number;
  readonly attempt: number;
  readonly value: Uint8Array | null;
  readonly error: Uint8Array | null;
  readonly at: number;
  readonly end: number;
  readonly due: number | null;
  readonly undo: number;
  readonly place: number | null;
}

interface Outline {
  readonly seq: number;
  readonly ord: number;
  readonly bytes: number;
}

export interface JournalPiece {
  readonly entries: readonly JournalEntry[];
  readonly next?: JournalCursor | undefined;
}

export class JournalTable {
  readonly #upsert;
  readonly #settle;
  readonly #abort;
  readonly #makeDue;
  readonly #one;
  readonly #exists;
  readonly #some;
  readonly #outline;
  readonly #lastFailed;
  readonly #retried;
  readonly #redo;
  readonly #place;
  readonly #undoable;
  readonly #loose;
  readonly #notIn;
  readonly #deleteOne;
  readonly #delete;
  readonly #countUndos;
  readonly #copy;
  readonly #maxOrd;

  constructor(db: Connection) {
    this.#upsert = lazily(db, upsertSql);
    this.#settle = lazily(db, settleSql);
    this.#abort = lazily(db, abortSql);
    this.#makeDue = lazily(db, makeDueSql);
    this.#one = lazily<StoredEntry>(db, oneSql);
    this.#exists = lazily(db, existsSql);
    this.#some = lazily<StoredEntry>(db, someSql);
    this.#outline = lazily<Outline>(db, outlineSql);
    this.#lastFailed = lazily<{ seq: number }>(db, lastFailedSql);
    this.#retried = lazily<Omit<RetriedEntry, "again"> & { again: number }>(db, retriedSql);
    this.#redo = lazily(db, redoSql);
    this.#place = lazily(db, placeSql);
    this.#undoable = lazily(db, undoableSql);
    this.#loose = lazily<Omit<LooseEnd, "used" | "approval"> & { used: number; approval: number }>(db, looseSql);
    this.#notIn = lazily<{ seq: number }>(db, notInSql);
    this.#deleteOne = lazily(db, deleteOneSql);
    this.#delete = lazily(db, deleteSql);
    this.#countUndos = lazily<{ undos: number }>(db, countUndosSql);
    this.#copy = lazily(db, copySql);
    this.#maxOrd = lazily<{ ord: number | null }>(db, maxOrdSql);
  }

  /** Writes an entry unless it has already settled or was aborted; false then. */
  put(e: EntryRow): boolean {
    // prettier-ignore
    return this.#upsert().run(e.run, e.seq, e.kind, e.name, e.n, e.status, e.ord, e.attempt, e.value ?? null,
      e.error ?? null, e.at, e.end, e.due ?? null, e.undo ? 1 : 0).changes > 0;
  }

  /** Settles an open entry; false when it is not open. */
  settle(run: string, seq: number, to: { failed: boolean; ord: number; now: number; bytes: Uint8Array }): boolean {
    const value = to.failed ? null : to.bytes;
    const error = to.failed ? to.bytes : null;
    const status = to.failed ? "failed" : "completed";
    return this.#settle().run(status, to.ord, to.now, value, error, run, seq).changes > 0;
  }

  abort(run: string, seq: number, now: number): void {
    this.#abort().run(now, run, seq);
  }

  /** The next attempt of a step does not have to wait any more. */
  makeDue(run: string, seq: number): void {
    this.#makeDue().run(run, seq);
  }

  get(run: string, seq: number): JournalEntry | undefined {
    const row = this.#one().get(run, seq);
    return row === null ? undefined : toEntry(row);
  }

  /** False also for an entry that has to be done again and has no result. */
  has(run: string, seq: number): boolean {
    return this.#exists().get(run, seq) !== null;
  }

  /** True when the entry is known to have an undo. */
  hasUndo(run: string, seq: number): boolean {
    return this.#undoable().get(run, seq) !== null;
  }

  lastFailed(run: string): number | undefined {
    return this.#lastFailed().get(run)?.seq;
  }

  /** What a retry has to know of all entries. */
  retried(run: string): readonly RetriedEntry[] {
    return this.#retried()
      .all(run)
      .map((row) => ({ ...row, again: row.again === 1 }));
  }

  /** Opens an entry again; its next result takes the place of the one it had. */
  redo(run: string, seq: number): void {
    this.#redo().run(run, seq);
  }

  /** Notes the place of an entry that was done again elsewhere. */
  setPlace(run: string, seq: number, place: number): void {
    this.#place().run(place, run, seq);
  }

  /** Locks and tokens of the run, and what became of them, in the order in which that was settled. */
  loose(run: string): readonly LooseEnd[] {
    return this.#loose()
      .all(run)
      .map((row) => ({ ...row, used: row.used === 1, approval: row.approval === 1 }));
  }

  delete(run: string, seq: number): void {
    this.#deleteOne().run(run, seq);
  }

  deleteAll(run: string): void {
    this.#delete().run(run);
  }

  undos(run: string): number {
    return this.#countUndos().get(run)?.undos ?? 0;
  }

  /** Entries of one run whose numbers the other has not. */
  notIn(run: string, other: string): readonly number[] {
    return this.#notIn()
      .all(run, other)
      .map((row) => row.seq);
  }

  /** Copies what stands before the place `beforeOrd` to another run, without undos; returns the highest place copied. */
  copy(from: string, to: string, beforeOrd: number): number {
    this.#copy().run(to, from, beforeOrd);
    return this.#maxOrd().get(to)?.ord ?? 0;
  }

  /** A piece of a journal: settled entries by `ord`, then the others by `seq`, until `bytesMax` is reached. */
  read(p: { run: string; from?: JournalCursor | undefined; bytesMax: number }): JournalPiece {
    if (p.from === undefined) {
      const whole = this.#readWhole(p.run, p.bytesMax);
      if (whole !== undefined) return { entries: whole };
    }
    const order = this.#outline().all(p.run).toSorted(byOrdThenSeq);
    const start = p.from === undefined ? 0 : firstAfter(order, p.from);
    const entries: JournalEntry[] = [];
    let bytes = 0;
    let last: Outline | undefined;
    for (let i = start; i < order.length; i++) {
      const item = order[i];
      if (item === undefined) break;
      bytes += item.bytes + entryOverheadBytes;
      if (bytes > p.bytesMax && last !== undefined) return { entries, next: cursorAfter(last) };
      const entry = this.get(p.run, item.seq);
      if (entry !== undefined) entries.push(entry);
      last = item;
    }
    return { entries };
  }

  /** The whole journal in one pass when it is small; nothing when it is not. */
  #readWhole(run: string, bytesMax: number): readonly JournalEntry[] | undefined {
    const rows = this.#some().all(run, smallJournalEntriesMax + 1);
    if (rows.length > smallJournalEntriesMax) return undefined;
    let bytes = 0;
    for (const row of rows) {
      bytes += (row.value?.length ?? 0) + (row.error?.length ?? 0) + row.name.length + entryOverheadBytes;
    }
    return bytes > bytesMax && rows.length > 1 ? undefined : rows.map(toEntry).toSorted(byOrdThenSeq);
  }
}

function byOrdThenSeq(a: { ord: number; seq: number }, b: { ord: number; seq: number }): number {
  if (a.ord === 0 || b.ord === 0) return a.ord === b.ord ? a.seq - b.seq : b.ord - a.ord;
  return a.ord - b.ord;
}

function firstAfter(order: readonly Outline[], cursor: JournalCursor): number {
  const index = order.findIndex((item) =>
    cursor.open ? item.ord === 0 && item.seq > cursor.after : item.ord === 0 || item.ord > cursor.after,
  );
  return index === -1 ? order.length : index;
}

function cursorAfter(item: Outline): JournalCursor {
  return item.ord === 0 ? { after: item.seq, open: true } : { after: item.ord, open: false };
}

function toEntry(row: StoredEntry): JournalEntry {
  const entry: Mutable<JournalEntry> = {
    seq: row.seq,
    kind: row.kind,
    name: row.name,
    n: row.n,
    status: row.status,
    ord: row.ord,
    attempt: row.attempt,
    at: row.at,
    end: row.end,
  };
  if (row.value !== null) entry.value = row.value;
  if (row.error !== null) entry.error = row.error;
  if (row.due !== null) entry.due = row.due;
  if (row.undo === 1) entry.undo = true;
  if (row.place !== null) entry.place = row.place;
  return entry;
}

/** One entry, for those who ask for no other. */
export function entryOf(db: Connection, p: { readonly run: string; readonly seq: number }): JournalEntry | undefined {
  const row = db.rows<StoredEntry>(oneSql, p.run, p.seq)[0];
  return row === undefined ? undefined : toEntry(row);
}
