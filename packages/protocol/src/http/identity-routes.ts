// Routes of signing in, and of who may do what: users, roles, tokens, the audit trail.
import { get, patch, post, put, remove } from "./route-spec.ts";
import type { RouteMethod, RoutePermission, RouteSpec, RouteTag } from "./route-spec.ts";

const route =
  <Tag extends RouteTag>(tag: Tag) =>
  <M extends readonly RouteMethod[], P extends RoutePermission>(
    methods: M,
    path: string,
    permission: P,
    summary: string,
  ) =>
    ({ methods, path: `/api/v1/${path}`, permission, summary, tag }) as const;
const signIn = route("sign-in");
const users = route("users");
const audit = route("audit");

export const identityRoutes = {
  signInMethods: signIn(get, "auth/methods", "open", "How one can sign in here"),
  signIn: signIn(post, "auth/login", "open", "Sign in with name and password, and a code where one is set up"),
  setUp: signIn(post, "auth/setup", "open", "Create the first user with the secret of the set-up link, once"),
  refreshSession: signIn(post, "auth/refresh", "open", "New access and refresh tokens for a refresh token"),
  signOut: signIn(post, "auth/logout", "signed-in", "End this session, or all of one's own"),
  me: signIn(get, "auth/me", "signed-in", "Who is asking, and what they may do"),
  listSessions: signIn(get, "auth/sessions", "signed-in", "One's sessions; somebody else's with `user`"),
  endSession: signIn(remove, "auth/sessions/:session", "signed-in", "End one of one's sessions"),
  createTicket: signIn(post, "auth/tickets", "signed-in", "A single-use ticket for one WebSocket or download"),
  changePassword: signIn(post, "auth/password", "signed-in", "Change one's password; other sessions end"),
  beginTotp: signIn(
    post,
    "auth/totp",
    "signed-in",
    "A secret for one-time codes; nothing changes until it is confirmed",
  ),
  confirmTotp: signIn(put, "auth/totp", "signed-in", "Ask for one-time codes from now on; answers with recovery codes"),
  removeTotp: signIn(remove, "auth/totp", "signed-in", "Ask for one-time codes no more"),
  listPasskeys: signIn(get, "auth/passkeys", "signed-in", "One's passkeys"),
  beginPasskey: signIn(post, "auth/passkeys/options", "signed-in", "What a browser needs to make a passkey"),
  addPasskey: signIn(post, "auth/passkeys", "signed-in", "Keep the passkey that the browser made"),
  removePasskey: signIn(remove, "auth/passkeys/:passkey", "signed-in", "Forget a passkey"),
  beginPasskeySignIn: signIn(post, "auth/login/passkey/options", "open", "What a browser needs to sign in by passkey"),
  passkeySignIn: signIn(post, "auth/login/passkey", "open", "Sign in by passkey"),
  openidSignIn: signIn(get, "auth/openid", "open", "Go to the identity provider to sign in"),
  openidReturn: signIn(get, "auth/openid/return", "open", "Come back from the identity provider"),
  exchangeToken: signIn(post, "auth/exchange", "open", "A scoped token for an OpenID token of a CI job"),

  listUsers: users(get, "users", "user:read", "Users, in order of names"),
  createUser: users(post, "users", "user:write", "Create a user"),
  getUser: users(get, "users/:user", "user:read", "One user"),
  updateUser: users(patch, "users/:user", "user:write", "Change roles, password or email; disable or enable"),
  endUserSessions: users(remove, "users/:user/sessions", "user:write", "Sign a user out everywhere"),
  listRoles: users(get, "roles", "role:read", "Roles, and every permission there is"),
  putRole: users(put, "roles/:role", "role:write", "Make or change a role"),
  deleteRole: users(remove, "roles/:role", "role:write", "Delete a role nobody has"),
  listTokens: users(get, "tokens", "signed-in", "One's tokens; everybody's with `all`"),
  createToken: users(post, "tokens", "signed-in", "Make a token; its secret is shown once"),
  revokeToken: users(remove, "tokens/:token", "signed-in", "Revoke a token"),

  searchAudit: audit(get, "audit", "audit:read", "The audit trail, newest first"),
  exportAudit: audit(get, "audit/export", "audit:read", "The audit trail as JSON lines, oldest first"),
  verifyAudit: audit(post, "audit/verify", "audit:read", "Check every row's hash and the signed checkpoints"),
} as const satisfies Record<string, RouteSpec>;
