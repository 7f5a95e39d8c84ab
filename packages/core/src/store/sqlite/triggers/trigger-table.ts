// The tables of triggers, of what they have seen and of what they hold back.
import type { HeldStart, TriggerMark, TriggerProgress, TriggerRecord } from "../../../kernel/trigger-store.ts";
import type { Connection } from "../connection.ts";
import { lazily, marks } from "../statement.ts";

/** Keys looked up in one statement. */
const keysMax = 500;

const columns = `id, workflow, kind, created_at AS createdAt, paused, version, position, cursor, looked_at AS lookedAt,
  next_at AS nextAt, fired_at AS firedAt, fired, failures, error`;
const listTriggersSql = `SELECT ${columns} FROM triggers ORDER BY id`;
const markColumns = "key, mark, run, at, expires_at AS expiresAt";
const heldColumns = "key, first_at AS firstAt, due_at AS dueAt, count, input, run, payload_key AS payloadKey";
const lastEventSql = {
  sqlite: "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS last",
  postgres: "SELECT last FROM event_numbers",
};
const insertSql = `INSERT INTO triggers (id, workflow, kind, created_at, position) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (id) DO UPDATE SET workflow = excluded.workflow, kind = excluded.kind`;
const saveSql = `UPDATE triggers SET version = version + 1, position = ?2, cursor = ?3, looked_at = ?4, next_at = ?5,
  fired_at = ?6, fired = ?7, failures = ?8, error = ?9 WHERE id = ?1`;
const putMarkSql = `INSERT INTO trigger_marks (trigger_id, key, mark, run, at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
  ON CONFLICT (trigger_id, key) DO UPDATE SET mark = excluded.mark, run = coalesce(excluded.run, trigger_marks.run),
  at = excluded.at,
  expires_at = excluded.expires_at`;
const expiredSql =
  "SELECT trigger_id AS trigger, key FROM trigger_marks WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
