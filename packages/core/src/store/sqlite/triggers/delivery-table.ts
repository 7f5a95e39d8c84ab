// The table of deliveries: requests to webhooks, newest first, bounded.
import type { DeliveryRecord, TriggerStore } from "../../../kernel/trigger-store.ts";
import type { Connection } from "../connection.ts";
import { fitsPatterns } from "../patterns.ts";
import { lazily } from "../statement.ts";

const aboutColumns = `id, trigger_id AS trigger, workflow, at, kind, repeats AS "of", method, path, query, headers, bytes,
  address, status, code, took_ms AS tookMs, run, error`;
const insertSql = `INSERT INTO deliveries (id, trigger_id, workflow, at, kind, repeats, method, path, query, headers, body,
  bytes, address, status, code, took_ms, run, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const oldSql = "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE at < ? ORDER BY id LIMIT ?)";
const manySql = `SELECT trigger_id AS trigger FROM deliveries GROUP BY trigger_id HAVING count(*) > ?`;
const beyondSql = `DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE trigger_id = ?1
  ORDER BY id DESC LIMIT ?3 OFFSET ?2)`;

type DeliveryRow = { readonly [Key in keyof DeliveryRecord]: DeliveryRecord[Key] | null };
type ListParams = Parameters<TriggerStore["listDeliveries"]>[0];

function toDelivery(row: DeliveryRow): DeliveryRecord {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as DeliveryRecord;
}

export function getDelivery(db: Connection, p: Parameters<TriggerStore["getDelivery"]>[0]): DeliveryRecord | undefined {
  const shown = fitsPatterns("workflow", p.access?.workflows ?? ["*"]);
  const sql = `SELECT ${aboutColumns}, body FROM deliveries WHERE id = ? AND ${shown.sql}`;
  const [row] = db.rows<DeliveryRow>(sql, p.delivery, ...shown.values);
  return row === undefined ? undefined : toDelivery(row);
}

export function listDeliveries(db: Connection, p: ListParams): readonly DeliveryRecord[] {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (sql: string, ...given: readonly (string | number)[]): void => {
    conditions.push(sql);
    values.push(...given);
  };
  if (p.trigger !== undefined) where("trigger_id = ?", p.trigger);
  if (p.workflow !== undefined) where("workflow = ?", p.workflow);
  if (p.status !== undefined) where("status = ?", p.status);
  if (p.before !== undefined) where("id < ?", p.before);
  if (p.access !== undefined) {
    const shown = fitsPatterns("workflow", p.access.workflows);
    where(shown.sql, ...shown.values);
  }
  const filter = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT ${aboutColumns} FROM deliveries ${filter} ORDER BY id DESC LIMIT ?`;
  return db.rows<DeliveryRow>(sql, ...values, p.limit).map(toDelivery);
}

export class DeliveryTable {
  readonly #insert;
  readonly #old;
  readonly #many;
  readonly #beyond;

  constructor(db: Connection) {
    this.#insert = lazily(db, insertSql);
    this.#old = lazily(db, oldSql);
    this.#many = lazily<{ trigger: string }>(db, manySql);
    this.#beyond = lazily(db, beyondSql);
  }

  insert(d: DeliveryRecord): void {
    // prettier-ignore
    this.#insert().run(d.id, d.trigger, d.workflow, d.at, d.kind, d.of ?? null, d.method, d.path, d.query, d.headers,
      d.body ?? null, d.bytes, d.address ?? null, d.status, d.code, d.tookMs, d.run ?? null, d.error ?? null);
  }

  /** Deletes up to `limit` that are too old, or too many of their trigger; how many. */
  sweep(p: { readonly before: number; readonly keep: number; readonly limit: number }): number {
    let swept = this.#old().run(p.before, p.limit).changes;
    for (const { trigger } of this.#many().all(p.keep)) {
      if (swept >= p.limit) break;
      swept += this.#beyond().run(trigger, p.keep, p.limit - swept).changes;
    }
    return swept;
  }
}
