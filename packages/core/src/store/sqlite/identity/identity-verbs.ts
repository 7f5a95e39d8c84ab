// What each verb of the identity port that changes something does to the tables.
import type { IdentityStore } from "../../../kernel/identity-store.ts";
import { changedUser, isActiveAdmin } from "../../identity/user-change.ts";
import type { Tables } from "../tables.ts";

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

export const identityVerbs: { readonly [Verb in IdentityWriteVerb]: (t: Tables, p: Params<Verb>) => Answer<Verb> } = {
  createUser({ users }, { user, first }) {
    if (first === true && users.any()) return { outcome: "not_first" };
    if (users.isNameTaken(user.name)) return { outcome: "name_taken" };
    users.put(user);
    return { outcome: "ok" };
  },

  updateUser({ users }, p) {
    const before = users.get(p.user);
    if (before === undefined) return { outcome: "not_found" };
    if (p.ifVersion !== undefined && p.ifVersion !== before.version) return { outcome: "conflict" };
    const user = changedUser(before, p.change);
    if (isActiveAdmin(before) && !isActiveAdmin(user) && !users.hasOtherAdmin(user.id)) {
      return { outcome: "last_admin" };
    }
    users.put(user);
    return { outcome: "ok", user };
  },

  putRole: ({ users }, { role }) => users.putRole(role),

  deleteRole({ users }, { role }) {
    if (users.getRole(role) === undefined) return { outcome: "not_found" };
    if (users.hasRole(role)) return { outcome: "in_use" };
    users.deleteRole(role);
    return { outcome: "ok" };
  },

  createSession: ({ sessions }, { session }) => sessions.insert(session),

  rotateSession({ sessions }, p) {
    const session = sessions.get(p.session);
    if (session === undefined) return { outcome: "not_found" };
    if (session.secretHash !== p.expect) return { outcome: "conflict" };
    sessions.rotate(p);
    return { outcome: "ok" };
  },

  endSessions: ({ sessions }, p) => sessions.end(p),

  createToken: ({ accessTokens }, { token }) => accessTokens.insert(token),
  revokeToken: ({ accessTokens }, { token, now }) => ({
    outcome: accessTokens.revoke(token, now) ? "ok" : "not_found",
  }),

  touch({ accessTokens, sessions }, p) {
    for (const { at, id } of p.sessions) sessions.touch(id, at);
    for (const { at, id } of p.tokens) accessTokens.touch(id, at);
  },

  addPasskey: ({ users }, { passkey }) => ({ outcome: users.addPasskey(passkey) ? "ok" : "taken" }),
  usePasskey: ({ users }, p) => users.usePasskey(p.passkey, p.counter, p.now),
  removePasskey: ({ users }, p) => ({ outcome: users.removePasskey(p.passkey, p.user) ? "ok" : "not_found" }),
  putLink: ({ users }, p) => users.putLink(p),

  sweepIdentity({ accessTokens, sessions }, { before, limit }) {
    const ended = sessions.sweep(before, limit);
    return { swept: ended + accessTokens.sweep(before, limit - ended) };
  },
};
