// The tables of users, of the roles made here, of passkeys and of links to accounts elsewhere.
import type { PasskeyRecord, RoleRecord, UserRecord } from "../../../kernel/identity-store.ts";
import { nameKey } from "../../identity/user-change.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";
import { roleColumns, toRole, toUser, userColumns, type RoleRow, type UserRow } from "./rows.ts";

const anySql = "SELECT 1 AS found FROM users LIMIT 1";
const getSql = `SELECT ${userColumns} FROM users WHERE id = ?`;
const nameTakenSql = "SELECT 1 AS found FROM users WHERE name_key = ?";
const otherAdminSql = `SELECT 1 AS found FROM users WHERE id <> ? AND disabled = 0
  AND EXISTS (SELECT 1 FROM json_each(users.roles) AS role WHERE role.value = 'admin') LIMIT 1`;
const hasRoleSql = `SELECT 1 AS found FROM users
  WHERE EXISTS (SELECT 1 FROM json_each(users.roles) AS role WHERE role.value = ?) LIMIT 1`;
const putSql = `INSERT INTO users (id, name, name_key, email, roles, disabled, password_hash, totp_secret, totp_step,
  recovery_codes, created_at, signed_in_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET email = excluded.email, roles = excluded.roles, disabled = excluded.disabled,
  password_hash = excluded.password_hash, totp_secret = excluded.totp_secret, totp_step = excluded.totp_step,
  recovery_codes = excluded.recovery_codes, signed_in_at = excluded.signed_in_at, version = excluded.version`;
const getRoleSql = `SELECT ${roleColumns} FROM roles WHERE name = ?`;
const putRoleSql = `INSERT INTO roles (name, about, grants, updated_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET about = excluded.about, grants = excluded.grants, updated_at = excluded.updated_at`;
const deleteRoleSql = "DELETE FROM roles WHERE name = ?";
const addPasskeySql = `INSERT OR IGNORE INTO passkeys (id, user, name, public_key, counter, transports, created_at, used_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const usePasskeySql = "UPDATE passkeys SET counter = ?, used_at = ? WHERE id = ?";
const removePasskeySql = "DELETE FROM passkeys WHERE id = ? AND user = ?";
const putLinkSql = `INSERT INTO account_links (issuer, subject, user, created_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (issuer, subject) DO UPDATE SET user = excluded.user`;

export class UserTable {
  readonly #any;
  readonly #get;
  readonly #nameTaken;
  readonly #otherAdmin;
  readonly #hasRole;
  readonly #put;
  readonly #getRole;
  readonly #putRole;
  readonly #deleteRole;
  readonly #addPasskey;
  readonly #usePasskey;
  readonly #removePasskey;
  readonly #putLink;

  constructor(db: Connection) {
    this.#any = lazily(db, anySql);
    this.#get = lazily<UserRow>(db, getSql);
    this.#nameTaken = lazily(db, nameTakenSql);
    this.#otherAdmin = lazily(db, otherAdminSql);
    this.#hasRole = lazily(db, hasRoleSql);
    this.#put = lazily(db, putSql);
    this.#getRole = lazily<RoleRow>(db, getRoleSql);
    this.#putRole = lazily(db, putRoleSql);
    this.#deleteRole = lazily(db, deleteRoleSql);
    this.#addPasskey = lazily(db, addPasskeySql);
    this.#usePasskey = lazily(db, usePasskeySql);
    this.#removePasskey = lazily(db, removePasskeySql);
    this.#putLink = lazily(db, putLinkSql);
  }

  /** Whether there is any user. */
  any(): boolean {
    return this.#any().get() !== null;
  }

  get(id: string): UserRecord | undefined {
    const row = this.#get().get(id);
    return row === null ? undefined : toUser(row);
  }

  isNameTaken(name: string): boolean {
    return this.#nameTaken().get(nameKey(name)) !== null;
  }

  /** Whether somebody else than this user has the role admin and is not disabled. */
  hasOtherAdmin(user: string): boolean {
    return this.#otherAdmin().get(user) !== null;
  }

  hasRole(role: string): boolean {
    return this.#hasRole().get(role) !== null;
  }

  /** Adds a user, or replaces everything of one but the name. */
  put(user: UserRecord): void {
    // prettier-ignore
    this.#put().run(user.id, user.name, nameKey(user.name), user.email ?? null, JSON.stringify(user.roles),
      user.disabled ? 1 : 0, user.passwordHash ?? null, user.totpSecret ?? null, user.totpStep ?? null,
      JSON.stringify(user.recoveryCodes), user.createdAt, user.signedInAt ?? null, user.version);
  }

  getRole(name: string): RoleRecord | undefined {
    const row = this.#getRole().get(name);
    return row === null ? undefined : toRole(row);
  }

  putRole(role: RoleRecord): void {
    this.#putRole().run(role.name, role.about ?? null, JSON.stringify(role.grants), role.updatedAt);
  }

  deleteRole(name: string): void {
    this.#deleteRole().run(name);
  }

  /** False when there is one with this id. */
  addPasskey(passkey: PasskeyRecord): boolean {
    const { counter, createdAt, id, name, publicKey, transports, usedAt, user } = passkey;
    const values = [id, user, name, publicKey, counter, JSON.stringify(transports), createdAt, usedAt ?? null];
    return this.#addPasskey().run(...values).changes > 0;
  }

  usePasskey(id: string, counter: number, now: number): void {
    this.#usePasskey().run(counter, now, id);
  }

  /** False when the user has none with this id. */
  removePasskey(id: string, user: string): boolean {
    return this.#removePasskey().run(id, user).changes > 0;
  }

  putLink(link: { issuer: string; subject: string; user: string; now: number }): void {
    this.#putLink().run(link.issuer, link.subject, link.user, link.now);
  }
}
