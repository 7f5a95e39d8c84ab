import { describe, expect, test } from "bun:test";
import { caller, codeOf, desks, expectRefused, good, password, settled, start } from "./identity.fixture.suite.ts";
import { identityLimits } from "./limits.ts";

const open = desks();

describe("the first start", () => {
  test("has a link that makes one admin, signed in, and then is good no more", async () => {
    const desk = await open();
    const { identity } = desk;
    expect(identity.methods()).toEqual({
      setUp: true,
      password: true,
      totp: false,
      passkey: false,
      openid: null,
      passwordCharsMin: 10,
    });
    const secret = identity.setUpSecret ?? "";
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    const setUp = (more: object = {}) => identity.setUp({ secret, name: "root", password, caller, ...more });
    expectRefused(await setUp({ secret: `${secret}x` }), "unauthorized");
    expectRefused(await setUp({ secret: "" }), "unauthorized");
    expectRefused(await setUp({ password: "short" }), "weak_password");
    const signed = good(await setUp());
    expect(signed).toMatchObject({ user: { name: "root", roles: ["admin"] }, session: { method: "setup" } });
    const who = await identity.authenticate({ kind: "cookie", value: signed.cookie ?? "" }, caller);
    expect(good(who).grants()).toEqual([{ permission: "*" }]);
    expect([identity.setUpSecret, identity.methods().setUp]).toEqual([undefined, false]);
    expectRefused(await setUp(), "already_set_up");
    expect((await desk.reopen()).setUpSecret).toBeUndefined();
    expect((await desk.audited())[0]).toMatchObject({ action: "user:create", by: { kind: "system", id: "setup" } });
  });

  test("makes one admin, also when several people open the link at once", async () => {
    const { identity, store } = await open();
    const secret = identity.setUpSecret ?? "";
    const names = ["ada", "bob", "eve"];
    const answers = await Promise.all(names.map((name) => identity.setUp({ secret, name, password, caller })));
    expect(answers.map((answer) => codeOf(answer)).toSorted()).toEqual(["already_set_up", "already_set_up", "ok"]);
    expect(await store.identity.countUsers()).toBe(1);
  });

  test("prints another link each time", async () => {
    const desk = await open();
    const other = await desk.reopen();
    expect(other.setUpSecret).not.toBe(desk.identity.setUpSecret as never);
    const old = { secret: desk.identity.setUpSecret ?? "", name: "root", password, caller };
    expectRefused(await other.setUp(old), "unauthorized");
  });
});

describe("a ticket", () => {
  const live = { route: "/api/v1/live", origin: "https://ops.example" };

  test("lets in whom it was made for, as they are by then", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    await desk.addUser("ada", ["operator"]);
    const ada = await desk.principal("ada");
    const made = () =>
      ({ ...live, kind: "ticket", value: good(desk.identity.tickets.create(ada, live)).ticket }) as const;
    const principal = good(await desk.identity.authenticate(made(), caller));
    expect(principal).toMatchObject({ kind: "session", session: ada.session, user: { name: "ada" } });
    const [narrower, ended] = [made(), made()];
    good(await desk.identity.users.update(desk.local, "ada", { roles: ["viewer"] }));
    expect(good(await desk.identity.authenticate(narrower, caller)).may("run:start")).toBe(false);
    good(await desk.identity.sessions.signOut(ada, { everywhere: false }));
    expect(codeOf(await desk.identity.authenticate(ended, caller))).toBe("session_ended");
    expect(codeOf(await desk.identity.authenticate(ended, caller))).toBe("ticket_invalid");
  });

  test("of a token has the token's rights, and ends with it", async () => {
    const desk = await open({ bootstrapToken: "a token of the first start" });
    const first = good(
      await desk.identity.authenticate({ kind: "bearer", value: "a token of the first start" }, caller),
    );
    const { id, token } = good(await desk.identity.tokens.create(first, { name: "t", role: "viewer" }));
    const holder = good(await desk.identity.authenticate({ kind: "bearer", value: token }, caller));
    const made = (who = holder) =>
      ({ ...live, kind: "ticket", value: good(desk.identity.tickets.create(who, live)).ticket }) as const;
    const principal = good(await desk.identity.authenticate(made(), caller));
    expect([principal.token, principal.may("run:read"), principal.may("run:start")]).toEqual([id, true, false]);
    const [late, bootstrap] = [made(), made(first)];
    good(await desk.identity.tokens.revoke(first, id));
    expect(codeOf(await desk.identity.authenticate(late, caller))).toBe("unauthorized");
    expect(codeOf(await desk.identity.authenticate(made(first), caller))).toBe("ok");
    good(await desk.identity.users.create(first, { name: "root", password, roles: ["admin"] }));
    expect(codeOf(await desk.identity.authenticate(bootstrap, caller))).toBe("unauthorized");
    expect(codeOf(await desk.identity.authenticate(made(desk.local), caller))).toBe("ok");
  });
});

