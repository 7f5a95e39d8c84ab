// Rows of the identity tables and their translation to the port's records and back.
import type { PasskeyRecord, RoleRecord, SessionRecord, TokenRow, UserRecord } from "../../../kernel/identity-store.ts";

/** A row with null where the record has no key, and some of its values in another form. */
type RowOf<Record, Changed extends keyof Record, Form> = {
  readonly [Key in Exclude<keyof Record, Changed>]: undefined extends Record[Key]
    ? Exclude<Record[Key], undefined> | null
    : Record[Key];
} & { readonly [Key in Changed]: Form };

export type UserRow = Omit<RowOf<UserRecord, "roles" | "recoveryCodes", string>, "disabled"> & {
  readonly disabled: number;
};
export type RoleRow = RowOf<RoleRecord, "grants", string>;
export type SessionRow = RowOf<SessionRecord, never, never>;
export type AccessTokenRow = RowOf<TokenRow, "grants" | "limits", string>;
export type PasskeyRow = RowOf<PasskeyRecord, "transports", string>;

export const userColumns = `id, name, email, roles, disabled, password_hash AS passwordHash, totp_secret AS totpSecret,
  totp_step AS totpStep, recovery_codes AS recoveryCodes, created_at AS createdAt, signed_in_at AS signedInAt, version`;
export const roleColumns = "name, about, grants, updated_at AS updatedAt";
export const sessionColumns = `id, user, kind, secret_hash AS secretHash, previous_hash AS previousHash,
  rotated_at AS rotatedAt, created_at AS createdAt, seen_at AS seenAt, expires_at AS expiresAt, address, agent, method`;
export const accessTokenColumns = `id, name, prefix, secret_hash AS secretHash, owner, grants, role, limits,
  created_at AS createdAt, expires_at AS expiresAt, used_at AS usedAt, revoked_at AS revokedAt`;
export const passkeyColumns = `id, user, name, public_key AS publicKey, counter, transports, created_at AS createdAt,
  used_at AS usedAt`;

export function toUser(row: UserRow): UserRecord {
  return present<UserRecord>({
    ...row,
    roles: parsed(row.roles),
    recoveryCodes: parsed(row.recoveryCodes),
    disabled: row.disabled === 1,
  });
}

export function toRole(row: RoleRow): RoleRecord {
  return present<RoleRecord>({ ...row, grants: parsed(row.grants) });
}

export function toSession(row: SessionRow): SessionRecord {
  return present<SessionRecord>(row);
}

export function toAccessToken(row: AccessTokenRow): TokenRow {
  return present<TokenRow>({ ...row, grants: parsed(row.grants), limits: parsed(row.limits) });
}

export function toPasskey(row: PasskeyRow): PasskeyRecord {
  return present<PasskeyRecord>({ ...row, transports: parsed(row.transports) });
}

/** Leaves out what is null. */
function present<Record>(row: object): Record {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Record;
}

function parsed(json: string): unknown {
  return JSON.parse(json);
}
