// The routes of signing in, users, roles and tokens answer what the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import * as OTPAuth from "otpauth";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";
import type { Answer } from "./http-fixture.ts";

const password = "correct horse battery";
const visited = new Set<RouteName>();
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({
    http: { limits: { signInsPerMinuteMax: 0 } },
    identity: { totp: true, passkeys: { rpId: "localhost", rpName: "Sluice", origins: ["http://localhost:7890"] } },
  });
});
afterAll(async () => f[Symbol.asyncDispose]());

const ask = asking(() => f, visited);
const bearer = ({ body }: Answer): Record<string, string> => ({ authorization: `Bearer ${body.accessToken}` });

async function signedIn(name: string): Promise<Record<string, string>> {
  return bearer(await ask("signIn", [], { body: { name, password, kind: "program" } }));
}

async function users(headers: Record<string, string>): Promise<void> {
  const { user } = (await ask("createUser", [], { headers, body: { name: "vic", password, roles: ["viewer"] } })).body;
  await ask("createUser", [], { headers, body: { name: "vic", roles: ["viewer"] } });
  await ask("listUsers", [], { headers, query: "?text=vi&limit=5" });
  await ask("getUser", ["vic"], { headers });
  await ask("getUser", ["none"], { headers });
  await ask("updateUser", [user.id], { headers, body: { roles: ["operator"], email: "vic@example.com" } });
  await ask("endUserSessions", [user.id], { headers });
  const grants = [{ permission: "run:read", only: ["a/*"] }];
  await ask("putRole", ["readers"], { headers, body: { about: "Readers of a", grants } });
  await ask("listRoles", [], { headers });
  await ask("deleteRole", ["readers"], { headers });
  const limits = { workflow: ["a/*"], cache: ["pr-17"] };
  const made = await ask("createToken", [], { headers, body: { name: "ci", grants, expiresIn: "1h", limits } });
  await ask("createToken", [], { headers, body: { name: "ci" } });
  await ask("listTokens", [], { headers, query: "?all=true" });
  await ask("getToken", [made.body.id], { headers });
  await ask("getToken", ["none"], { headers });
  await ask("revokeToken", [made.body.id], { headers });
}

async function account(): Promise<void> {
  const headers = await signedIn("vic");
  await ask("me", [], { headers });
  const { sessions } = (await ask("listSessions", [], { headers })).body;
  expect(sessions.length).toBeGreaterThan(0);
  await ask("createTicket", [], { headers, body: { route: "/api/v1/live" } });
  const begun = await ask("beginTotp", [], { headers, body: { password } });
  const code = (OTPAuth.URI.parse(begun.body.uri) as OTPAuth.TOTP).generate();
  await ask("confirmTotp", [], { headers, body: { code } });
  await ask("signIn", [], { body: { name: "vic", password } });
  await ask("removeTotp", [], { headers, body: { password } });
  await ask("beginPasskey", [], { headers, body: { password } });
  await ask("addPasskey", [], { headers, body: { challenge: "x", name: "key", credential: { id: "x" } } });
  await ask("listPasskeys", [], { headers });
  await ask("removePasskey", ["x"], { headers });
  await ask("changePassword", [], { headers, body: { current: password, next: "another horse battery" } });
  await ask("endSession", [sessions[0].id], { headers });
}

test("answers are what the API document says", async () => {
  await ask("signInMethods");
  await ask("me");
  const secret = f.identity.setUpSecret ?? "";
  await ask("setUp", [], { body: { secret, name: "ada", password } });
  await ask("setUp", [], { body: { secret, name: "ada", password } });
  await ask("signIn", [], { body: { name: "ada", password: "wrong" } });
  await ask("signIn", [], { body: { name: "ada", password } });
  const program = await ask("signIn", [], { body: { name: "ada", password, kind: "program" } });
  await ask("refreshSession", [], { body: { refreshToken: program.body.refreshToken } });
  const headers = bearer(program);
  await users(headers);
  await account();
  await ask("beginPasskeySignIn");
  await ask("passkeySignIn", [], { body: { challenge: "x", credential: {} } });
  await ask("openidSignIn");
  await ask("openidReturn", [], { query: "?code=x&state=y&iss=z" });
  await ask("exchangeToken", [], { body: { token: "x" } });
  await ask("signOut", [], { headers, body: { everywhere: true } });
  const names = Object.keys(routes) as RouteName[];
  const ours = names.filter((name) => ["sign-in", "users"].includes(routes[name].tag));
  expect(ours.filter((name) => !visited.has(name))).toEqual([]);
});
