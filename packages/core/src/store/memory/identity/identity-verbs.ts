// What each verb of the identity port that changes something does to the accounts in memory.
import type { IdentityStore } from "../../../kernel/identity-store.ts";
import { changedUser, isActiveAdmin } from "../../identity/user-change.ts";
import { linkSlot, type Accounts } from "./accounts.ts";

/** Verbs that change something. */
export type IdentityWriteVerb =
  | "createUser"
  | "updateUser"
  | "putRole"
  | "deleteRole"
  | "createSession"
  | "rotateSession"
  | "endSessions"
  | "createToken"
  | "revokeToken"
  | "touch"
  | "addPasskey"
  | "usePasskey"
  | "removePasskey"
  | "putLink"
  | "sweepIdentity";

type Params<Verb extends IdentityWriteVerb> = Parameters<IdentityStore[Verb]>[0];
type Answer<Verb extends IdentityWriteVerb> = Awaited<ReturnType<IdentityStore[Verb]>>;

export const identityVerbs: {
  readonly [Verb in IdentityWriteVerb]: (accounts: Accounts, p: Params<Verb>) => Answer<Verb>;
} = {
  createUser(accounts, { user, first }) {
    if (first === true && accounts.users.size > 0) return { outcome: "not_first" };
    if (accounts.findUser(user.name) !== undefined) return { outcome: "name_taken" };
    accounts.users.set(user.id, user);
    return { outcome: "ok" };
  },

  updateUser(accounts, p) {
    const before = accounts.users.get(p.user);
    if (before === undefined) return { outcome: "not_found" };
    if (p.ifVersion !== undefined && p.ifVersion !== before.version) return { outcome: "conflict" };
    const user = changedUser(before, p.change);
    if (isActiveAdmin(before) && !isActiveAdmin(user) && !accounts.hasOtherAdmin(user.id))
      return { outcome: "last_admin" };
    accounts.users.set(user.id, user);
    return { outcome: "ok", user };
  },

  putRole({ roles }, { role }) {
    roles.set(role.name, role);
  },

  deleteRole({ roles, users }, { role }) {
    if (!roles.has(role)) return { outcome: "not_found" };
    if ([...users.values()].some((user) => user.roles.includes(role))) return { outcome: "in_use" };
    roles.delete(role);
    return { outcome: "ok" };
  },

  createSession({ sessions }, { session }) {
    sessions.set(session.id, session);
  },

  rotateSession({ sessions }, p) {
    const session = sessions.get(p.session);
    if (session === undefined) return { outcome: "not_found" };
    if (session.secretHash !== p.expect) return { outcome: "conflict" };
    sessions.set(p.session, {
      ...session,
      secretHash: p.next,
      previousHash: p.expect,
      rotatedAt: p.now,
      seenAt: p.now,
      expiresAt: p.expiresAt,
    });
    return { outcome: "ok" };
  },

  endSessions({ sessions }, { session, user, except }) {
    if (session === undefined && user === undefined) return [];
    const ended = [...sessions.values()]
      .filter((each) => (session ?? each.id) === each.id && (user ?? each.user) === each.user && each.id !== except)
      .map(({ id }) => id);
    for (const id of ended) sessions.delete(id);
    return ended;
  },

  createToken({ tokens }, { token }) {
    tokens.set(token.id, token);
  },

  revokeToken({ tokens }, p) {
    const token = tokens.get(p.token);
    if (token === undefined) return { outcome: "not_found" };
    tokens.set(p.token, { ...token, revokedAt: token.revokedAt ?? p.now });
    return { outcome: "ok" };
  },

  touch({ sessions, tokens }, p) {
    for (const { id, at } of p.sessions) {
      const session = sessions.get(id);
      if (session !== undefined) sessions.set(id, { ...session, seenAt: Math.max(at, session.seenAt) });
    }
    for (const { id, at } of p.tokens) {
      const token = tokens.get(id);
      if (token !== undefined) tokens.set(id, { ...token, usedAt: Math.max(at, token.usedAt ?? at) });
    }
  },

  addPasskey({ passkeys }, { passkey }) {
    if (passkeys.has(passkey.id)) return { outcome: "taken" };
    passkeys.set(passkey.id, passkey);
    return { outcome: "ok" };
  },

  usePasskey({ passkeys }, p) {
    const passkey = passkeys.get(p.passkey);
    if (passkey !== undefined) passkeys.set(p.passkey, { ...passkey, counter: p.counter, usedAt: p.now });
  },

  removePasskey({ passkeys }, p) {
    if (passkeys.get(p.passkey)?.user !== p.user) return { outcome: "not_found" };
    passkeys.delete(p.passkey);
    return { outcome: "ok" };
  },

  putLink({ links }, { issuer, subject, user }) {
    links.set(linkSlot(issuer, subject), user);
  },

  sweepIdentity({ sessions, tokens }, { before, limit }) {
    let swept = 0;
    for (const rows of [sessions, tokens]) {
      for (const { expiresAt, id } of rows.values()) {
        if (swept === limit || expiresAt === undefined || expiresAt >= before) continue;
        rows.delete(id);
        swept++;
      }
    }
    return { swept };
  },
};
