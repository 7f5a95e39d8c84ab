// Signing in and everything after it, over HTTP: cookies, tokens, users, roles, tickets, and what ends when they end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import * as OTPAuth from "otpauth";
import { HttpFixture, token as bootstrap } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

const json = { "content-type": "application/json" };
const password = "correct horse battery";
const own = { origin: "http://127.0.0.1:7890", "sec-fetch-site": "same-origin" };
const waits = workflow({ name: "waits" }, async (ctx) => ctx.waitFor("never"));

interface Browser {
  readonly cookie: string;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

const cookieOf = ({ headers }: Answer): string => (headers.get("set-cookie") ?? "").split(";")[0] ?? "";

function browser(f: HttpFixture, cookie: string): Browser {
  return {
    cookie,
    send: (method, path, body, headers = {}) =>
      f.send(path, {
        method,
        token: null,
        headers: { ...json, ...own, cookie, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

async function post(f: HttpFixture, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return f.send(path, { method: "POST", token: null, headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

async function signIn(f: HttpFixture, name: string, secret = password): Promise<Browser> {
  const answer = await post(f, "/api/v1/auth/login", { name, password: secret });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return browser(f, cookieOf(answer));
}

const options = { workflows: [waits], http: { limits: { signInsPerMinuteMax: 0 } }, identity: { totp: true } };

describe("the first user", () => {
  test("is made with the secret of the set-up link, once, and the token of the first start ends with it", async () => {
    await using f = await HttpFixture.make(options);
    expect((await f.send("/api/v1/auth/methods", { token: null })).body).toMatchObject({
      authentication: true,
      setUp: true,
      password: true,
      instance: f.store.instance,
    });
    expect((await f.get("/api/v1/auth/me")).body).toMatchObject({ authentication: "bootstrap", grants: [{ permission: "*" }] });
    const secret = f.identity.setUpSecret ?? "";
    expect((await post(f, "/api/v1/auth/setup", { secret: "guess", name: "ada", password })).status).toBe(401);
    const made = await post(f, "/api/v1/auth/setup", { secret, name: "ada", password });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ user: { name: "ada", roles: ["admin"], password: true } });
    const me = await browser(f, cookieOf(made)).send("GET", "/api/v1/auth/me");
    expect(me.body).toMatchObject({ authentication: "session", user: { name: "ada" }, grants: [{ permission: "*" }] });
    expect((await post(f, "/api/v1/auth/setup", { secret, name: "eve", password })).body.error.code).toBe("already_set_up");
    const late = await f.get("/api/v1/runs");
    expect([late.status, late.body.error.message]).toEqual([401, expect.stringContaining("first start")]);
    expect((await f.send("/api/v1/auth/methods", { token: null })).body.setUp).toBe(false);
  });

  test("has a password that is worth one", async () => {
    await using f = await HttpFixture.make(options);
    const secret = f.identity.setUpSecret ?? "";
    for (const weak of ["short", "password123", "qwertyuiop"]) {
      const { status, body } = await post(f, "/api/v1/auth/setup", { secret, name: "ada", password: weak });
      expect([weak, status, body.error.code]).toEqual([weak, 400, "weak_password"]);
    }
  });
});

describe("signed in", () => {
  let f: HttpFixture;
  beforeAll(async () => {
    f = await HttpFixture.make(options);
    for (const [name, roles] of [["ada", ["admin"]], ["vic", ["viewer"]]] as const) {
      await f.identity.users.create(f.identity.everyone({}), { name, roles, password });
    }
  });
  afterAll(async () => f[Symbol.asyncDispose]());

  test("in the console is a cookie that no script reads", async () => {
    const answer = await post(f, "/api/v1/auth/login", { name: "ada", password });
    expect(answer.headers.get("set-cookie")).toMatch(
      new RegExp(String.raw`^sluice_session_\w+=[\w-]{43}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax$`),
    );
    expect(Object.keys(answer.body).toSorted()).toEqual(["expiresAt", "user"]);
    expect(JSON.stringify(answer.body)).not.toMatch(/argon|hash|secret/i);
  });

  test("over TLS the cookie belongs to this host alone, and the answer says never to come without", async () => {
    const answer = await post(f, "https://127.0.0.1:7890/api/v1/auth/login", { name: "ada", password });
    expect(answer.headers.get("set-cookie")).toStartWith("__Host-sluice_session_");
    expect(answer.headers.get("set-cookie")).toEndWith("; HttpOnly; SameSite=Lax; Secure");
    expect(answer.headers.get("strict-transport-security")).toContain("max-age=");
    const cookie = cookieOf(answer);
    const headers = { ...json, cookie, origin: "https://127.0.0.1:7890" };
    expect((await f.send("https://127.0.0.1:7890/api/v1/auth/me", { token: null, headers })).status).toBe(200);
    // The same cookie without TLS is none: it cannot have come from a browser.
    expect((await browser(f, cookie).send("GET", "/api/v1/auth/me")).status).toBe(401);
  });

  test("as a program is an access token, renewed with a refresh token that is good once", async () => {
    const { body } = await post(f, "/api/v1/auth/login", { name: "vic", password, kind: "program" });
    const authorization = `Bearer ${body.accessToken}`;
    expect((await f.send("/api/v1/auth/me", { token: null, headers: { authorization } })).body.user.name).toBe("vic");
    const next = await post(f, "/api/v1/auth/refresh", { refreshToken: body.refreshToken });
    expect(next.status).toBe(200);
    expect(next.body.refreshToken).not.toBe(body.refreshToken);
    const out = await post(f, "/api/v1/auth/logout", {}, { authorization: `Bearer ${next.body.accessToken}` });
    expect(out.body).toEqual({ ended: 1 });
    for (const accessToken of [body.accessToken, next.body.accessToken]) {
      const me = await f.send("/api/v1/auth/me", { token: null, headers: { authorization: `Bearer ${accessToken}` } });
      expect([me.status, me.body.error.code]).toEqual([401, "session_ended"]);
    }
    expect((await post(f, "/api/v1/auth/refresh", { refreshToken: next.body.refreshToken })).status).toBe(401);
  });

  test("wrongly is the same whoever is named, and says nothing more", async () => {
    const wrong = await post(f, "/api/v1/auth/login", { name: "ada", password: "not the password" });
    const nobody = await post(f, "/api/v1/auth/login", { name: "nobody", password: "not the password" });
    expect([wrong.status, wrong.body]).toEqual([401, nobody.body]);
    expect(wrong.body.error.code).toBe("sign_in_failed");
    expect(wrong.headers.get("set-cookie")).toBeNull();
  });

  test("shows the sessions, and ends one or all", async () => {
    const [first, second] = [await signIn(f, "vic"), await signIn(f, "vic")];
    const { sessions } = (await first.send("GET", "/api/v1/auth/sessions")).body;
    expect(sessions.filter((each: { current: boolean }) => each.current)).toHaveLength(1);
    const other = sessions.find((each: { current: boolean }) => !each.current).id;
    expect((await first.send("DELETE", `/api/v1/auth/sessions/${other}`)).status).toBe(204);
    expect((await second.send("GET", "/api/v1/auth/me")).body.error.code).toBe("session_ended");
    const ada = await signIn(f, "ada");
    const vics = (await ada.send("GET", "/api/v1/auth/sessions?user=vic")).body.sessions;
    expect(vics).toHaveLength(1);
    expect((await first.send("GET", "/api/v1/auth/sessions?user=ada")).body.error.details.permission).toBe("user:read");
    expect((await first.send("DELETE", `/api/v1/auth/sessions/${sessions[0].id}x`)).body.error.code).toBe("session_not_found");
    const out = await first.send("POST", "/api/v1/auth/logout", { everywhere: true });
    expect([out.body, out.headers.get("set-cookie")]).toEqual([{ ended: 1 }, expect.stringContaining("Max-Age=0")]);
    expect((await first.send("GET", "/api/v1/auth/me")).status).toBe(401);
  });

  test("changes the password, which ends the other sessions", async () => {
    await f.identity.users.create(f.identity.everyone({}), { name: "pat", roles: ["viewer"], password });
    const [here, there] = [await signIn(f, "pat"), await signIn(f, "pat")];
    const next = "another horse battery";
    const wrong = await here.send("POST", "/api/v1/auth/password", { current: "no", next });
    expect(wrong.body.error.code).toBe("sign_in_failed");
    expect((await here.send("POST", "/api/v1/auth/password", { current: password, next })).status).toBe(204);
    expect((await here.send("GET", "/api/v1/auth/me")).status).toBe(200);
    expect((await there.send("GET", "/api/v1/auth/me")).status).toBe(401);
    await signIn(f, "pat", next);
  });

  test("turns on one-time codes, which are asked for from then on", async () => {
    await f.identity.users.create(f.identity.everyone({}), { name: "tom", roles: ["viewer"], password });
    const tom = await signIn(f, "tom");
    const begun = await tom.send("POST", "/api/v1/auth/totp", { password });
    const totp = OTPAuth.URI.parse(begun.body.uri) as OTPAuth.TOTP;
    const confirmed = await tom.send("PUT", "/api/v1/auth/totp", { code: totp.generate() });
    expect(confirmed.body.recoveryCodes).toHaveLength(10);
    const asked = await post(f, "/api/v1/auth/login", { name: "tom", password });
    expect([asked.status, asked.body.error.code]).toEqual([401, "second_factor_required"]);
    const [code] = confirmed.body.recoveryCodes;
    expect((await post(f, "/api/v1/auth/login", { name: "tom", password, code })).status).toBe(200);
    expect((await post(f, "/api/v1/auth/login", { name: "tom", password, code })).status).toBe(401);
    expect((await tom.send("DELETE", "/api/v1/auth/totp", { password })).status).toBe(204);
    await signIn(f, "tom");
  });

  test("has passkeys where the server is set up for them, and says so", async () => {
    const vic = await signIn(f, "vic");
    expect((await vic.send("GET", "/api/v1/auth/passkeys")).body).toEqual({ passkeys: [] });
    expect((await vic.send("POST", "/api/v1/auth/passkeys/options", { password })).status).toBe(400);
    await using withKeys = await HttpFixture.make({
      ...options,
      identity: { passkeys: { rpId: "localhost", rpName: "Sluice", origins: ["http://localhost:7890"] } },
    });
    expect((await withKeys.send("/api/v1/auth/methods", { token: null })).body.passkey).toBe(true);
    const { body } = await post(withKeys, "/api/v1/auth/login/passkey/options", {});
    expect(body).toMatchObject({ challenge: expect.any(String), options: { rpId: "localhost" } });
    const refused = await post(withKeys, "/api/v1/auth/login/passkey", { challenge: body.challenge, credential: { id: "x" } });
    expect(refused.status).toBeOneOf([400, 401]);
  });

  test("may ask for a ticket, which opens one thing once, for the same page", async () => {
    const { body: run } = await f.send("/api/v1/auth/methods", { token: null });
    expect(run.instance).toBeDefined();
    const vic = await signIn(f, "vic");
    const ticketFor = async (route: string): Promise<string> =>
      (await vic.send("POST", "/api/v1/auth/tickets", { route })).body.ticket;
    const get = (path: string, headers: Record<string, string> = own): Promise<Answer> =>
      f.send(path, { token: null, headers });
    const ticket = await ticketFor("/api/v1/runs");
    const used = await get(`/api/v1/runs?limit=1&ticket=${ticket}`);
    expect([used.status, used.body.runs]).toEqual([200, []]);
    expect((await get(`/api/v1/runs?ticket=${ticket}`)).body.error.code).toBe("ticket_invalid");
    expect((await get(`/api/v1/events?ticket=${await ticketFor("/api/v1/runs")}`)).status).toBe(401);
    expect((await get(`/api/v1/runs?ticket=${await ticketFor("/api/v1/runs")}`, {})).status).toBe(401);
    // A browser names no origin when it downloads; that it is the page's own it says otherwise.
    const download = await get(`/api/v1/runs?ticket=${await ticketFor("/api/v1/runs")}`, { "sec-fetch-site": "same-origin" });
    expect(download.status).toBe(200);
    expect((await vic.send("POST", "/api/v1/auth/tickets", { route: "https://evil.example/" })).status).toBe(400);
  });
});

describe("users, roles and tokens", () => {
  let f: HttpFixture;
  let ada: Browser;
  beforeAll(async () => {
    f = await HttpFixture.make(options);
    await f.post("/api/v1/users", { name: "ada", password, roles: ["admin"] });
    ada = await signIn(f, "ada");
  });
  afterAll(async () => f[Symbol.asyncDispose]());

  test("users are made, found, changed with their version, disabled and enabled", async () => {
    const made = await ada.send("POST", "/api/v1/users", { name: "Bob", email: "bob@example.com", password, roles: ["operator"] });
    expect([made.status, made.headers.get("etag")]).toEqual([201, '"1"']);
    expect(made.body.user).toMatchObject({ name: "Bob", email: "bob@example.com", roles: ["operator"], disabled: false });
    expect((await ada.send("POST", "/api/v1/users", { name: "bob", roles: ["viewer"] })).body.error.code).toBe("name_taken");
    expect((await ada.send("GET", "/api/v1/users?text=bob@")).body.users).toHaveLength(1);
    const bob = await signIn(f, "bob");
    const stale = await ada.send("PATCH", "/api/v1/users/bob", { roles: ["viewer"] }, { "if-match": '"9"' });
    expect(stale.body.error.code).toBe("conflict");
    const { version } = (await ada.send("GET", "/api/v1/users/bob")).body.user;
    const changed = await ada.send("PATCH", "/api/v1/users/bob", { roles: ["viewer"], email: null }, { "if-match": `"${version}"` });
    expect(changed.body.user).toMatchObject({ roles: ["viewer"], email: null });
    expect((await bob.send("POST", "/api/v1/events", { name: "e" })).status).toBe(403);
    expect((await ada.send("PATCH", "/api/v1/users/bob", { disabled: true })).body.user.disabled).toBe(true);
    expect((await bob.send("GET", "/api/v1/auth/me")).body.error.code).toBe("session_ended");
    expect((await post(f, "/api/v1/auth/login", { name: "bob", password })).status).toBe(401);
    await ada.send("PATCH", "/api/v1/users/bob", { disabled: false });
    await signIn(f, "bob");
    expect((await ada.send("DELETE", "/api/v1/users/bob/sessions")).body).toEqual({ ended: 1 });
    expect((await ada.send("PATCH", "/api/v1/users/ada", { disabled: true })).body.error.code).toBe("last_admin");
    expect((await ada.send("GET", "/api/v1/users/nobody")).body.error.code).toBe("user_not_found");
  });

  test.each([
    ["a name with spaces", { name: "a b", roles: ["viewer"] }],
    ["no roles", { name: "x", roles: [] }],
    ["a role that does not exist", { name: "x", roles: ["king"] }],
    ["the role of workers", { name: "x", roles: ["worker"] }],
    ["a field nobody knows", { name: "x", roles: ["viewer"], admin: true }],
  ])("users with %s are refused", async (_what, body) => {
    expect((await ada.send("POST", "/api/v1/users", body)).status).toBeOneOf([400, 404]);
  });

  test("roles are made, narrowed and deleted, and the built-in ones stay as they are", async () => {
    const grants = [{ permission: "run:*", only: ["billing/*"] }, { permission: "workflow:read" }];
    const put = await ada.send("PUT", "/api/v1/roles/billing", { about: "Those of billing", grants });
    expect(put.body.role).toEqual({ name: "billing", about: "Those of billing", grants, builtIn: false });
    const { roles, permissions } = (await ada.send("GET", "/api/v1/roles")).body;
    expect(roles.map((each: { name: string }) => each.name)).toEqual(["viewer", "operator", "developer", "admin", "worker", "billing"]);
    expect(permissions.find((each: { permission: string }) => each.permission === "run:read")).toMatchObject({ narrowedBy: "workflow" });
    for (const [name, body] of [
      ["billing", { grants: [{ permission: "run:fly" }] }],
      ["billing", { grants: [{ permission: "backup:create" }] }],
      ["billing", { grants: [{ permission: "run:read", only: [] }] }],
      ["Billing!", { grants }],
      ["admin", { grants }],
    ] as const) {
      expect((await ada.send("PUT", `/api/v1/roles/${encodeURIComponent(name)}`, body)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await ada.send("DELETE", "/api/v1/roles/billing")).status).toBe(204);
    expect((await ada.send("DELETE", "/api/v1/roles/billing")).body.error.code).toBe("role_not_found");
  });

  test("tokens are shown once, never again, and never do more than their owner", async () => {
    await ada.send("POST", "/api/v1/users", { name: "dev", password, roles: ["developer"] });
    const dev = await signIn(f, "dev");
    const body = { name: "ci", role: "operator", expiresIn: "90 days", limits: { workflow: ["a/*"], state: ["ci/"] } };
    const made = await dev.send("POST", "/api/v1/tokens", body);
    expect(made.status).toBe(201);
    const { id, token, details } = made.body;
    expect(details).toMatchObject({ id, name: "ci", owner: "dev", role: "operator", limits: { workflow: ["a/*"], state: ["ci/*"] } });
    const authorization = `Bearer ${token}`;
    const start = (workflowName: string): Promise<Answer> =>
      post(f, `/api/v1/workflows/${encodeURIComponent(workflowName)}/runs`, {}, { authorization });
    expect((await start("waits")).body.error.code).toBe("workflow_not_found");
    expect((await dev.send("POST", "/api/v1/tokens", { name: "x", role: "admin" })).body.error.code).toBe("forbidden");
    expect((await post(f, "/api/v1/tokens", { name: "x", role: "viewer" }, { authorization })).body.error.code).toBe("forbidden");
    const listed = (await dev.send("GET", "/api/v1/tokens")).body.tokens;
    expect(JSON.stringify(listed)).not.toContain(token);
    expect(listed).toHaveLength(1);
    expect((await dev.send("GET", "/api/v1/tokens?all=true")).body.error.details.permission).toBe("token:read");
    await ada.send("PATCH", "/api/v1/users/dev", { roles: ["viewer"] });
    const { grants } = (await f.send("/api/v1/auth/me", { token: null, headers: { authorization } })).body;
    expect(grants.map((each: { permission: string }) => each.permission)).not.toContain("run:start");
    expect((await ada.send("DELETE", `/api/v1/tokens/${id}`)).status).toBe(204);
    const after = await f.send("/api/v1/auth/me", { token: null, headers: { authorization } });
    expect([after.status, after.body.error.code]).toEqual([401, "unauthorized"]);
  });
});

describe("what is open ends with the right to it", () => {
  test("a stream of a run closes when its token is revoked, and a waiting request is cut off", async () => {
    await using f = await HttpFixture.make(options);
    const { body: run } = await f.post("/api/v1/workflows/waits/runs", {});
    const made = await f.post("/api/v1/tokens", { name: "watcher", role: "viewer" });
    const headers = { authorization: `Bearer ${made.body.token}` };
    const path = `/api/v1/runs/${run.run.id}`;
    const stream = await f.http.fetch(f.request(`${path}/events`, { token: null, headers }), f.connections);
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).done).toBe(false);
    const waiting = f.send(`${path}?wait=2m`, { token: null, headers });
    await f.until(run.run.id, "waiting");
    const revokedAt = performance.now();
    await f.send(`/api/v1/tokens/${made.body.id}`, { method: "DELETE" });
    for (;;) {
      const { done } = await reader.read();
      if (done) break;
    }
    const cutOff = await waiting;
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect([cutOff.status, cutOff.body.error.code]).toEqual([401, "session_ended"]);
    expect(f.http.metrics.watching).toBe(0);
  });

  test("also when its session ends, its user is disabled, or what they may do changes", async () => {
    await using f = await HttpFixture.make(options);
    const { body: run } = await f.post("/api/v1/workflows/waits/runs", {});
    await f.post("/api/v1/users", { name: "ada", password, roles: ["admin"] });
    const ada = await signIn(f, "ada");
    await ada.send("POST", "/api/v1/users", { name: "vic", password, roles: ["viewer"] });
    for (const [method, path, body] of [
      ["DELETE", "/api/v1/users/vic/sessions", undefined],
      ["PATCH", "/api/v1/users/vic", { roles: ["operator"] }],
      ["PATCH", "/api/v1/users/vic", { disabled: true }],
    ] as const) {
      const vic = await signIn(f, "vic");
      const request = f.request(`/api/v1/runs/${run.run.id}/events`, { token: null, headers: { cookie: vic.cookie, "sec-fetch-site": "same-origin" } });
      const stream = await f.http.fetch(request, f.connections);
      expect(stream.status).toBe(200);
      const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      await ada.send(method, path, body);
      for (;;) {
        if ((await reader.read()).done) break;
      }
    }
    expect(f.http.metrics.watching).toBe(0);
  });
});

describe("too many requests", () => {
  test("of one address and of one token are refused for as long as Retry-After says", async () => {
    await using f = await HttpFixture.make({ http: { limits: { addressRequestsPerSecondMax: 5, signInsPerMinuteMax: 0 } } });
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await f.send("/health", { token: null })).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
    const refused = await f.send("/health", { token: null });
    expect([refused.body.error.code, refused.headers.get("retry-after")]).toEqual(["too_many_requests", "1"]);
    f.address = "203.0.113.1";
    expect((await f.send("/health", { token: null })).status).toBe(200);

    await using g = await HttpFixture.make({ http: { limits: { tokenRequestsPerSecondMax: 1 } } });
    const made = await g.post("/api/v1/tokens", { name: "t", role: "viewer" });
    const authorization = `Bearer ${made.body.token}`;
    const get = async (): Promise<number> => (await g.send("/api/v1/runs", { token: null, headers: { authorization } })).status;
    expect([await get(), await get(), await get()]).toEqual([200, 200, 429]);
  });

  test("to sign in are refused sooner, whatever becomes of them", async () => {
    await using f = await HttpFixture.make({ http: { limits: { signInsPerMinuteMax: 3 } } });
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await post(f, "/api/v1/auth/login", {})).status);
    expect(statuses).toEqual([400, 400, 400, 429, 429]);
    const refused = await post(f, "/api/v1/auth/exchange", { token: "x" });
    expect([refused.status, Number(refused.headers.get("retry-after"))]).toEqual([429, expect.any(Number)]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(10);
    expect((await f.get("/api/v1/runs")).status).toBe(200);
  });
});

test("without authentication everybody may do everything, and is told so", async () => {
  await using f = await HttpFixture.make({ http: { authentication: false } });
  const me = await f.send("/api/v1/auth/me", { token: null });
  expect(me.body).toMatchObject({ authentication: "none", user: null, session: null, grants: [{ permission: "*" }] });
  expect((await f.send("/api/v1/auth/methods", { token: null })).body.authentication).toBe(false);
  // Pages of other origins still may not call.
  expect((await f.send("/api/v1/runs", { token: null, headers: { origin: "http://127.0.0.1:7891" } })).status).toBe(403);
  expect((await f.send("/api/v1/runs", { token: bootstrap })).status).toBe(200);
});
