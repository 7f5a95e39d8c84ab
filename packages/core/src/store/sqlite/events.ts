// The table of events and of who has consumed which; an event is kept for those who begin to wait later.
import type { Connection } from "./connection.ts";
import { eventIdKey, fitting } from "../../kernel/match.ts";
import type { LargeEvent } from "../../kernel/run-store.ts";
import { lazily } from "./statement.ts";

/** Stands for the entry of an event that an earlier run of the chain has taken: no entry has this number. */
const consumedBefore = -2_000_000_000;
/** Events compared with a pattern at a time. */
const comparedMax = 64;

export interface StoredEvent {
  readonly id: number;
  readonly payload: Uint8Array;
}

const insertSql = {
  sqlite: "INSERT INTO events (name, key, payload, at, dedupe) VALUES (?, ?, ?, ?, ?) RETURNING id",
  // A sequence goes on where a commit does not; numbers of events have no gaps.
  postgres: `WITH next AS (UPDATE event_numbers SET last = last + 1 RETURNING last)
    INSERT INTO events (id, name, key, payload, at, dedupe) SELECT last, ?::text, ?::text, ?::bytea, ?::bigint, ?::text FROM next
    RETURNING id`,
};
/** Rows of earlier versions have the id alone. */
const dedupeSql = "SELECT id FROM events WHERE dedupe IN (?1, ?2) AND (dedupe = ?1 OR name = ?3) LIMIT 1";
const unconsumed = "NOT EXISTS (SELECT 1 FROM consumed WHERE consumed.run = ?2 AND consumed.event = events.id)";
const anySql = `SELECT id, payload FROM events WHERE name = ?1 AND id > ?3
  AND id > (SELECT last_event FROM runs WHERE runs.id = ?2) AND ${unconsumed} ORDER BY id LIMIT ?4`;
const keyedSql = `SELECT id, payload FROM events WHERE name = ?1 AND id > ?3 AND key = ?5 AND ${unconsumed}
  ORDER BY id LIMIT ?4`;
const consumeSql = "INSERT OR IGNORE INTO consumed (run, event, seq) VALUES (?, ?, ?)";
const releaseSql = "DELETE FROM consumed WHERE run = ? AND seq = ?";
const releaseAllSql = "DELETE FROM consumed WHERE run = ?";
const copySql = `INSERT INTO consumed (run, event, seq) SELECT ?1, event, seq FROM consumed WHERE run = ?2
  AND seq IN (SELECT seq FROM entries WHERE run = ?1 AND kind = 'event')`;
const carrySql = `INSERT OR IGNORE INTO consumed (run, event, seq) SELECT ?1, event, ${consumedBefore} FROM consumed
  WHERE run = ?2 AND seq <> ${consumedBefore} AND event IN (SELECT id FROM events)`;
const moveSql = `UPDATE consumed SET run = ?1 WHERE run = ?2
  AND NOT EXISTS (SELECT 1 FROM consumed AS there WHERE there.run = ?1 AND there.event = consumed.event) AND seq = ${consumedBefore}
  AND event IN (SELECT id FROM events)`;
const oldSql = "SELECT id FROM events WHERE at < ? ORDER BY at, id LIMIT ?";
const deleteSql = "DELETE FROM events WHERE id = ?";

export class EventTable {
  readonly #insert;
  readonly #dedupe;
  readonly #any;
  readonly #keyed;
  readonly #consume;
  readonly #release;
  readonly #releaseAll;
  readonly #copy;
  readonly #carry;
  readonly #move;
  readonly #old;
  readonly #delete;

  constructor(db: Connection) {
    this.#insert = lazily<{ id: number }>(db, insertSql[db.dialect]);
    this.#dedupe = lazily<{ id: number }>(db, dedupeSql);
    this.#any = lazily<StoredEvent>(db, anySql);
    this.#keyed = lazily<StoredEvent>(db, keyedSql);
    this.#consume = lazily(db, consumeSql);
    this.#release = lazily(db, releaseSql);
    this.#releaseAll = lazily(db, releaseAllSql);
    this.#copy = lazily(db, copySql);
    this.#carry = lazily(db, carrySql);
    this.#move = lazily(db, moveSql);
    this.#old = lazily<{ id: number }>(db, oldSql);
    this.#delete = lazily(db, deleteSql);
  }

  insert(event: {
    name: string;
    key?: string | undefined;
    payload: Uint8Array;
    at: number;
    id?: string | undefined;
  }): number {
    const stored = this.#insert().get(
      event.name,
      event.key ?? null,
      event.payload,
      event.at,
      event.id === undefined ? null : eventIdKey(event.name, event.id),
    );
    if (stored === null) throw new Error("an event was stored and has no number");
    return stored.id;
  }

  /** The event of this name that was stored earlier under this id of the sender's. */
  byDedupe(name: string, id: string): number | undefined {
    return this.#dedupe().get(eventIdKey(name, id), id, name)?.id;
  }

  /**
   * The oldest event that fits a wait and that its run has not consumed; without a key only those stored since the run was
   * created. `undecided`: one is kept as a blob, and its payload is needed to go on.
   */
  find(p: {
    readonly run: string;
    readonly name: string;
    readonly key?: string | undefined;
    readonly match?: Uint8Array | undefined;
    readonly large?: LargeEvent | undefined;
  }): { readonly event: StoredEvent; readonly undecided: boolean } | undefined {
    const limit = p.match === undefined ? 1 : comparedMax;
    const fits = fitting(p.match, p.large);
    let after = p.large === undefined ? 0 : p.large.event - 1;
    for (;;) {
      const rows =
        p.key === undefined
          ? this.#any().all(p.name, p.run, after, limit)
          : this.#keyed().all(p.name, p.run, after, limit, p.key);
      for (const event of rows) {
        const fit = fits(event);
        if (fit !== false) return { event, undecided: fit === undefined };
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) return undefined;
      after = last.id;
    }
  }

  /** Notes that a run has taken an event; false when it had done so before. */
  consume(run: string, event: number, seq: number): boolean {
    return this.#consume().run(run, event, seq).changes > 0;
  }

  release(run: string, seq: number): void {
    this.#release().run(run, seq);
  }

  releaseAll(run: string): void {
    this.#releaseAll().run(run);
  }

  /** Carries over what the copied entries of a fork have consumed. */
  copyConsumed(from: string, to: string): void {
    this.#copy().run(to, from);
  }

  /** What a run and those before it have consumed counts for the one it goes on as. */
  carryConsumed(from: string, to: string): void {
    this.#carry().run(to, from);
    this.#move().run(to, from);
  }

  /** Deletes events from before a time; returns their ids. */
  deleteOld(before: number, limit: number): readonly number[] {
    const old = this.#old().all(before, limit);
    for (const { id } of old) this.#delete().run(id);
    return old.map(({ id }) => id);
  }
}
