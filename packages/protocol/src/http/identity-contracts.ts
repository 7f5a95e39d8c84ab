// What goes in and out of the routes of signing in, users, roles, tokens and the audit trail.
import { answer, cursor, header, limit, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { identityRoutes } from "./identity-routes.ts";

const nothing = { 204: answer("Done") };
const signedIn = { 200: answer("Signed in", "SignedIn") };
const auditList = [
  query("actor", "As `kind:id`, or only the kind"),
  query("action", "Exact, or `noun:*`"),
  query("target", "Exact, or a beginning that ends in `*`"),
  query("outcome", "`done`, `refused`, `failed` or `intended`"),
  query("text", "Occurs anywhere in the row"),
  query("from", "At or after: milliseconds since 1970, or ISO 8601"),
  query("to", "Before"),
];

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const identityContracts: Readonly<Record<keyof typeof identityRoutes, Contract>> = {
  signInMethods: { responses: { 200: answer("What is possible", "SignInMethods") } },
  signIn: { request: "SignIn", responses: signedIn },
  setUp: { request: "SetUp", responses: { 201: answer("The user, signed in", "SignedIn") } },
  refreshSession: { request: "Refresh", responses: signedIn },
  signOut: { request: "SignOut", responses: { 200: answer("How many sessions ended", "Ended") } },
  me: { responses: { 200: answer("Who is asking", "Me") } },
  listSessions: {
    parameters: [query("user", "Somebody else's; needs `user:read`")],
    responses: { 200: answer("The sessions", "Sessions") },
  },
  endSession: { responses: nothing },
  createTicket: { request: "NewTicket", responses: { 201: answer("The ticket", "Ticket") } },
  changePassword: { request: "ChangePassword", responses: nothing },
  beginTotp: { request: "Password", responses: { 200: answer("The secret", "TotpSecret") } },
  confirmTotp: { request: "TotpCode", responses: { 200: answer("It is on", "RecoveryCodes") } },
  removeTotp: { request: "Password", responses: nothing },
  listPasskeys: { responses: { 200: answer("The passkeys", "Passkeys") } },
  beginPasskey: { request: "Password", responses: { 200: answer("The challenge", "PasskeyChallenge") } },
  addPasskey: { request: "NewPasskey", responses: { 201: answer("The passkey", "Passkey") } },
  removePasskey: { responses: nothing },
  beginPasskeySignIn: { request: "Nothing", responses: { 200: answer("The challenge", "PasskeyChallenge") } },
  passkeySignIn: { request: "PasskeySignIn", responses: signedIn },
  openidSignIn: {
    parameters: [query("return", "Page of the console to come back to")],
    responses: { 302: answer("To the identity provider") },
  },
  openidReturn: {
    parameters: [query("code", "Of the provider"), query("state", "Of this server")],
    responses: { 302: answer("Signed in; to the page") },
  },
  exchangeToken: { request: "ExchangeToken", responses: { 200: answer("The scoped token", "ExchangedToken") } },

  listUsers: {
    parameters: [query("text", "Names and addresses that hold this"), limit, cursor],
    responses: { 200: answer("A page of users", "Users") },
  },
  createUser: { request: "NewUser", responses: { 201: answer("The user", "User") } },
  getUser: { responses: { 200: answer("The user; its version is the ETag", "User") } },
  updateUser: {
    parameters: [header("If-Match", "Only when the user has this version")],
    request: "ChangeUser",
    responses: { 200: answer("The user", "User") },
  },
  endUserSessions: { responses: { 200: answer("How many", "Ended") } },
  listRoles: { responses: { 200: answer("The roles", "Roles") } },
  putRole: { request: "PutRole", responses: { 200: answer("The role", "Role") } },
  deleteRole: { responses: nothing },
  listTokens: {
    parameters: [query("all", "`true`: everybody's; needs `token:read`"), limit, cursor],
    responses: { 200: answer("A page of tokens", "Tokens") },
  },
  getToken: { responses: { 200: answer("The token", "Token") } },
  createToken: { request: "NewToken", responses: { 201: answer("The token with its secret", "CreatedToken") } },
  revokeToken: { responses: nothing },
  searchAudit: {
    parameters: [...auditList, limit, cursor],
    responses: { 200: answer("A page of rows", "AuditTrail") },
  },
  getAuditRow: { responses: { 200: answer("The row", "AuditRow") } },
  exportAudit: {
    parameters: auditList,
    responses: { 200: { description: "A row a line, with its hashes", type: "application/x-ndjson" } },
  },
  verifyAudit: { request: "Nothing", responses: { 200: answer("What was found", "AuditReport") } },
};
