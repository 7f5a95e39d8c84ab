// The table of waits: what open entries wait for, and the run's own timers under reserved numbers.
import type { Connection } from "./connection.ts";
import { lazily } from "./statement.ts";
import type { WaitKind } from "../wait-kind.ts";

/** Numbers under which a run's own timers stand among the waits of its entries. */
export const runTimerSeqs = { delay: -1_000_000_001, timeout: -1_000_000_002, start: -1_000_000_003 } as const;

export interface Wait {
  readonly run: string;
  readonly seq: number;
  readonly kind: WaitKind;
  readonly no: number;
  readonly due: number | null;
  readonly ref: string | null;
  readonly key: string | null;
  readonly match: Uint8Array | null;
  readonly ttl: number | null;
}

/** Numbers given to waits and locks per millisecond of time, so that they go on growing after a restart. */
const numbersPerMs = 1_024;

const columns = "run, seq, kind, no, due, ref, key, match, ttl";
const putSql = `INSERT OR REPLACE INTO waits (run, seq, kind, no, due, ref, key, match, ttl)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const getSql = `SELECT ${columns} FROM waits WHERE run = ? AND seq = ?`;
const deleteSql = "DELETE FROM waits WHERE run = ? AND seq = ?";
const deleteAllSql = "DELETE FROM waits WHERE run = ?";
const dueSql = `SELECT ${columns} FROM waits WHERE due <= ? ORDER BY due, no LIMIT ?`;
const countSql = `SELECT count(*) AS count FROM waits WHERE run = ? AND seq > ${runTimerSeqs.delay}`;
const onRefSql = `SELECT ${columns} FROM waits WHERE ref = ? AND kind = ? ORDER BY no`;
const oldestOnRefSql = `SELECT ${columns} FROM waits WHERE ref = ? AND kind = ? ORDER BY no LIMIT 1`;
const forEventSql = `SELECT ${columns} FROM waits WHERE ref = ?1 AND kind = 'event' AND key IS NULL
  UNION ALL SELECT ${columns} FROM waits WHERE ref = ?1 AND kind = 'event' AND key = ?2 ORDER BY no`;
const moveSql = "UPDATE waits SET ref = ? WHERE ref = ? AND kind = 'child'";
const openRetrySql = "SELECT 1 AS found FROM waits WHERE run = ? AND kind = 'retry' LIMIT 1";

export class WaitTable {
  #lastNo = 0;
  readonly #put;
  readonly #get;
  readonly #delete;
  readonly #deleteAll;
  readonly #due;
  readonly #count;
  readonly #onRef;
  readonly #oldestOnRef;
  readonly #forEvent;
  readonly #openRetry;
  readonly #move;

  constructor(db: Connection) {
    this.#put = lazily(db, putSql);
    this.#get = lazily<Wait>(db, getSql);
    this.#delete = lazily(db, deleteSql);
    this.#deleteAll = lazily(db, deleteAllSql);
    this.#due = lazily<Wait>(db, dueSql);
    this.#count = lazily<{ count: number }>(db, countSql);
    this.#onRef = lazily<Wait>(db, onRefSql);
    this.#oldestOnRef = lazily<Wait>(db, oldestOnRefSql);
    this.#forEvent = lazily<Wait>(db, forEventSql);
    this.#openRetry = lazily(db, openRetrySql);
    this.#move = lazily(db, moveSql);
  }

  /** A number that grows with everything that may come due. */
  nextNo(now: number): number {
    this.#lastNo = Math.max(this.#lastNo + 1, now * numbersPerMs);
    return this.#lastNo;
  }

  put(wait: { run: string; seq: number; kind: WaitKind } & Partial<NullToUndefined<Wait>>, now: number): void {
    // prettier-ignore
    this.#put().run(wait.run, wait.seq, wait.kind, this.nextNo(now), wait.due ?? null, wait.ref ?? null, wait.key ?? null,
      wait.match ?? null, wait.ttl ?? null);
  }

  get(run: string, seq: number): Wait | undefined {
    return this.#get().get(run, seq) ?? undefined;
  }

  /** False when there was none. */
  delete(run: string, seq: number): boolean {
    return this.#delete().run(run, seq).changes > 0;
  }

  deleteAll(run: string): void {
    this.#deleteAll().run(run);
  }

  due(now: number, limit: number): readonly Wait[] {
    return this.#due().all(now, limit);
  }

  /** Waits of entries of one run. */
  count(run: string): number {
    return this.#count().get(run)?.count ?? 0;
  }

  /** Everything that waits for this token or child run, oldest first. */
  on(ref: string, kind: WaitKind): readonly Wait[] {
    return this.#onRef().all(ref, kind);
  }

  oldestOn(ref: string, kind: WaitKind): Wait | undefined {
    return this.#oldestOnRef().get(ref, kind) ?? undefined;
  }

  /** Waits for events of this name, oldest first: those without a key and those with this one. */
  forEvent(name: string, key: string | undefined): readonly Wait[] {
    return this.#forEvent().all(name, key ?? null);
  }

  /** Who waits for the end of one run waits for that of another from now on. */
  moveChild(from: string, to: string): void {
    this.#move().run(to, from);
  }

  hasOpenRetry(run: string): boolean {
    return this.#openRetry().get(run) !== null;
  }
}

type NullToUndefined<T> = { [K in keyof T]: Exclude<T[K], null> | undefined };
