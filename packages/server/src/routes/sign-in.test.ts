// Signing in and everything after it, over HTTP: cookies, access tokens, sessions, passwords, codes and tickets.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as OTPAuth from "otpauth";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { browser, cookieOf, json, options, own, password, post, signIn } from "./identity-fixture.suite.ts";

describe("the first user", () => {
  test("is made with the secret of the set-up link, once, and the token of the first start ends with it", async () => {
    await using f = await HttpFixture.make(options);
    expect((await f.send("/api/v1/auth/methods", { token: null })).body).toMatchObject({
      authentication: true,
      setUp: true,
      password: true,
      instance: f.store.instance,
    });
    expect((await f.get("/api/v1/auth/me")).body).toMatchObject({
      authentication: "bootstrap",
      grants: [{ permission: "*" }],
    });
    const secret = f.identity.setUpSecret ?? "";
    expect((await post(f, "/api/v1/auth/setup", { secret: "guess", name: "ada", password })).status).toBe(401);
    const made = await post(f, "/api/v1/auth/setup", { secret, name: "ada", password });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ user: { name: "ada", roles: ["admin"], password: true } });
    const me = await browser(f, cookieOf(made)).send("GET", "/api/v1/auth/me");
    expect(me.body).toMatchObject({ authentication: "session", user: { name: "ada" }, grants: [{ permission: "*" }] });
    expect((await post(f, "/api/v1/auth/setup", { secret, name: "eve", password })).body.error.code).toBe(
      "already_set_up",
    );
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
    for (const [name, roles] of [
      ["ada", ["admin"]],
      ["vic", ["viewer"]],
    ] as const) {
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
    expect((await first.send("DELETE", `/api/v1/auth/sessions/${sessions[0].id}x`)).body.error.code).toBe(
      "session_not_found",
    );
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
    const refused = await post(withKeys, "/api/v1/auth/login/passkey", {
      challenge: body.challenge,
      credential: { id: "x" },
    });
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
    const download = await get(`/api/v1/runs?ticket=${await ticketFor("/api/v1/runs")}`, {
      "sec-fetch-site": "same-origin",
    });
    expect(download.status).toBe(200);
    expect((await vic.send("POST", "/api/v1/auth/tickets", { route: "https://evil.example/" })).status).toBe(400);
  });
});
