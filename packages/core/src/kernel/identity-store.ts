// The port behind which users, sessions, tokens and roles are kept. Whoever implements it decides how they are stored.
import type { Grant, SelectorName } from "@sluice/protocol";
import type { Actor } from "./run-records.ts";

/** A person or program that signs in. Times are milliseconds since 1970. */
export interface UserRecord {
  readonly id: string;
  /** Unique without regard to case. */
  readonly name: string;
  readonly email?: string | undefined;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  /** In PHC string format (argon2id) or as `$2…` (bcrypt); absent for users who sign in by other means. */
  readonly passwordHash?: string | undefined;
  /** Sealed with a key outside the store. */
  readonly totpSecret?: Uint8Array | undefined;
  /** Time step of the last code that was taken: no code is taken twice. */
  readonly totpStep?: number | undefined;
  /** SHA-256 of each recovery code that is left. */
  readonly recoveryCodes: readonly string[];
  readonly createdAt: number;
  readonly signedInAt?: number | undefined;
  /** Counts changes, from 1. */
  readonly version: number;
}

/** What can be changed of a user; `null` takes a value away. */
export interface UserChange {
  readonly email?: string | null | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  readonly passwordHash?: string | null | undefined;
  readonly totpSecret?: Uint8Array | null | undefined;
  readonly totpStep?: number | undefined;
  readonly recoveryCodes?: readonly string[] | undefined;
  readonly signedInAt?: number | undefined;
}

export interface SessionRecord {
  readonly id: string;
  readonly user: string;
  /** `console`: an opaque id in a cookie. `program`: access and refresh tokens. */
  readonly kind: "console" | "program";
  /** SHA-256 of the cookie's value, or of the refresh token that is valid now. */
  readonly secretHash: string;
  /** Of the refresh token before: presented again within the grace it gets the same successor, later it ends the session. */
  readonly previousHash?: string | undefined;
  readonly rotatedAt?: number | undefined;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
  readonly address?: string | undefined;
  readonly agent?: string | undefined;
  /** How the user proved to be who they are. */
  readonly method: "password" | "passkey" | "openid" | "setup";
}

/** A secret for programs. Only its hash is kept. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  /** First characters of the secret, for recognising it. */
  readonly prefix: string;
  readonly secretHash: string;
  /** Never more than this user may do now; absent for tokens made at the server's own machine. */
  readonly owner?: string | undefined;
  readonly grants: readonly Grant[];
  /** Role it was made with, for showing. */
  readonly role?: string | undefined;
  /** Narrows whatever the token is used for, a selector to its patterns. */
  readonly limits: Readonly<Partial<Record<SelectorName, readonly string[]>>>;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  readonly usedAt?: number | undefined;
  readonly revokedAt?: number | undefined;
}

/** A role that was made here. */
export interface RoleRecord {
  readonly name: string;
  readonly about?: string | undefined;
  readonly grants: readonly Grant[];
  readonly updatedAt: number;
}

/** A public key credential (WebAuthn) of a user. */
export interface PasskeyRecord {
  /** Credential id, base64url. */
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: number;
  readonly usedAt?: number | undefined;
}

/**
 * Users, roles, sessions, tokens and passkeys. Every change names on whose behalf it is made; one with an origin is written
 * to the audit trail in the same transaction.
 */
export interface IdentityStore {
  /** `first`: only as long as there is no user at all. */
  createUser(p: {
    readonly by: Actor;
    readonly user: UserRecord;
    readonly first?: boolean | undefined;
  }): Promise<{ readonly outcome: "ok" | "name_taken" | "not_first" }>;
  /** Refused as `last_admin` when it would take the role admin from, or disable, the only one who has it and is not disabled. */
  updateUser(p: {
    readonly by: Actor;
    readonly user: string;
    readonly change: UserChange;
    readonly ifVersion?: number | undefined;
    readonly now: number;
  }): Promise<
    | { readonly outcome: "ok"; readonly user: UserRecord }
    | { readonly outcome: "not_found" | "conflict" | "last_admin" }
  >;
  /** By id. */
  getUser(p: { readonly user: string }): Promise<UserRecord | undefined>;
  /** By name, without regard to case. */
  findUser(p: { readonly name: string }): Promise<UserRecord | undefined>;
  /** In order of names. */
  listUsers(p: {
    readonly text?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly users: readonly UserRecord[]; readonly next?: string | undefined }>;
  countUsers(): Promise<number>;

  putRole(p: { readonly by: Actor; readonly role: RoleRecord }): Promise<void>;
  /** Refused while a user has it. */
  deleteRole(p: {
    readonly by: Actor;
    readonly role: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" | "in_use" }>;
  listRoles(): Promise<readonly RoleRecord[]>;

  createSession(p: { readonly by: Actor; readonly session: SessionRecord }): Promise<void>;
  getSession(p: { readonly session: string }): Promise<SessionRecord | undefined>;
  /** By the hash of its present or previous secret. */
  findSession(p: { readonly hash: string }): Promise<SessionRecord | undefined>;
  /** Replaces the refresh token's hash, when `expect` is the present one. */
  rotateSession(p: {
    readonly session: string;
    readonly expect: string;
    readonly next: string;
    readonly expiresAt: number;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" | "conflict" }>;
  /** Newest first. */
  listSessions(p: { readonly user: string; readonly now: number }): Promise<readonly SessionRecord[]>;
  /** Ends a session, or all of a user's but `except`. Answers with the ids of those it ended. */
  endSessions(p: {
    readonly by: Actor;
    readonly session?: string | undefined;
    readonly user?: string | undefined;
    readonly except?: string | undefined;
    readonly why: "signed_out" | "revoked" | "reused" | "disabled" | "password_changed";
    readonly now: number;
  }): Promise<readonly string[]>;

  createToken(p: { readonly by: Actor; readonly token: TokenRow }): Promise<void>;
  findToken(p: { readonly hash: string }): Promise<TokenRow | undefined>;
  getToken(p: { readonly token: string }): Promise<TokenRow | undefined>;
  /** Newest first; revoked ones too. */
  listTokens(p: {
    readonly owner?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly tokens: readonly TokenRow[]; readonly next?: string | undefined }>;
  revokeToken(p: {
    readonly by: Actor;
    readonly token: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;

  /** When sessions and tokens were last used; not audited, and may be lost in a crash. */
  touch(p: {
    readonly sessions: readonly { readonly id: string; readonly at: number }[];
    readonly tokens: readonly { readonly id: string; readonly at: number }[];
  }): Promise<void>;

  addPasskey(p: { readonly by: Actor; readonly passkey: PasskeyRecord }): Promise<{ readonly outcome: "ok" | "taken" }>;
  getPasskey(p: { readonly passkey: string }): Promise<PasskeyRecord | undefined>;
  listPasskeys(p: { readonly user: string }): Promise<readonly PasskeyRecord[]>;
  usePasskey(p: { readonly passkey: string; readonly counter: number; readonly now: number }): Promise<void>;
  removePasskey(p: {
    readonly by: Actor;
    readonly user: string;
    readonly passkey: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;

  /** The user behind an account of an identity provider. */
  findLink(p: { readonly issuer: string; readonly subject: string }): Promise<string | undefined>;
  putLink(p: {
    readonly by: Actor;
    readonly issuer: string;
    readonly subject: string;
    readonly user: string;
    readonly now: number;
  }): Promise<void>;

  /** Deletes up to `limit` sessions and tokens that expired before `before`. */
  sweepIdentity(p: { readonly before: number; readonly limit: number }): Promise<{ readonly swept: number }>;
}