const putHeldSql = `INSERT OR REPLACE INTO trigger_held (trigger_id, key, first_at, due_at, count, input, run,
  payload_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const heldWithKeySql = "SELECT trigger_id AS trigger, key FROM trigger_held WHERE payload_key = ?";

interface TriggerRow {
  readonly id: string;
  readonly workflow: string;
  readonly kind: string;
  readonly createdAt: number;
  readonly paused: number;
  readonly version: number;
  readonly position: number;
  readonly cursor: Uint8Array | null;
  readonly lookedAt: number | null;
  readonly nextAt: number | null;
  readonly firedAt: number | null;
  readonly fired: number;
  readonly failures: number;
  readonly error: Uint8Array | null;
}
type MarkRow = { readonly [Key in keyof TriggerMark]-?: Exclude<TriggerMark[Key], undefined> | null };

/** The row without its nulls. */
function filled<T>(row: object): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as T;
}

function toTrigger(row: TriggerRow): TriggerRecord {
  return { ...filled<TriggerRecord>(row), paused: row.paused === 1 };
}

/** Reads of one trigger's marks and what it holds, on any connection. */
export class TriggerReads {
  readonly #db: Connection;
  readonly #list;

  constructor(db: Connection) {
    this.#db = db;
    this.#list = lazily<TriggerRow>(db, listTriggersSql);
  }

  list(): readonly TriggerRecord[] {
    return this.#list().all().map(toTrigger);
  }

  marks(trigger: string, keys: readonly string[]): readonly TriggerMark[] {
    const sql = (count: number): string =>
      `SELECT ${markColumns} FROM trigger_marks WHERE trigger_id = ? AND key IN (${marks(count)})`;
    return this.#chunks(keys, (some) => this.#db.rows<MarkRow>(sql(some.length), trigger, ...some)).map((row) =>
      filled<TriggerMark>(row),
    );
  }

  marksAfter(p: { readonly trigger: string; readonly after?: string | undefined; readonly limit: number }) {
    const sql = `SELECT ${markColumns} FROM trigger_marks WHERE trigger_id = ? AND key > ? ORDER BY key LIMIT ?`;
    return this.#db.rows<MarkRow>(sql, p.trigger, p.after ?? "", p.limit).map((row) => filled<TriggerMark>(row));
  }

  held(
    trigger: string,
    limit: number,
    after?: { readonly dueAt: number; readonly key?: string | undefined },
  ): readonly HeldStart[] {
    const { dueAt = -1, key = null } = after ?? {};
    // Without a key nothing that is due at that time is greater.
    const sql = `SELECT ${heldColumns} FROM trigger_held WHERE trigger_id = ?1 AND due_at >= ?2
      AND (due_at > ?2 OR key > ?3) ORDER BY due_at, key LIMIT ?4`;
    return this.#db.rows<object>(sql, trigger, dueAt, key, limit).map((row) => filled<HeldStart>(row));
  }

  countHeld(trigger: string): number {
    const sql = "SELECT count(*) AS n FROM trigger_held WHERE trigger_id = ?";
    return this.#db.rows<{ n: number }>(sql, trigger)[0]?.n ?? 0;
  }

  heldUnder(trigger: string, keys: readonly string[]): readonly HeldStart[] {
    const sql = (count: number): string =>
      `SELECT ${heldColumns} FROM trigger_held WHERE trigger_id = ? AND key IN (${marks(count)})`;
    return this.#chunks(keys, (some) => this.#db.rows<object>(sql(some.length), trigger, ...some)).map((row) =>
      filled<HeldStart>(row),
    );
  }

  #chunks<T>(keys: readonly string[], read: (some: readonly string[]) => readonly T[]): readonly T[] {
    const found: T[] = [];
    for (let at = 0; at < keys.length; at += keysMax) found.push(...read(keys.slice(at, at + keysMax)));
    return found;
  }
}

/** Changes, on the writer's connection. */
export class TriggerTable extends TriggerReads {
  readonly #get;
  readonly #ofWorkflow;
  readonly #insert;
  readonly #delete;
  readonly #deleteMarks;
  readonly #deleteHeld;
  readonly #pause;
  readonly #save;
  readonly #lastEvent;
  readonly #getMark;
  readonly #putMark;
  readonly #forget;
  readonly #expired;
  readonly #putHeld;
  readonly #heldWithKey;
  readonly #release;

  constructor(db: Connection) {
    super(db);
    this.#get = lazily<TriggerRow>(db, `SELECT ${columns} FROM triggers WHERE id = ?`);
    this.#ofWorkflow = lazily<{ id: string }>(db, "SELECT id FROM triggers WHERE workflow = ?");
    this.#insert = lazily(db, insertSql);
    this.#delete = lazily(db, "DELETE FROM triggers WHERE id = ?");
    this.#deleteMarks = lazily(db, "DELETE FROM trigger_marks WHERE trigger_id = ?");
    this.#deleteHeld = lazily(db, "DELETE FROM trigger_held WHERE trigger_id = ?");
    this.#pause = lazily(db, "UPDATE triggers SET paused = ?, version = version + 1 WHERE id = ?");
    this.#save = lazily(db, saveSql);
    this.#lastEvent = lazily<{ last: number }>(db, lastEventSql[db.dialect]);
    this.#getMark = lazily<MarkRow>(db, `SELECT ${markColumns} FROM trigger_marks WHERE trigger_id = ? AND key = ?`);
    this.#putMark = lazily(db, putMarkSql);
    this.#forget = lazily(db, "DELETE FROM trigger_marks WHERE trigger_id = ? AND key = ?");
    this.#expired = lazily<{ trigger: string; key: string }>(db, expiredSql);
    this.#putHeld = lazily(db, putHeldSql);
    this.#heldWithKey = lazily<{ trigger: string; key: string }>(db, heldWithKeySql);
    this.#release = lazily(db, "DELETE FROM trigger_held WHERE trigger_id = ? AND key = ?");
  }

  get(id: string): TriggerRecord | undefined {
    const row = this.#get().get(id);
    return row === null ? undefined : toTrigger(row);
  }

  idsOf(workflow: string): readonly string[] {
    return this.#ofWorkflow()
      .all(workflow)
      .map(({ id }) => id);
  }

  put(t: Pick<TriggerRecord, "id" | "workflow" | "kind" | "createdAt">): void {
    this.#insert().run(t.id, t.workflow, t.kind, t.createdAt, this.#lastEvent().get()?.last ?? 0);
  }

  delete(id: string): void {
    this.#delete().run(id);
    this.#deleteMarks().run(id);
    this.#deleteHeld().run(id);
  }

  setPaused(id: string, paused: boolean): void {
    this.#pause().run(paused ? 1 : 0, id);
  }

  save(before: TriggerRecord, progress: TriggerProgress, fired: { readonly count: number; readonly at: number }): void {
    const { cursor, lookedAt, nextAt, error } = { ...before, ...defined(progress) };
    const position = progress.position ?? before.position;
    const failures = progress.failures ?? before.failures;
    // prettier-ignore
    this.#save().run(before.id, position, cursor ?? null, lookedAt ?? null, nextAt ?? null,
      fired.count > 0 ? fired.at : (before.firedAt ?? null), before.fired + fired.count, failures, error ?? null);
  }

  mark(trigger: string, key: string): TriggerMark | undefined {
    const row = this.#getMark().get(trigger, key);
    return row === null ? undefined : filled<TriggerMark>(row);
  }

  putMark(trigger: string, m: TriggerMark): void {
    this.#putMark().run(trigger, m.key, m.mark ?? null, m.run ?? null, m.at, m.expiresAt ?? null);
  }

  forget(trigger: string, key: string): void {
    this.#forget().run(trigger, key);
  }

  expired(now: number, limit: number): readonly { trigger: string; key: string }[] {
    return this.#expired().all(now, limit);
  }

  hold(trigger: string, h: HeldStart): void {
    const { key, firstAt, dueAt, count, input, run = null, payloadKey = null } = h;
    this.#putHeld().run(trigger, key, firstAt, dueAt, count, input, run, payloadKey);
  }

  /** What is held that is sealed with a data key. */
  heldWithKey(payloadKey: string): readonly { readonly trigger: string; readonly key: string }[] {
    return this.#heldWithKey().all(payloadKey);
  }

  release(trigger: string, key: string): void {
    this.#release().run(trigger, key);
  }
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>;
}