describe("what is open", () => {
  test("is told when a session expires, however often it was put off by being used", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { cookie = "" } = await desk.signIn("ada");
    const ada = good(await desk.identity.authenticate({ kind: "cookie", value: cookie }, caller));
    const heard: string[] = [];
    desk.identity.onEnded(ada, (why) => heard.push(why));
    await settled();
    desk.clock.advance(identityLimits.sessionIdleMs - 1);
    good(await desk.identity.authenticate({ kind: "cookie", value: cookie }, caller));
    desk.clock.advance(1);
    await settled();
    expect(heard).toEqual([]);
    desk.clock.advance(identityLimits.sessionIdleMs);
    await settled();
    expect(heard).toEqual(["expired"]);
  });

  test("is told when a token expires, and nothing after closing", async () => {
    const desk = await open();
    const token = async () => {
      const made = await desk.identity.tokens.create(desk.local, { name: "t", role: "viewer", expiresInMs: 1_000 });
      return good(await desk.identity.authenticate({ kind: "bearer", value: good(made).token }, caller));
    };
    const heard: string[] = [];
    desk.identity.onEnded(await token(), (why) => heard.push(why));
    await settled();
    desk.clock.advance(1_000);
    await settled();
    expect(heard).toEqual(["expired"]);
    desk.identity.onEnded(await token(), (why) => heard.push(why));
    await desk.identity.close();
    desk.clock.advance(1_000);
    await settled();
    expect(heard).toEqual(["expired"]);
    expect(desk.clock.pending).toBe(0);
  });

  test("with the token of the first start ends with the first user", async () => {
    const bootstrapToken = "a token of the first start";
    const desk = await open({ bootstrapToken });
    const first = good(await desk.identity.authenticate({ kind: "bearer", value: bootstrapToken }, caller));
    const heard: string[] = [];
    desk.identity.onEnded(first, (why) => heard.push(why));
    await desk.addUser("root", ["admin"]);
    expect(heard).toEqual(["access_changed"]);
  });

  test("for who was let in just before something changed is told too", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const ada = await desk.principal("ada");
    good(await desk.identity.sessions.signOut(ada, { everywhere: true }));
    const heard: string[] = [];
    desk.identity.onEnded(ada, (why) => heard.push(why));
    await settled();
    expect(heard).toEqual(["access_changed"]);
  });
});

test("sessions and tokens that ended long ago are deleted, hour by hour", async () => {
  const desk = await open();
  await desk.addUser("ada", ["viewer"]);
  const { session } = await desk.signIn("ada");
  const { id } = good(await desk.identity.tokens.create(desk.local, { name: "t", role: "viewer", expiresInMs: 1_000 }));
  desk.clock.advance(identityLimits.endedKeptMs + 1_000);
  await settled();
  desk.clock.advance(identityLimits.identitySweepMs);
  await settled();
  expect(await desk.store.identity.getToken({ token: id })).toBeUndefined();
  expect(await desk.store.identity.getSession({ session: session.id })).toBeDefined();
  desk.clock.advanceTo(start + identityLimits.sessionMsMax + identityLimits.endedKeptMs + 1);
  await settled();
  desk.clock.advance(identityLimits.identitySweepMs);
  await settled();
  expect(await desk.store.identity.getSession({ session: session.id })).toBeUndefined();
});

test("no secret is in what is kept: neither passwords, cookies, tokens nor the keys of one-time codes", async () => {
  const desk = await open({ settings: { totp: true } });
  await desk.addUser("ada", ["viewer"]);
  const console = await desk.signIn("ada");
  const program = await desk.signIn("ada", "program");
  const ada = await desk.principal("ada");
  const { token } = good(await desk.identity.tokens.create(ada, { name: "t", role: "viewer" }));
  const kept = JSON.stringify([
    await desk.store.identity.listUsers({ limit: 10 }),
    await desk.store.identity.listSessions({ user: ada.user?.id ?? "", now: start }),
    await desk.store.identity.listTokens({ limit: 10 }),
    await desk.audited(),
    desk.logged,
  ]);
  for (const secret of [password, console.cookie, program.accessToken, program.refreshToken, token]) {
    expect(secret?.length).toBeGreaterThan(10);
    expect(kept).not.toContain(secret ?? "");
  }
});

test("the libraries that few need are loaded when they are needed", async () => {
  const probe = `
    const { Identity, openKeyFolder } = await import("@sluice/core/identity");
    const { MemoryRunStore } = await import("@sluice/core/testing");
    const { systemClock, systemRandom } = await import("@sluice/core");
    const store = new MemoryRunStore();
    const identity = await Identity.open({ store: store.identity, audit: store.audit, instance: "x", clock: systemClock,
      random: systemRandom, keys: openKeyFolder("/nowhere"), log: () => {} });
    await identity.authenticate({ kind: "bearer", value: "slu_x" }, {});
    const loaded = (pattern) => Object.keys(require.cache).some((path) => pattern.test(path));
    console.log(loaded(/core.src.identity/), loaded(/node_modules.(jose|otpauth|openid-client|@simplewebauthn)/));
    await identity.authenticate({ kind: "bearer", value: "a.b.c" }, {});
    console.log(loaded(/node_modules.jose/));
    process.exit(0);
  `;
  const child = Bun.spawn([process.execPath, "-e", probe], { cwd: import.meta.dir, stderr: "pipe" });
  expect([await new Response(child.stdout).text(), await new Response(child.stderr).text()]).toEqual([
    "true false\ntrue\n",
    "",
  ]);
});
