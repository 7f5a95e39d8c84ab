// What the suite of the identity port needs to speak briefly of people, their sessions and tokens.
import { expect } from "bun:test";
import type { IdentityStore, SessionRecord, TokenRow, UserRecord } from "../kernel/identity-store.ts";
import { ada, start, type Desk } from "./run-store.fixture.suite.ts";

export function newUser(id: string, more: Partial<UserRecord> = {}): UserRecord {
  return { id, name: id, roles: ["viewer"], disabled: false, recoveryCodes: [], createdAt: start, version: 1, ...more };
}

export function newSession(id: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id,
    user: "u1",
    kind: "console",
    secretHash: `hash of ${id}`,
    createdAt: start,
    seenAt: start,
    expiresAt: start + 1_000,
    method: "password",
    ...more,
  };
}

export function newToken(id: string, more: Partial<TokenRow> = {}): TokenRow {
  return {
    id,
    name: `token ${id}`,
    prefix: `slu_${id}`,
    secretHash: `hash of ${id}`,
    grants: [{ permission: "run:read", only: ["billing/*"] }],
    limits: { state: ["ci/*"] },
    createdAt: start,
    ...more,
  };
}

/** The identity store of a desk, and its verbs with what they mostly get. */
export function people(desk: Desk) {
  const store = (): IdentityStore => desk.store.identity;
  return {
    get store() {
      return store();
    },
    async add(id: string, more: Partial<UserRecord> = {}): Promise<void> {
      expect(await store().createUser({ by: ada, user: newUser(id, more) })).toEqual({ outcome: "ok" });
    },
    update: (user: string, change: Parameters<IdentityStore["updateUser"]>[0]["change"], ifVersion?: number) =>
      store().updateUser({ by: ada, user, change, now: desk.now, ...(ifVersion === undefined ? {} : { ifVersion }) }),
    open: (id: string, more: Partial<SessionRecord> = {}) =>
      store().createSession({ by: ada, session: newSession(id, more) }),
    end: (p: { session?: string; user?: string; except?: string }) =>
      store().endSessions({ by: ada, why: "revoked", now: desk.now, ...p }),
    issue: (id: string, more: Partial<TokenRow> = {}) => store().createToken({ by: ada, token: newToken(id, more) }),
  };
}
