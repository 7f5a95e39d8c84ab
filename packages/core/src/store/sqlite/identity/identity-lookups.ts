// Reads of one account or a few, done at once on the caller's thread: every request that names somebody needs one.
import type { IdentityStore } from "../../../kernel/identity-store.ts";
import { nameKey } from "../../identity/user-change.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";
import {
  accessTokenColumns,
  passkeyColumns,
  roleColumns,
  sessionColumns,
  toAccessToken,
  toPasskey,
  toRole,
  toSession,
  toUser,
  userColumns,
  type AccessTokenRow,
  type PasskeyRow,
  type RoleRow,
  type SessionRow,
  type UserRow,
} from "./rows.ts";

type Params<Verb extends keyof IdentityStore> = Parameters<IdentityStore[Verb]>[0];
type Answer<Verb extends keyof IdentityStore> = Awaited<ReturnType<IdentityStore[Verb]>>;

const countUsersSql = "SELECT count(*) AS n FROM users";
const listSessionsSql = `SELECT ${sessionColumns} FROM sessions WHERE user = ? AND expires_at > ?
  ORDER BY created_at DESC, id DESC`;
const findSessionSql = `SELECT ${sessionColumns} FROM sessions WHERE secret_hash = ?1
  UNION ALL SELECT ${sessionColumns} FROM sessions WHERE previous_hash = ?1 LIMIT 1`;
const listPasskeysSql = `SELECT ${passkeyColumns} FROM passkeys WHERE user = ? ORDER BY created_at DESC, id DESC`;
const findLinkSql = "SELECT user FROM account_links WHERE issuer = ? AND subject = ?";

export class IdentityLookups {
  readonly #user;
  readonly #userByName;
  readonly #countUsers;
  readonly #roles;
  readonly #session;
  readonly #sessionByHash;
  readonly #sessions;
  readonly #token;
  readonly #tokenByHash;
  readonly #passkey;
  readonly #passkeys;
  readonly #link;

  constructor(db: Connection) {
    this.#user = lazily<UserRow>(db, `SELECT ${userColumns} FROM users WHERE id = ?`);
    this.#userByName = lazily<UserRow>(db, `SELECT ${userColumns} FROM users WHERE name_key = ?`);
    this.#countUsers = lazily<{ n: number }>(db, countUsersSql);
    this.#roles = lazily<RoleRow>(db, `SELECT ${roleColumns} FROM roles ORDER BY name`);
    this.#session = lazily<SessionRow>(db, `SELECT ${sessionColumns} FROM sessions WHERE id = ?`);
    this.#sessionByHash = lazily<SessionRow>(db, findSessionSql);
    this.#sessions = lazily<SessionRow>(db, listSessionsSql);
    this.#token = lazily<AccessTokenRow>(db, `SELECT ${accessTokenColumns} FROM access_tokens WHERE id = ?`);
    this.#tokenByHash = lazily<AccessTokenRow>(
      db,
      `SELECT ${accessTokenColumns} FROM access_tokens WHERE secret_hash = ?`,
    );
    this.#passkey = lazily<PasskeyRow>(db, `SELECT ${passkeyColumns} FROM passkeys WHERE id = ?`);
    this.#passkeys = lazily<PasskeyRow>(db, listPasskeysSql);
    this.#link = lazily<{ user: string }>(db, findLinkSql);
  }

  getUser(p: Params<"getUser">): Answer<"getUser"> {
    const row = this.#user().get(p.user);
    return row === null ? undefined : toUser(row);
  }

  findUser(p: Params<"findUser">): Answer<"findUser"> {
    const row = this.#userByName().get(nameKey(p.name));
    return row === null ? undefined : toUser(row);
  }

  countUsers(): number {
    return this.#countUsers().get()?.n ?? 0;
  }

  listRoles(): Answer<"listRoles"> {
    return this.#roles().all().map(toRole);
  }

  getSession(p: Params<"getSession">): Answer<"getSession"> {
    const row = this.#session().get(p.session);
    return row === null ? undefined : toSession(row);
  }

  findSession(p: Params<"findSession">): Answer<"findSession"> {
    const row = this.#sessionByHash().get(p.hash);
    return row === null ? undefined : toSession(row);
  }

  listSessions(p: Params<"listSessions">): Answer<"listSessions"> {
    return this.#sessions().all(p.user, p.now).map(toSession);
  }

  findToken(p: Params<"findToken">): Answer<"findToken"> {
    const row = this.#tokenByHash().get(p.hash);
    return row === null ? undefined : toAccessToken(row);
  }

  getToken(p: Params<"getToken">): Answer<"getToken"> {
    const row = this.#token().get(p.token);
    return row === null ? undefined : toAccessToken(row);
  }

  getPasskey(p: Params<"getPasskey">): Answer<"getPasskey"> {
    const row = this.#passkey().get(p.passkey);
    return row === null ? undefined : toPasskey(row);
  }

  listPasskeys(p: Params<"listPasskeys">): Answer<"listPasskeys"> {
    return this.#passkeys().all(p.user).map(toPasskey);
  }

  findLink(p: Params<"findLink">): Answer<"findLink"> {
    return this.#link().get(p.issuer, p.subject)?.user;
  }
}
