// The table of blobs in scopes.
import type { HeldBlob } from "../../../kernel/blob-scope-store.ts";
import type { BlobScopeRows } from "../../blob-scopes/blob-scope-rows.ts";
import { buildOwners } from "../blob-refs.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

const getSql =
  "SELECT hash, scope, bytes, kept_by AS by, used_at AS usedAt FROM blob_scopes WHERE hash = ? AND scope = ?";
const putSql = "INSERT OR REPLACE INTO blob_scopes (hash, scope, bytes, kept_by, used_at) VALUES (?, ?, ?, ?, ?)";
const dropSql = `DELETE FROM blob_scopes WHERE (hash, scope) IN (
  SELECT hash, scope FROM blob_scopes AS held WHERE used_at < ?1 AND NOT EXISTS (
    SELECT 1 FROM blob_refs AS named WHERE named.hash = held.hash AND named.owner >= ?2 AND named.owner < ?3
  ) ORDER BY used_at LIMIT ?4
) RETURNING hash`;

export class BlobScopeTable implements BlobScopeRows {
  readonly #get;
  readonly #put;
  readonly #drop;

  constructor(db: Connection) {
    this.#get = lazily<HeldBlob>(db, getSql);
    this.#put = lazily(db, putSql);
    this.#drop = lazily<{ hash: string }>(db, dropSql);
  }

  held(hash: string, scope: string): HeldBlob | undefined {
    return this.#get().get(hash, scope) ?? undefined;
  }

  put({ hash, scope, bytes, by, usedAt }: HeldBlob): void {
    this.#put().run(hash, scope, bytes, by, usedAt);
  }

  dropUnused(usedBefore: number, limit: number): number {
    return this.#drop().all(usedBefore, buildOwners.from, buildOwners.below, limit).length;
  }
}
