// Bodies of signing in, users, roles, tokens and the audit trail as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { permissions, selectorNames } from "../permissions.ts";
import { duration, maybe, name, time } from "./schema-parts.ts";

const userName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/)
  .describe("Letters, digits and ._@+-; unique without regard to case");
const roleName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
const password = z.string().max(1_024);
const code = z.string().max(64).describe("Of an authenticator app, or a recovery code");
const roleNames = z.array(roleName).max(32);
const patterns = z.array(z.string().min(1).max(512)).min(1).max(100);
const grant = z.strictObject({
  permission: z.string().max(64).describe("A permission, `noun:*`, or `*`"),
  only: patterns.optional().describe("Patterns for the selector that narrows it; `*` stands for any characters"),
});
const limits = z.partialRecord(z.enum(selectorNames), patterns);

const user = z.strictObject({
  id: z.string(),
  name: userName,
  email: z.string().nullable(),
  roles: roleNames,
  disabled: z.boolean(),
  password: z.boolean().describe("Whether one is set"),
  secondFactor: z.boolean(),
  passkeys: z.int(),
  createdAt: time,
  signedInAt: time.nullable(),
  version: z.int().describe("For If-Match"),
});
const session = z.strictObject({
  id: z.string(),
  kind: z.enum(["console", "program"]),
  method: z.enum(["password", "passkey", "openid", "setup"]),
  current: z.boolean(),
  createdAt: time,
  seenAt: time,
  expiresAt: time,
  address: z.string().nullable(),
  agent: z.string().nullable(),
});
const token = z.strictObject({
  id: z.string(),
  name,
  prefix: z.string(),
  owner: z.string().nullable().describe("Name of the user"),
  role: z.string().nullable(),
  grants: z.array(grant),
  limits,
  createdAt: time,
  expiresAt: time.nullable(),
  usedAt: time.nullable(),
  revokedAt: time.nullable(),
});
const role = z.strictObject({
  name: roleName,
  about: z.string().nullable(),
  grants: z.array(grant),
  builtIn: z.boolean(),
});
const passkey = z.strictObject({ id: z.string(), name, createdAt: time, usedAt: time.nullable() });
const auditRecord = z.strictObject({
  seq: z.int(),
  at: time,
  actor: z.string().describe("As kind:id"),
  actorName: z.string().nullable(),
  action: z.string(),
  target: z.string(),
  workflow: z.string().nullable(),
  outcome: z.enum(["done", "refused", "failed", "intended"]),
  reason: z.string().nullable(),
  address: z.string().nullable(),
  session: z.string().nullable(),
  token: z.string().nullable(),
  before: z.string().nullable().describe("JSON"),
  after: z.string().nullable().describe("JSON"),
  intent: z.int().nullable().describe("Row that said what was about to be done"),
  previous: z.string().describe("Hash of the row before"),
  hash: z.string(),
});

const signedIn = z.strictObject({
  user,
  accessToken: z.string().optional().describe("Of programs: a JWT for `Authorization: Bearer`"),
  refreshToken: z.string().optional().describe("Of programs: good once"),
  expiresAt: time.describe("Of the access token, or of the session"),
});
const challenge = z.unknown().describe("For the browser's WebAuthn call, as its JSON form");

