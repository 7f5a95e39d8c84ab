// The table of sealed secrets, on the writer's connection and on one that reads.
import type { SecretRecord } from "../../../kernel/secret-store.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

const columns = "name, sealed, key, version, created_at AS createdAt, updated_at AS updatedAt";
const getSql = `SELECT ${columns} FROM secrets WHERE name = ?`;
const listSql = `SELECT ${columns} FROM secrets ORDER BY name`;
const countSql = "SELECT count(*) AS n FROM secrets";
const putSql = `INSERT INTO secrets (name, sealed, key, version, created_at, updated_at) VALUES (?1, ?2, ?3, 1, ?4, ?4)
  ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, key = excluded.key, version = secrets.version + 1,
  updated_at = excluded.updated_at RETURNING version`;
const deleteSql = "DELETE FROM secrets WHERE name = ?";
const resealSql = "UPDATE secrets SET sealed = ?, key = ? WHERE name = ? AND version = ?";

export class SecretTable {
  readonly #get;
  readonly #list;
  readonly #count;
  readonly #put;
  readonly #delete;
  readonly #reseal;

  constructor(db: Connection) {
    this.#get = lazily<SecretRecord>(db, getSql);
    this.#list = lazily<SecretRecord>(db, listSql);
    this.#count = lazily<{ n: number }>(db, countSql);
    this.#put = lazily<{ version: number }>(db, putSql);
    this.#delete = lazily(db, deleteSql);
    this.#reseal = lazily(db, resealSql);
  }

  get(name: string): SecretRecord | undefined {
    return this.#get().get(name) ?? undefined;
  }

  list(): readonly SecretRecord[] {
    return this.#list().all();
  }

  count(): number {
    return this.#count().get()?.n ?? 0;
  }

  /** The version it has now. */
  put(p: { readonly name: string; readonly sealed: Uint8Array; readonly key: string; readonly now: number }): number {
    return this.#put().get(p.name, p.sealed, p.key, p.now)?.version ?? 1;
  }

  delete(name: string): boolean {
    return this.#delete().run(name).changes > 0;
  }

  reseal(p: {
    readonly name: string;
    readonly sealed: Uint8Array;
    readonly key: string;
    readonly version: number;
  }): boolean {
    return this.#reseal().run(p.sealed, p.key, p.name, p.version).changes > 0;
  }
}
