// Users, roles and tokens over HTTP, and what ends when they end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HttpFixture, token as bootstrap } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { options, password, post, signIn } from "./identity-fixture.suite.ts";
import type { Browser } from "./identity-fixture.suite.ts";

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
    const made = await ada.send("POST", "/api/v1/users", {
      name: "Bob",
      email: "bob@example.com",
      password,
      roles: ["operator"],
    });
    expect([made.status, made.headers.get("etag")]).toEqual([201, '"1"']);
    expect(made.body.user).toMatchObject({
      name: "Bob",
      email: "bob@example.com",
      roles: ["operator"],
      disabled: false,
    });
    expect((await ada.send("POST", "/api/v1/users", { name: "bob", roles: ["viewer"] })).body.error.code).toBe(
      "name_taken",
    );
    expect((await ada.send("GET", "/api/v1/users?text=bob@")).body.users).toHaveLength(1);
    const bob = await signIn(f, "bob");
    const stale = await ada.send("PATCH", "/api/v1/users/bob", { roles: ["viewer"] }, { "if-match": '"9"' });
    expect(stale.body.error.code).toBe("conflict");
    const { version } = (await ada.send("GET", "/api/v1/users/bob")).body.user;
    const changed = await ada.send(
      "PATCH",
      "/api/v1/users/bob",
      { roles: ["viewer"], email: null },
      { "if-match": `"${version}"` },
    );
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
    expect(roles.map((each: { name: string }) => each.name)).toEqual([
      "viewer",
      "operator",
      "developer",
      "admin",
      "worker",
      "billing",
    ]);
    expect(permissions.find((each: { permission: string }) => each.permission === "run:read")).toMatchObject({
      narrowedBy: "workflow",
    });
    for (const [name, body] of [
      ["billing", { grants: [{ permission: "run:fly" }] }],
      ["billing", { grants: [{ permission: "backup:create" }] }],
      ["billing", { grants: [{ permission: "run:read", only: [] }] }],
      ["Billing!", { grants }],
      ["admin", { grants }],
    ] as const) {
      expect((await ada.send("PUT", `/api/v1/roles/${encodeURIComponent(name)}`, body)).status).toBeGreaterThanOrEqual(
        400,
      );
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
    expect(details).toMatchObject({
      id,
      name: "ci",
      owner: "dev",
      role: "operator",
      limits: { workflow: ["a/*"], state: ["ci/*"] },
    });
    const authorization = `Bearer ${token}`;
    const start = (workflowName: string): Promise<Answer> =>
      post(f, `/api/v1/workflows/${encodeURIComponent(workflowName)}/runs`, {}, { authorization });
    expect((await start("waits")).body.error.code).toBe("workflow_not_found");
    expect((await dev.send("POST", "/api/v1/tokens", { name: "x", role: "admin" })).body.error.code).toBe("forbidden");
    expect((await post(f, "/api/v1/tokens", { name: "x", role: "viewer" }, { authorization })).body.error.code).toBe(
      "forbidden",
    );
    const listed = (await dev.send("GET", "/api/v1/tokens")).body.tokens;
    expect(JSON.stringify(listed)).not.toContain(token);
    expect(listed).toHaveLength(1);
    expect((await dev.send("GET", `/api/v1/tokens/${id}`)).body).toEqual({ token: listed[0] });
    expect((await ada.send("GET", `/api/v1/tokens/${id}`)).body).toEqual({ token: listed[0] });
    expect((await f.send(`/api/v1/tokens/${id}`, { token: null, headers: { authorization } })).status).toBe(200);
    const other = (await ada.send("POST", "/api/v1/tokens", { name: "hers", role: "viewer" })).body;
    expect((await dev.send("GET", `/api/v1/tokens/${other.id}`)).body.error.code).toBe("token_unknown");
    expect((await ada.send("GET", "/api/v1/tokens/tkn_none")).body.error.code).toBe("token_unknown");
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
      const request = f.request(`/api/v1/runs/${run.run.id}/events`, {
        token: null,
        headers: { cookie: vic.cookie, "sec-fetch-site": "same-origin" },
      });
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
    await using f = await HttpFixture.make({
      http: { limits: { addressRequestsPerSecondMax: 5, signInsPerMinuteMax: 0 } },
    });
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
    const get = async (): Promise<number> =>
      (await g.send("/api/v1/runs", { token: null, headers: { authorization } })).status;
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
  expect((await f.send("/api/v1/runs", { token: null, headers: { origin: "http://127.0.0.1:7891" } })).status).toBe(
    403,
  );
  expect((await f.send("/api/v1/runs", { token: bootstrap })).status).toBe(200);
});