/** Bodies by the name they have in the API document. */
export const identitySchemas = {
  SignInMethods: z.strictObject({
    authentication: z.boolean().describe("False where everybody may do everything (`--no-auth`)"),
    setUp: z.boolean().describe("True as long as there is no user"),
    password: z.boolean(),
    totp: z.boolean().describe("One-time codes can be turned on"),
    passkey: z.boolean(),
    openid: z.strictObject({ name }).nullable(),
    passwordCharsMin: z.int(),
    instance: z.string().describe("Of the data folder"),
  }),
  SignIn: z.strictObject({
    name: z.string().max(256),
    password,
    code: maybe(code),
    kind: maybe(z.enum(["console", "program"])).describe(
      "`console` (default): the session is a cookie. `program`: access and refresh token are in the answer",
    ),
  }),
  SignedIn: signedIn,
  SetUp: z.strictObject({ secret: z.string().max(256), name: userName, password }),
  Refresh: z.strictObject({ refreshToken: z.string().max(256) }),
  SignOut: z.strictObject({ everywhere: maybe(z.boolean()) }),
  Me: z.strictObject({
    authentication: z.enum(["session", "token", "bootstrap", "local", "none"]),
    user: user.nullable(),
    session: z.string().nullable(),
    token: z.string().nullable(),
    grants: z.array(grant).describe("Everything one may do now"),
    instance: z.string().describe("Of the data folder"),
  }),
  Sessions: z.strictObject({ sessions: z.array(session) }),
  NewTicket: z.strictObject({
    route: z.string().max(512).describe("Path it is for, as `/api/v1/live`"),
  }),
  Ticket: z.strictObject({ ticket: z.string(), expiresAt: time }),
  ChangePassword: z.strictObject({ current: password.describe("Empty where none is set"), next: password }),
  TotpSecret: z.strictObject({ secret: z.string().describe("Base32"), uri: z.string().describe("For a QR code") }),
  TotpCode: z.strictObject({ code }),
  RecoveryCodes: z.strictObject({ recoveryCodes: z.array(z.string()) }),
  Password: z.strictObject({ password }),
  Passkeys: z.strictObject({ passkeys: z.array(passkey) }),
  PasskeyChallenge: z.strictObject({ challenge: z.string().describe("To be sent back"), options: challenge }),
  NewPasskey: z.strictObject({ challenge: z.string().max(512), name, credential: challenge }),
  Passkey: z.strictObject({ passkey }),
  PasskeySignIn: z.strictObject({ challenge: z.string().max(512), credential: challenge }),
  ExchangeToken: z.strictObject({ token: z.string().max(16_384).describe("The OpenID token of the job") }),
  ExchangedToken: z.strictObject({ token: z.string(), expiresAt: time, grants: z.array(grant) }),

  Users: z.strictObject({ users: z.array(user), nextCursor: z.string().nullable() }),
  User: z.strictObject({ user }),
  NewUser: z.strictObject({
    name: userName,
    email: maybe(z.string().max(320)),
    password: maybe(password).describe("Without one the user signs in by other means, or is given one later"),
    roles: roleNames.min(1),
  }),
  ChangeUser: z.strictObject({
    email: maybe(z.string().max(320)),
    password: password.optional(),
    roles: roleNames.optional(),
    disabled: z.boolean().optional(),
    secondFactor: z.literal(false).optional().describe("Takes the second factor away from who has lost it"),
  }),
  Ended: z.strictObject({ ended: z.int() }),
  Roles: z.strictObject({
    roles: z.array(role),
    permissions: z.array(
      z.strictObject({
        permission: z.enum(Object.keys(permissions) as [string, ...string[]]),
        about: z.string(),
        narrowedBy: z.enum(selectorNames).nullable(),
        shell: z.boolean().describe("The role admin alone has it"),
      }),
    ),
  }),
  PutRole: z.strictObject({ about: maybe(z.string().max(1_024)), grants: z.array(grant).max(200) }),
  Role: z.strictObject({ role }),
  Tokens: z.strictObject({ tokens: z.array(token), nextCursor: z.string().nullable() }),
  Token: z.strictObject({ token }),
  NewToken: z.strictObject({
    name,
    role: maybe(roleName).describe("What the role may do"),
    grants: z.array(grant).max(200).optional().describe("Or these, one by one"),
    expiresIn: maybe(duration),
    limits: limits.optional(),
  }),
  CreatedToken: z.strictObject({
    id: z.string(),
    token: z.string().describe("The secret; it cannot be shown again"),
    details: token,
  }),
  AuditTrail: z.strictObject({ records: z.array(auditRecord), nextCursor: z.string().nullable() }),
  AuditRow: z.strictObject({ record: auditRecord }),
  AuditReport: z.strictObject({
    ok: z.boolean(),
    rows: z.int(),
    checkpoints: z.int().describe("That were compared"),
    problems: z.array(
      z.strictObject({
        seq: z.int().nullable(),
        problem: z.enum(["changed", "removed", "reordered", "truncated", "bad_signature", "unreadable_checkpoints"]),
        message: z.string(),
      }),
    ),
    warnings: z.array(z.string()),
  }),
} as const;
