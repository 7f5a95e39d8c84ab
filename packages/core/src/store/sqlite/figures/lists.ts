// Lists that only people ask for: who waits for which event, what schedules started, journals without their values.
import { matchesAny, sees } from "../../../kernel/patterns.ts";
import {
  nominalAtOf,
  scheduledTag,
  type Attempt,
  type EventWait,
  type OutlineEntry,
  type RunFigures,
  type RunOutline,
  type ScheduledRun,
} from "../../../kernel/run-figures.ts";
import type { JournalEntry, RunStatus } from "@sluice/protocol";
import type { Connection } from "../connection.ts";
import { decodeCursor, decodePosition, encodeCursor, encodePosition, invalidCursor } from "../cursor.ts";
import { entryOf } from "../journal.ts";
import { attemptsSql } from "./attempts.ts";
import { shown } from "./statistics.ts";

type Params<Verb extends keyof RunFigures> = Parameters<RunFigures[Verb]>[0];

/** Waits looked at in one statement, and for one page: those that may not be seen are in the way of the others. */
const waitsAtOnce = 512;
const waitsLookedAtMax = 4_096;

const waitColumns = `SELECT w.run, runs.workflow, w.seq, w.ref AS event, w.key, w.match, entries.started_at AS since,
  w.due AS dueAt, w.no FROM`;
const waitJoins = `AS w CROSS JOIN runs ON runs.id = w.run CROSS JOIN entries ON entries.run = w.run AND entries.seq = w.seq
  ORDER BY w.ref, w.no`;
export const waitsSql = `${waitColumns} (SELECT * FROM waits WHERE kind = 'event' AND (ref, no) > (?, ?)
  ORDER BY ref, no LIMIT ?) ${waitJoins}`;
export const waitsForSql = `${waitColumns} (SELECT * FROM waits WHERE kind = 'event' AND ref = ? AND no > ?
  ORDER BY ref, no LIMIT ?) ${waitJoins}`;

interface WaitRow {
  readonly run: string;
  readonly workflow: string;
  readonly seq: number;
  readonly event: string;
  readonly key: string | null;
  readonly match: Uint8Array | null;
  readonly since: number;
  readonly dueAt: number | null;
  readonly no: number;
}

export function listWaits(db: Connection, p: Params<"listWaits">): { waits: EventWait[]; next?: string } {
  const start = p.cursor === undefined ? { event: p.event ?? "", no: -1 } : decodePlace(p.cursor);
  if (p.event !== undefined && start.event !== p.event) throw invalidCursor();
  const statement = db.prepare<WaitRow>(p.event === undefined ? waitsSql : waitsForSql);
  const waits: EventWait[] = [];
  let at = start;
  try {
    for (let looked = 0; looked < waitsLookedAtMax; looked += waitsAtOnce) {
      const rows = statement.all(at.event, at.no, waitsAtOnce);
      for (const row of rows) {
        if (matchesAny(p.names, row.event) && sees(p.access, row.workflow)) {
          if (waits.length === p.limit) return { waits, next: encodePlace(at) };
          waits.push(toWait(row));
        }
        at = row;
      }
      if (rows.length < waitsAtOnce) return { waits };
    }
  } finally {
    statement.finalize();
  }
  return { waits, next: encodePlace(at) };
}

interface Place {
  readonly event: string;
  readonly no: number;
}

function encodePlace({ event, no }: Place): string {
  return encodeCursor(`${no} ${event}`);
}

function decodePlace(cursor: string): Place {
  const [, no, event] = /^(\d{1,16}) (.*)$/s.exec(decodeCursor(cursor)) ?? [];
  if (event === undefined) throw invalidCursor();
  return { event, no: Number(no) };
}

function toWait({ no: _no, key, match, dueAt, ...wait }: WaitRow): EventWait {
  return {
    ...wait,
    ...(key === null ? {} : { key }),
    ...(match === null ? {} : { match }),
    ...(dueAt === null ? {} : { dueAt }),
  };
}

/** Tags sort as the times in them do: the runs of an interval are next to each other, whatever schedule they are of. */
export function scheduledQuery(p: Params<"listScheduledRuns">): {
  readonly sql: string;
  readonly values: readonly (string | number)[];
} {
  const seen = shown(p.access, "runs.workflow");
  const named =
    p.workflow === undefined ? { sql: "TRUE", values: [] } : { sql: "runs.workflow = ?", values: [p.workflow] };
  const sql = `SELECT runs.id AS run, runs.schedule, runs.workflow, runs.status, run_tags.tag, runs.created_at AS createdAt
    FROM run_tags CROSS JOIN runs ON runs.id = run_tags.run WHERE run_tags.tag >= ? AND run_tags.tag < ?
    AND runs.schedule IS NOT NULL AND ${named.sql} AND ${seen.sql}
    ORDER BY run_tags.tag, run_tags.created_at, run_tags.run LIMIT ?`;
  return { sql, values: [scheduledTag(p.from), scheduledTag(p.to), ...named.values, ...seen.values, p.limit] };
}

export function listScheduledRuns(db: Connection, p: Params<"listScheduledRuns">): ScheduledRun[] {
  const { sql, values } = scheduledQuery(p);
  type Row = Omit<ScheduledRun, "nominalAt"> & { readonly tag: string };
  return db.rows<Row>(sql, ...values).flatMap(({ tag, ...run }) => {
    const nominalAt = nominalAtOf(tag);
    return nominalAt === undefined ? [] : [{ ...run, nominalAt }];
  });
}

export const newestRunsSql = `SELECT id, status, created_at AS createdAt FROM runs WHERE workflow = ?
  AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`;
const outlineSql = `SELECT seq, kind, name, status, ord, started_at AS at, ended_at AS "end" FROM entries
  WHERE run = ? AND seq >= 0 ORDER BY seq LIMIT ?`;

export function listOutlines(db: Connection, p: Params<"listOutlines">): { outlines: RunOutline[]; next?: string } {
  const before = p.cursor === undefined ? theEnd : decodePosition(p.cursor);
  type Row = { readonly id: string; readonly status: RunStatus; readonly createdAt: number };
  const rows = db.rows<Row>(newestRunsSql, p.workflow, before.createdAt, before.id, p.limit + 1);
  const entries = db.prepare<OutlineEntry>(outlineSql);
  try {
    const outlines = rows
      .slice(0, p.limit)
      .map(({ id, status }) => ({ run: id, status, entries: entries.all(id, p.entriesMax) }));
    const last = rows[p.limit - 1];
    return rows.length <= p.limit || last === undefined ? { outlines } : { outlines, next: encodePosition(last) };
  } finally {
    entries.finalize();
  }
}

/** After every run. */
const theEnd = { createdAt: Number.MAX_SAFE_INTEGER, id: "" };

function shows(db: Connection, p: Params<"listAttempts">): boolean {
  if (p.access === undefined) return true;
  const run = db.rows<{ workflow: string }>("SELECT workflow FROM runs WHERE id = ?", p.run)[0];
  return run !== undefined && sees(p.access, run.workflow);
}

export function getEntry(db: Connection, p: Params<"getEntry">): JournalEntry | undefined {
  return shows(db, p) ? entryOf(db, p) : undefined;
}

export function listAttempts(db: Connection, p: Params<"listAttempts">): readonly Attempt[] {
  if (!shows(db, p)) return [];
  return db.rows<Attempt>(attemptsSql, p.run);
}
