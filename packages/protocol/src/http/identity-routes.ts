// Routes of signing in, and of who may do what: users, roles, tokens, the audit trail.
import type { RouteMethod, RoutePermission, RouteSpec, RouteTag } from "./route-spec.ts";

const route =
  <Tag extends RouteTag>(tag: Tag) =>
  <Method extends RouteMethod, P extends RoutePermission>(
    call: `${Method} ${string}`,
    permission: P,
    summary: string,
  ): {
    readonly methods: readonly [Method];
    readonly path: string;
    readonly permission: P;
    readonly summary: string;
    readonly tag: Tag;
  } => {
    const [method, path] = call.split(" ") as [Method, string];
    return { methods: [method], path: `/api/v1/${path}`, permission, summary, tag };
  };
const signIn = route("sign-in");
const users = route("users");
const audit = route("audit");

export const identityRoutes = {
  signInMethods: signIn("GET auth/methods", "open", "How one can sign in here"),
  signIn: signIn("POST auth/login", "open", "Sign in with name and password, and a code where one is set up"),
  setUp: signIn("POST auth/setup", "open", "Create the first user with the secret of the set-up link, once"),
  refreshSession: signIn("POST auth/refresh", "open", "New access and refresh tokens for a refresh token"),
  signOut: signIn("POST auth/logout", "signed-in", "End this session, or all of one's own"),
  me: signIn("GET auth/me", "signed-in", "Who is asking, and what they may do"),
  listSessions: signIn("GET auth/sessions", "signed-in", "One's sessions; somebody else's with `user`"),
  endSession: signIn("DELETE auth/sessions/:session", "signed-in", "End one of one's sessions"),
  createTicket: signIn("POST auth/tickets", "signed-in", "A single-use ticket for one WebSocket or download"),
  changePassword: signIn("POST auth/password", "signed-in", "Change one's password; other sessions end"),
  beginTotp: signIn(
    "POST auth/totp",
    "signed-in",
    "A secret for one-time codes; nothing changes until it is confirmed",
  ),
  confirmTotp: signIn("PUT auth/totp", "signed-in", "Ask for one-time codes from now on; answers with recovery codes"),
  removeTotp: signIn("DELETE auth/totp", "signed-in", "Ask for one-time codes no more"),
  listPasskeys: signIn("GET auth/passkeys", "signed-in", "One's passkeys"),
  beginPasskey: signIn("POST auth/passkeys/options", "signed-in", "What a browser needs to make a passkey"),
  addPasskey: signIn("POST auth/passkeys", "signed-in", "Keep the passkey that the browser made"),
  removePasskey: signIn("DELETE auth/passkeys/:passkey", "signed-in", "Forget a passkey"),
  beginPasskeySignIn: signIn("POST auth/login/passkey/options", "open", "What a browser needs to sign in by passkey"),
  passkeySignIn: signIn("POST auth/login/passkey", "open", "Sign in by passkey"),
  openidSignIn: signIn("GET auth/openid", "open", "Go to the identity provider to sign in"),
  openidReturn: signIn("GET auth/openid/return", "open", "Come back from the identity provider"),
  exchangeToken: signIn("POST auth/exchange", "open", "A scoped token for an OpenID token of a CI job"),

  listUsers: users("GET users", "user:read", "Users, in order of names"),
  createUser: users("POST users", "user:write", "Create a user"),
  getUser: users("GET users/:user", "user:read", "One user"),
  updateUser: users("PATCH users/:user", "user:write", "Change roles, password or email; disable or enable"),
  endUserSessions: users("DELETE users/:user/sessions", "user:write", "Sign a user out everywhere"),
  listRoles: users("GET roles", "role:read", "Roles, and every permission there is"),
  putRole: users("PUT roles/:role", "role:write", "Make or change a role"),
  deleteRole: users("DELETE roles/:role", "role:write", "Delete a role nobody has"),
  listTokens: users("GET tokens", "signed-in", "One's tokens; everybody's with `all`"),
  getToken: users("GET tokens/:token", "signed-in", "One token: one's own; anybody's with `token:read`"),
  createToken: users("POST tokens", "signed-in", "Make a token; its secret is shown once"),
  revokeToken: users("DELETE tokens/:token", "signed-in", "Revoke a token"),

  searchAudit: audit("GET audit", "audit:read", "The audit trail, newest first"),
  getAuditRow: audit("GET audit/rows/:seq", "audit:read", "One row of the audit trail by its number"),
  exportAudit: audit("GET audit/export", "audit:read", "The audit trail as JSON lines, oldest first"),
  verifyAudit: audit("POST audit/verify", "audit:read", "Check every row's hash and the signed checkpoints"),
} as const satisfies Record<string, RouteSpec>;
