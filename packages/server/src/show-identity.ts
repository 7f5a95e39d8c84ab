// How users, sessions, tokens and roles look to clients: never with a secret, nor with the hash of one.
import type { PasskeyRecord, SessionRecord, Store, TokenRow, UserRecord } from "@sluice/core";
import type { Role } from "@sluice/core/identity";

export async function showUser({ identity }: Store, user: UserRecord): Promise<unknown> {
  const passkeys = await identity.listPasskeys({ user: user.id });
  return {
    id: user.id,
    name: user.name,
    email: user.email ?? null,
    roles: user.roles,
    disabled: user.disabled,
    password: user.passwordHash !== undefined,
    secondFactor: user.totpSecret !== undefined,
    passkeys: passkeys.length,
    createdAt: user.createdAt,
    signedInAt: user.signedInAt ?? null,
    version: user.version,
  };
}

/** `current`: id of the session that asks. */
export function showSession(session: SessionRecord, current: string | undefined): unknown {
  return {
    id: session.id,
    kind: session.kind,
    method: session.method,
    current: session.id === current,
    createdAt: session.createdAt,
    seenAt: session.seenAt,
    expiresAt: session.expiresAt,
    address: session.address ?? null,
    agent: session.agent ?? null,
  };
}

/** Tokens with the names of their owners. */
export async function showTokens({ identity }: Store, tokens: readonly TokenRow[]): Promise<readonly unknown[]> {
  const owners = [...new Set(tokens.flatMap(({ owner }) => (owner === undefined ? [] : [owner])))];
  const users = await Promise.all(owners.map(async (user) => identity.getUser({ user })));
  const names = new Map(users.flatMap((user) => (user === undefined ? [] : [[user.id, user.name] as const])));
  return tokens.map((token) => ({
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    owner: token.owner === undefined ? null : (names.get(token.owner) ?? null),
    role: token.role ?? null,
    grants: token.grants,
    limits: token.limits,
    createdAt: token.createdAt,
    expiresAt: token.expiresAt ?? null,
    usedAt: token.usedAt ?? null,
    revokedAt: token.revokedAt ?? null,
  }));
}

export function showRole({ name, about, grants, builtIn }: Role): unknown {
  return { name, about: about ?? null, grants, builtIn };
}

export function showPasskey({ id, name, createdAt, usedAt }: PasskeyRecord): unknown {
  return { id, name, createdAt, usedAt: usedAt ?? null };
}
