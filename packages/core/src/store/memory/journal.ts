// The journal of one run: entries by number, settled ones in the order they settled, open ones apart.
import { assert } from "./assert.ts";
import type { EntryKind, JournalEntry } from "@sluice/protocol";
import { beforeLooseEnds, brokenLocks } from "../../kernel/loose-ends.ts";
import type { Gap, LooseEnd } from "../../kernel/loose-ends.ts";
import type { JournalCursor, TokenRecord } from "../../kernel/run-store.ts";
import type { EntryRow, RunRow, Settlement } from "./rows.ts";

/** What an entry is counted as besides its value, error and name. */
const entryBytes = 64;

/** What an operation says of the entry it writes. */
export interface Placing {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly name: string;
  readonly n: number;
  readonly at: number;
  readonly attempt?: number | undefined;
  readonly undo?: boolean | undefined;
}

/** The running entry with this number, made if need be. Undefined when it has settled or was aborted: it stays as it is. */
export function openEntry(run: RunRow, p: Placing): EntryRow | undefined {
  const known = run.entries.get(p.seq);
  if (known !== undefined && known.entry.status !== "running") return undefined;
  const row = known ?? newEntry(run, p);
  // What is to be done again may be something else in other code.
  if (known?.entry.place !== undefined) Object.assign(known.entry, { kind: p.kind, name: p.name, n: p.n });
  row.entry.at = p.at;
  if (p.attempt !== undefined) row.entry.attempt = p.attempt;
  row.entry.due = undefined;
  if (p.undo === true && row.entry.undo !== true) {
    row.entry.undo = true;
    run.undos++;
  }
  return row;
}

function newEntry(run: RunRow, p: Placing): EntryRow {
  const { seq, kind, name, n, at } = p;
  const row: EntryRow = { run, entry: { seq, kind, name, n, status: "running", ord: 0, attempt: 1, at, end: 0 } };
  run.entries.set(seq, row);
  run.open.set(seq, row);
  return row;
}

/** Writes the result of a running entry and its place in the order. */
export function closeEntry(row: EntryRow, result: Settlement, now: number): void {
  const { run, entry } = row;
  assert(entry.status === "running", "an entry settles once");
  entry.status = result.error === undefined ? "completed" : "failed";
  entry.value = result.value;
  entry.error = result.error;
  entry.ord = ++run.record.ord;
  entry.end = now;
  run.open.delete(entry.seq);
  run.settled.push(row);
}

/** Turns an entry into a lost branch of a race: it never settles, and what it had received is given back. */
export function abortEntry(row: EntryRow, now: number): void {
  const { run, entry } = row;
  if (entry.ord > 0) run.settled.splice(firstAfter(run, entry.ord - 1), 1);
  if (row.eventId !== undefined) run.consumed.delete(row.eventId);
  row.eventId = undefined;
  entry.status = "aborted";
  entry.ord = 0;
  entry.end = now;
  entry.value = undefined;
  entry.error = undefined;
  run.open.set(entry.seq, row);
}

/** True for an entry that has to be done again, has no result and does not wait for one. */
export function isRedo({ entry, wait }: EntryRow): boolean {
  return entry.status === "running" && entry.place !== undefined && wait === undefined;
}

/** Opens entries again; their next results take the places of those they had. Their waits and tokens are the caller's. */
export function redoEntries(run: RunRow, rows: ReadonlySet<EntryRow>): void {
  run.settled = run.settled.filter((row) => !rows.has(row));
  for (const row of rows) {
    row.attempts = undefined;
    openAgain(row.entry);
    run.open.set(row.entry.seq, row);
  }
}

function openAgain(entry: EntryRow["entry"]): void {
  entry.place ??= entry.ord;
  // prettier-ignore
  Object.assign(entry, { status: "running", ord: 0, attempt: 1, end: 0, value: undefined, error: undefined, due: undefined,
    undo: undefined });
}

/** Removes entries as if they had never been asked for. Their waits and tokens are the caller's. */
export function removeEntries(run: RunRow, rows: ReadonlySet<EntryRow>): void {
  for (const row of rows) {
    run.entries.delete(row.entry.seq);
    run.open.delete(row.entry.seq);
    if (row.eventId !== undefined) run.consumed.delete(row.eventId);
  }
  run.settled = run.settled.filter((row) => !rows.has(row));
  run.undos = 0;
  for (const row of run.entries.values()) if (row.entry.undo === true) run.undos++;
}

/** Where the result of an entry stands in a replay; 0 while it has no place. */
export function placeOf({ entry }: EntryRow): number {
  return entry.place ?? entry.ord;
}

