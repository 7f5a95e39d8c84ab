// Audit rows about users, roles, sessions, tokens and passkeys. Of secrets they say at most that there is another one.
import type { ErrorCode } from "@sluice/protocol";
import type { IdentityStore, RoleRecord, TokenRow, UserChange, UserRecord } from "../../kernel/identity-store.ts";
import type { AuditDraft, AuditRules } from "./audit-rule.ts";

/** Sessions named one by one in the row about their end; of more only the number is told. */
const namedMax = 100;

type Refusals<Outcome extends string> = Readonly<Record<Exclude<Outcome, "ok">, ErrorCode>>;

const createRefusals: Refusals<"ok" | "name_taken" | "not_first"> = {
  name_taken: "name_taken",
  not_first: "already_set_up",
};
const updateRefusals: Refusals<"ok" | "not_found" | "conflict" | "last_admin"> = {
  not_found: "user_not_found",
  conflict: "conflict",
  last_admin: "last_admin",
};
const roleRefusals: Refusals<"ok" | "not_found" | "in_use"> = { not_found: "role_not_found", in_use: "role_in_use" };

/** Outcome and, where it is another than done, the code of the refusal. */
function outcomeOf<Outcome extends string>(
  outcome: Outcome | "ok",
  refusals: Refusals<Outcome>,
): Pick<AuditDraft, "outcome" | "reason"> {
  if (outcome === "ok") return { outcome: "done" };
  return { outcome: "refused", reason: refusals[outcome as Exclude<Outcome, "ok">] };
}

export const identityRules: AuditRules<IdentityStore> = {
  createUser: ({ user, first }) => {
    const draft = { at: user.createdAt, action: "user:create", target: `user:${user.id}` };
    const after = { name: user.name, email: user.email, roles: user.roles, disabled: user.disabled, first };
    return ({ outcome }) => ({ ...draft, ...outcomeOf(outcome, createRefusals), after });
  },
  updateUser: (p, sight) => {
    const was = sight.user(p.user);
    const draft = { at: p.now, action: "user:update", target: `user:${p.user}` };
    return (answer) => {
      if (answer.outcome !== "ok") return { ...draft, ...outcomeOf(answer.outcome, updateRefusals) };
      const about = (user: UserRecord | undefined) => (user === undefined ? undefined : changed(user, p.change));
      return { ...draft, outcome: "done", before: about(was), after: about(answer.user) };
    };
  },

  putRole: ({ role }, sight) => {
    const was = sight.role(role.name);
    const draft = { at: role.updatedAt, action: "role:write", target: `role:${role.name}` };
    return () => ({ ...draft, outcome: "done", before: shownRole(was), after: shownRole(role) });
  },
  deleteRole: ({ role, now }, sight) => {
    const was = sight.role(role);
    const draft = { at: now, action: "role:delete", target: `role:${role}` };
    return ({ outcome }) => ({ ...draft, ...outcomeOf(outcome, roleRefusals), before: shownRole(was) });
  },

  createSession:
    ({ session }) =>
    () => ({
      at: session.createdAt,
      action: "session:start",
      target: `session:${session.id}`,
      outcome: "done",
      after: { user: session.user, kind: session.kind, method: session.method, expiresAt: session.expiresAt },
    }),
  // One row for one wish, however many sessions it ended.
  endSessions: (p, sight) => {
    const user = p.user ?? (p.session === undefined ? undefined : sight.session(p.session)?.user);
    const target = p.session === undefined ? `user:${p.user ?? ""}` : `session:${p.session}`;
    const draft = { at: p.now, action: "session:end", target, reason: p.why };
    return (ended) => {
      if (p.session !== undefined && ended.length === 0) {
        return { ...draft, outcome: "refused", reason: "session_not_found" };
      }
      const named = ended.length <= namedMax ? { sessions: ended } : {};
      return { ...draft, outcome: "done", after: { user, ended: ended.length, ...named } };
    };
  },

  createToken:
    ({ token }) =>
    () => ({
      at: token.createdAt,
      action: "token:create",
      target: `token:${token.id}`,
      outcome: "done",
      after: shownToken(token),
    }),
  revokeToken: (p, sight) => {
    const was = sight.accessToken(p.token);
    const draft = { at: p.now, action: "token:revoke", target: `token:${p.token}` };
    return ({ outcome }) => ({
      ...draft,
      ...outcomeOf(outcome, { not_found: "token_unknown" }),
      before: was === undefined ? undefined : { name: was.name, owner: was.owner, revokedAt: was.revokedAt },
    });
  },

  addPasskey: ({ passkey }) => {
    const draft = { at: passkey.createdAt, action: "passkey:add", target: `passkey:${passkey.id}` };
    const after = { user: passkey.user, name: passkey.name };
    return ({ outcome }) => ({ ...draft, ...outcomeOf(outcome, { taken: "conflict" }), after });
  },
  removePasskey: (p) => {
    const draft = { at: p.now, action: "passkey:remove", target: `passkey:${p.passkey}` };
    return ({ outcome }) => ({
      ...draft,
      ...outcomeOf(outcome, { not_found: "not_found" }),
      before: { user: p.user },
    });
  },
  putLink: (p) => () => ({
    at: p.now,
    action: "user:link",
    target: `user:${p.user}`,
    outcome: "done",
    after: { issuer: p.issuer, subject: p.subject },
  }),
};

/** Of a user what a change is about: for a secret only whether there is one, before and after. */
function changed(user: UserRecord, change: UserChange): object {
  return {
    ...(change.email === undefined ? {} : { email: user.email ?? null }),
    ...(change.roles === undefined ? {} : { roles: user.roles }),
    ...(change.disabled === undefined ? {} : { disabled: user.disabled }),
    ...(change.passwordHash === undefined ? {} : { password: user.passwordHash !== undefined }),
    ...(change.totpSecret === undefined ? {} : { secondFactor: user.totpSecret !== undefined }),
    ...(change.recoveryCodes === undefined ? {} : { recoveryCodes: user.recoveryCodes.length }),
    version: user.version,
  };
}

function shownRole(role: RoleRecord | undefined): object | undefined {
  return role === undefined ? undefined : { about: role.about, grants: role.grants };
}

function shownToken(token: TokenRow): object {
  const { name, prefix, owner, role, grants, limits, expiresAt } = token;
  return { name, prefix, owner, role, grants, limits, expiresAt };
}
