// The table of wrapped data keys, on the writer's connection and on one that reads.
import type { NewPayloadKey, PayloadKeyCount, PayloadKeyRecord } from "../../../kernel/payload-keys.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

const columns = "id, workflow, version, wrapped, created_at AS createdAt, erased_at AS erasedAt";
const getSql = `SELECT ${columns} FROM payload_keys WHERE id = ?`;
const listSql = `SELECT ${columns} FROM payload_keys WHERE workflow = ? AND id > ? AND wrapped IS NOT NULL ORDER BY id LIMIT ?`;
const countSql = `SELECT workflow, count(wrapped) AS keys, count(*) - count(wrapped) AS erased FROM payload_keys
  GROUP BY workflow ORDER BY workflow`;
const putSql = `INSERT OR IGNORE INTO payload_keys (id, workflow, version, wrapped, lent, created_at) VALUES (?, ?, ?, ?, ?, ?)`;
const rewrapSql =
  "UPDATE payload_keys SET wrapped = ?, version = ? WHERE id = ? AND workflow = ? AND wrapped IS NOT NULL";
const eraseSql = "UPDATE payload_keys SET wrapped = NULL, erased_at = ? WHERE id = ?";
const releaseSql = `DELETE FROM payload_keys WHERE id = ?1 AND lent = 0
  AND NOT EXISTS (SELECT 1 FROM runs WHERE payload_key = ?1)
  AND NOT EXISTS (SELECT 1 FROM trigger_held WHERE payload_key = ?1)`;

const giveSql = "UPDATE runs SET payload_key = ? WHERE id = ?";
const lendToo =
  "UPDATE payload_keys SET lent = 1 WHERE id = ?1 AND EXISTS (SELECT 1 FROM payload_keys WHERE id = ?2 AND lent = 1)";

interface Row extends Omit<PayloadKeyRecord, "wrapped" | "erasedAt"> {
  readonly wrapped: Uint8Array | null;
  readonly erasedAt: number | null;
}

export class PayloadKeyTable {
  readonly #get;
  readonly #list;
  readonly #count;
  readonly #put;
  readonly #rewrap;
  readonly #erase;
  readonly #release;
  readonly #give;
  readonly #lendToo;

  constructor(db: Connection) {
    this.#get = lazily<Row>(db, getSql);
    this.#list = lazily<Row>(db, listSql);
    this.#count = lazily<PayloadKeyCount>(db, countSql);
    this.#put = lazily(db, putSql);
    this.#rewrap = lazily(db, rewrapSql);
    this.#erase = lazily(db, eraseSql);
    this.#release = lazily(db, releaseSql);
    this.#give = lazily(db, giveSql);
    this.#lendToo = lazily(db, lendToo);
  }

  get(id: string): PayloadKeyRecord | undefined {
    const row = this.#get().get(id);
    return row === null ? undefined : toRecord(row);
  }

  list(p: { readonly workflow: string; readonly after?: string | undefined; readonly limit: number }) {
    return this.#list()
      .all(p.workflow, p.after ?? "", p.limit)
      .map(toRecord);
  }

  counts(): readonly PayloadKeyCount[] {
    return this.#count().all();
  }

  put(id: string, key: NewPayloadKey, now: number): void {
    this.#put().run(id, key.workflow, key.version, key.wrapped, key.lent === true ? 1 : 0, now);
  }

  rewrap(p: {
    readonly id: string;
    readonly workflow: string;
    readonly version: string;
    readonly wrapped: Uint8Array;
  }): boolean {
    return this.#rewrap().run(p.wrapped, p.version, p.id, p.workflow).changes > 0;
  }

  erase(id: string, now: number): void {
    this.#erase().run(now, id);
  }

  /** The run has another key from now on, or none. Where the one before was lent, somebody else's journal will need the new one. */
  exchange(run: string, p: { readonly before: string | undefined; readonly after: string | undefined }): void {
    this.#give().run(p.after ?? null, run);
    if (p.before === undefined) return;
    if (p.after !== undefined) this.#lendToo().run(p.after, p.before);
    this.release(p.before);
  }

  /** Lets a key go that no run has any more, nor what waits to be one. */
  release(id: string): void {
    this.#release().run(id);
  }
}

function toRecord({ wrapped, erasedAt, ...row }: Row): PayloadKeyRecord {
  return { ...row, ...(wrapped === null ? {} : { wrapped }), ...(erasedAt === null ? {} : { erasedAt }) };
}