/** Locks and tokens of the run, and what became of them, in the order in which a replay comes by them. */
export function looseEntries(run: RunRow): readonly LooseEnd[] {
  const found: LooseEnd[] = [];
  for (const row of run.settled.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const { kind, name, seq, status } = row.entry;
    const counts =
      kind === "callback" ||
      kind === "approval" ||
      (status === "completed" && (kind === "lock" || kind === "unlock" || kind === "token"));
    if (!counts) continue;
    const record = kind === "token" ? tokenMadeAt(run, seq) : undefined;
    found.push({
      kind,
      name,
      ord: placeOf(row),
      seq,
      used: record?.status === "used",
      approval: record?.kind === "approval",
    });
  }
  return found;
}

function tokenMadeAt(run: RunRow, seq: number): TokenRecord | undefined {
  for (const { record } of run.tokens) if (record.seq === seq) return record;
  return undefined;
}

/**
 * Copies the entries of one run that have a place, not their undos, into another that has none yet; `beforeOrd` is the first left
 * out. The copy ends before a lock that the source holds at that point, or a token it waits for: they are not the other run's.
 * Locks given back around what is missing in the copy, or done again, are taken again there.
 */
export function copySettled(from: RunRow, to: RunRow, beforeOrd: number): void {
  const loose = looseEntries(from);
  const end = beforeLooseEnds(loose, beforeOrd);
  const placed = [...from.settled, ...[...from.open.values()].filter(({ entry }) => entry.status === "running")];
  const copied = placed.filter((row) => row.entry.seq >= 0 && placeOf(row) > 0 && placeOf(row) < end);
  const results = new Set(copied.filter(({ entry }) => entry.status !== "running").map(({ entry }) => entry.seq));
  const settled = (seq: number): boolean => results.has(seq);
  const broken = new Set(brokenLocks(loose, { gaps: gapsOf(copied, from), settled }).map(({ seq }) => seq));
  for (const { entry, eventId } of copied) {
    const row: EntryRow = { run: to, entry: { ...entry, undo: undefined }, eventId };
    to.record.ord = Math.max(to.record.ord, entry.ord, entry.place ?? 0);
    to.entries.set(entry.seq, row);
    if (broken.has(entry.seq) || entry.status === "running") {
      openAgain(row.entry);
      to.open.set(entry.seq, row);
    } else to.settled.push(row);
    if (eventId !== undefined) to.consumed.add(eventId);
  }
}

/** What is not copied although later entries may be, and what is done again: only a retry leaves either. */
function gapsOf(copied: readonly EntryRow[], from: RunRow): readonly Gap[] {
  if (from.record.attempt === 1 && from.record.forkedFrom === undefined) return [];
  const taken = new Set(copied.map(({ entry }) => entry.seq));
  const missing = [...from.entries.keys()].filter((seq) => !taken.has(seq)).map((seq) => ({ seq, at: 0 }));
  const again = copied.filter(({ entry }) => entry.status === "running");
  return [...missing, ...again.map((row) => ({ seq: row.entry.seq, at: placeOf(row) }))];
}

export interface JournalPiece {
  readonly entries: readonly JournalEntry[];
  readonly next?: JournalCursor | undefined;
}

/** The next piece of a journal, at least one entry and about `bytesMax` bytes: settled entries by `ord`, then the others by `seq`. */
export function readPiece(run: RunRow, from: JournalCursor | undefined, bytesMax: number): JournalPiece {
  const entries: JournalEntry[] = [];
  let bytes = 0;
  const take = (row: EntryRow): boolean => {
    const size = sizeOf(row.entry);
    if (entries.length > 0 && bytes + size > bytesMax) return false;
    bytes += size;
    entries.push({ ...row.entry });
    return true;
  };
  let cursor: JournalCursor = from ?? { after: 0, open: false };
  if (!cursor.open) {
    for (let at = firstAfter(run, cursor.after); at < run.settled.length; at++) {
      const row = run.settled[at];
      if (row === undefined || !take(row)) return { entries, next: cursor };
      cursor = { after: row.entry.ord, open: false };
    }
  }
  const after = cursor.open ? cursor.after : Number.NEGATIVE_INFINITY;
  const rest = [...run.open.values()]
    .filter((row) => row.entry.seq > after)
    .toSorted((a, b) => a.entry.seq - b.entry.seq);
  for (const row of rest) {
    if (!take(row)) return { entries, next: cursor };
    cursor = { after: row.entry.seq, open: true };
  }
  return { entries };
}

/** Index of the first settled entry with an `ord` above this one. */
function firstAfter(run: RunRow, ord: number): number {
  let low = 0;
  let high = run.settled.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((run.settled[middle]?.entry.ord ?? 0) <= ord) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sizeOf(entry: JournalEntry): number {
  return entryBytes + entry.name.length + (entry.value?.length ?? 0) + (entry.error?.length ?? 0);
}
