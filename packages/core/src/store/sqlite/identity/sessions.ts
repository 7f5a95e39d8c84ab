// The tables of sessions and of tokens for programs.
import type { SessionRecord, TokenRow } from "../../../kernel/identity-store.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";
import {
  accessTokenColumns,
  sessionColumns,
  toAccessToken,
  toSession,
  type AccessTokenRow,
  type SessionRow,
} from "./rows.ts";

const getSql = `SELECT ${sessionColumns} FROM sessions WHERE id = ?`;
const insertSql = `INSERT INTO sessions (id, user, kind, secret_hash, previous_hash, rotated_at, created_at, seen_at,
  expires_at, address, agent, method) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const rotateSql = `UPDATE sessions SET previous_hash = secret_hash, secret_hash = ?2, rotated_at = ?3, seen_at = ?3,
  expires_at = ?4 WHERE id = ?1`;
const endSql = "DELETE FROM sessions WHERE id = ?1 AND user = coalesce(?2, user) AND id IS NOT ?3 RETURNING id";
const endOfUserSql = "DELETE FROM sessions WHERE user = ?1 AND id IS NOT ?2 RETURNING id";
const touchSql = "UPDATE sessions SET seen_at = max(seen_at, ?2) WHERE id = ?1";
const sweepSql = `DELETE FROM sessions WHERE id IN
  (SELECT id FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`;

const getTokenSql = `SELECT ${accessTokenColumns} FROM access_tokens WHERE id = ?`;
const insertTokenSql = `INSERT INTO access_tokens (id, name, prefix, secret_hash, owner, grants, role, limits, created_at,
  expires_at, used_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const revokeTokenSql = "UPDATE access_tokens SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1";
const touchTokenSql = "UPDATE access_tokens SET used_at = max(coalesce(used_at, 0), ?2) WHERE id = ?1";
const sweepTokensSql = `DELETE FROM access_tokens WHERE id IN
  (SELECT id FROM access_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`;

export class SessionTable {
  readonly #get;
  readonly #insert;
  readonly #rotate;
  readonly #end;
  readonly #endOfUser;
  readonly #touch;
  readonly #sweep;

  constructor(db: Connection) {
    this.#get = lazily<SessionRow>(db, getSql);
    this.#insert = lazily(db, insertSql);
    this.#rotate = lazily(db, rotateSql);
    this.#end = lazily<{ id: string }>(db, endSql);
    this.#endOfUser = lazily<{ id: string }>(db, endOfUserSql);
    this.#touch = lazily(db, touchSql);
    this.#sweep = lazily(db, sweepSql);
  }

  get(id: string): SessionRecord | undefined {
    const row = this.#get().get(id);
    return row === null ? undefined : toSession(row);
  }

  insert(s: SessionRecord): void {
    // prettier-ignore
    this.#insert().run(s.id, s.user, s.kind, s.secretHash, s.previousHash ?? null, s.rotatedAt ?? null, s.createdAt,
      s.seenAt, s.expiresAt, s.address ?? null, s.agent ?? null, s.method);
  }

  rotate(p: { session: string; next: string; now: number; expiresAt: number }): void {
    this.#rotate().run(p.session, p.next, p.now, p.expiresAt);
  }

  /** Deletes one session or all of a user's; the ids of those that were there. */
  end(p: { session?: string | undefined; user?: string | undefined; except?: string | undefined }): readonly string[] {
    const { except = null, session, user = null } = p;
    if (session !== undefined) return idsOf(this.#end().all(session, user, except));
    return user === null ? [] : idsOf(this.#endOfUser().all(user, except));
  }

  touch(id: string, at: number): void {
    this.#touch().run(id, at);
  }

  sweep(before: number, limit: number): number {
    return this.#sweep().run(before, limit).changes;
  }
}

function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id);
}

export class AccessTokenTable {
  readonly #get;
  readonly #insert;
  readonly #revoke;
  readonly #touch;
  readonly #sweep;

  constructor(db: Connection) {
    this.#get = lazily<AccessTokenRow>(db, getTokenSql);
    this.#insert = lazily(db, insertTokenSql);
    this.#revoke = lazily(db, revokeTokenSql);
    this.#touch = lazily(db, touchTokenSql);
    this.#sweep = lazily(db, sweepTokensSql);
  }

  get(id: string): TokenRow | undefined {
    const row = this.#get().get(id);
    return row === null ? undefined : toAccessToken(row);
  }

  insert(t: TokenRow): void {
    // prettier-ignore
    this.#insert().run(t.id, t.name, t.prefix, t.secretHash, t.owner ?? null, JSON.stringify(t.grants), t.role ?? null,
      JSON.stringify(t.limits), t.createdAt, t.expiresAt ?? null, t.usedAt ?? null, t.revokedAt ?? null);
  }

  /** False when there is none; one that was revoked before keeps its time. */
  revoke(id: string, now: number): boolean {
    return this.#revoke().run(id, now).changes > 0;
  }

  touch(id: string, at: number): void {
    this.#touch().run(id, at);
  }

  sweep(before: number, limit: number): number {
    return this.#sweep().run(before, limit).changes;
  }
}
