import { describe, expect, test } from "bun:test";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { caller, codeOf, desks, good, password, start } from "../identity.fixture.suite.ts";
import type { Desk } from "../identity.fixture.suite.ts";
import { AccessTokens } from "../keys/access-tokens.ts";
import { openKeyFolder } from "../keys/key-folder.ts";
import { signLocalOperator } from "../keys/local-operator.ts";
import { hashOf, newToken } from "../keys/secrets.ts";
import { identityLimits } from "../limits.ts";

const open = desks();
const bearer = (value = "") => ({ kind: "bearer", value }) as const;
const cookie = (value = "") => ({ kind: "cookie", value }) as const;
const minuteMs = 60_000;
const dayMs = 86_400_000;

async function tokenOf(desk: Desk, name: string, more: object = {}) {
  const owner = await desk.principal(name);
  return good(await desk.identity.tokens.create(owner, { name: "ci", role: "viewer", ...more }));
}

describe("a console session", () => {
  test("is known by its cookie, at once the second time", async () => {
    const desk = await open();
    const ada = await desk.addUser("ada", ["operator"]);
    const signed = await desk.signIn("ada");
    const principal = good(await desk.identity.authenticate(cookie(signed.cookie), caller));
    expect(principal).toMatchObject({ kind: "session", user: { id: ada, name: "ada" }, session: signed.session.id });
    expect(principal.actor).toEqual({
      kind: "user",
      id: ada,
      origin: { name: "ada", address: caller.address, session: signed.session.id },
    });
    expect([principal.may("run:start"), principal.may("user:write")]).toEqual([true, false]);
    const again = desk.identity.authenticate(cookie(signed.cookie), caller);
    expect(again).not.toBeInstanceOf(Promise);
    expect(good(await again)).toBe(principal);
    const elsewhere = good(await desk.identity.authenticate(cookie(signed.cookie), { address: "192.0.2.9" }));
    expect(elsewhere.actor.origin?.address).toBe("192.0.2.9");
  });

  test("is not known by its cookie as bearer, by its hash or by its id", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { cookie: value = "", session } = await desk.signIn("ada");
    for (const other of [hashOf(value), session.id, "", `${value}x`]) {
      expect(codeOf(await desk.identity.authenticate(cookie(other), caller))).toBe("session_ended");
    }
    expect(codeOf(await desk.identity.authenticate(bearer(value), caller))).toBe("unauthorized");
  });

  test("ends when it is idle for too long, and after its time however much it is used", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const idle = await desk.signIn("ada");
    const used = await desk.signIn("ada");
    for (let day = 0; day < 29; day++) {
      desk.clock.advance(dayMs);
      expect(codeOf(await desk.identity.authenticate(cookie(used.cookie), caller))).toBe("ok");
    }
    expect(codeOf(await desk.identity.authenticate(cookie(idle.cookie), caller))).toBe("session_ended");
    desk.clock.advance(dayMs - 1);
    expect(codeOf(await desk.identity.authenticate(cookie(used.cookie), caller))).toBe("ok");
    desk.clock.advance(1);
    expect(codeOf(await desk.identity.authenticate(cookie(used.cookie), caller))).toBe("session_ended");
  });

  test("has the rights that its user has now", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    await desk.addUser("ada", ["viewer"]);
    const { cookie: value } = await desk.signIn("ada");
    const may = async () => good(await desk.identity.authenticate(cookie(value), caller)).may("run:start");
    expect(await may()).toBe(false);
    good(await desk.identity.users.update(desk.local, "ada", { roles: ["operator"] }));
    expect(await may()).toBe(true);
    good(await desk.identity.users.update(desk.local, "ada", { disabled: true }));
    expect(codeOf(await desk.identity.authenticate(cookie(value), caller))).toBe("session_ended");
  });
});

describe("an access token", () => {
  test("is good for its session as long as that lives, and 15 minutes at most", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { accessToken, session } = await desk.signIn("ada", "program");
    const principal = good(await desk.identity.authenticate(bearer(accessToken), caller));
    expect(principal).toMatchObject({ kind: "session", session: session.id });
    desk.clock.advance(15 * minuteMs - 1);
    expect(codeOf(await desk.identity.authenticate(bearer(accessToken), caller))).toBe("ok");
    desk.clock.advance(1);
    expect(codeOf(await desk.identity.authenticate(bearer(accessToken), caller))).toBe("unauthorized");
    const { accessToken: other } = await desk.signIn("ada", "program");
    expect(codeOf(await desk.identity.authenticate(bearer(other), caller))).toBe("ok");
    good(await desk.identity.sessions.signOut(await desk.principal("ada"), { everywhere: true }));
    expect(codeOf(await desk.identity.authenticate(bearer(other), caller))).toBe("session_ended");
  });

  test("is good for a session of a program, and of the user it names", async () => {
    const desk = await open();
    const ada = await desk.addUser("ada", ["viewer"]);
    const { clock, folder, random, store } = desk;
    const keys = openKeyFolder(folder);
    const tokens = new AccessTokens({ clock, instance: store.instance, keys, limits: identityLimits, random });
    const console = (await desk.signIn("ada")).session.id;
    const program = (await desk.signIn("ada", "program")).session.id;
    const codeFor = async (user: string, session: string) =>
      codeOf(await desk.identity.authenticate(bearer((await tokens.issue({ user, session })).token), caller));
    expect(await codeFor(ada, program)).toBe("ok");
    expect(await codeFor(ada, console)).toBe("session_ended");
    expect(await codeFor("usr_other", program)).toBe("session_ended");
  });

  test("is not good as a cookie, nor is its refresh token, and one with no signature not at all", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { accessToken = "", refreshToken } = await desk.signIn("ada", "program");
    expect(codeOf(await desk.identity.authenticate(cookie(refreshToken), caller))).toBe("session_ended");
    expect(codeOf(await desk.identity.authenticate(bearer(refreshToken), caller))).toBe("unauthorized");
    const [, payload = ""] = accessToken.split(".");
    const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
    expect(codeOf(await desk.identity.authenticate(cookie(accessToken), caller))).toBe("session_ended");
    expect(codeOf(await desk.identity.authenticate(bearer(`${header}.${payload}.`), caller))).toBe("unauthorized");
  });
});

describe("a token", () => {
  test("has what it was made with, within what its owner has now", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    await desk.addUser("ada", ["operator"]);
    const { id, token } = await tokenOf(desk, "ada", {
      role: "operator",
      limits: { workflow: ["a/"], cache: ["pr-1"] },
    });
    const principal = good(await desk.identity.authenticate(bearer(token), caller));
    expect(principal).toMatchObject({ kind: "token", token: id, user: { name: "ada" }, actor: { kind: "token", id } });
    expect(principal.patterns("run:start")).toEqual(["a/*"]);
    expect(principal.narrowed("cache")).toEqual(["pr-1"]);
    good(await desk.identity.users.update(desk.local, "ada", { roles: ["viewer"] }));
    const narrower = good(await desk.identity.authenticate(bearer(token), caller));
    expect([narrower.may("run:start"), narrower.may("run:read")]).toEqual([false, true]);
    good(
      await desk.identity.roles.put(desk.local, { name: "b-only", grants: [{ permission: "run:*", only: ["b/*"] }] }),
    );
    good(await desk.identity.users.update(desk.local, "ada", { roles: ["b-only"] }));
    expect(good(await desk.identity.authenticate(bearer(token), caller)).grants()).toEqual([]);
    good(await desk.identity.users.update(desk.local, "ada", { disabled: true }));
    expect(codeOf(await desk.identity.authenticate(bearer(token), caller))).toBe("unauthorized");
  });

  test("is refused when it has expired, was revoked, or is not known", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const short = await tokenOf(desk, "ada", { expiresInMs: minuteMs });
    const long = await tokenOf(desk, "ada");
    expect(codeOf(await desk.identity.authenticate(bearer(short.token), caller))).toBe("ok");
    desk.clock.advance(minuteMs);
    expect(codeOf(await desk.identity.authenticate(bearer(short.token), caller))).toBe("unauthorized");
    good(await desk.identity.tokens.revoke(desk.local, long.id));
    expect(codeOf(await desk.identity.authenticate(bearer(long.token), caller))).toBe("unauthorized");
    const unknown = newToken(new SimulatedRandom(99)).token;
    for (const value of [unknown, "slu_", "", "x", long.row.secretHash, long.id]) {
      expect(codeOf(await desk.identity.authenticate(bearer(value), caller))).toBe("unauthorized");
    }
  });

  test("leads to a shell only with the role admin, and only as long as its owner has that", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    await desk.addUser("ada", ["admin"]);
    const may = async (token: string) =>
      good(await desk.identity.authenticate(bearer(token), caller)).may("backup:create");
    const admin = await tokenOf(desk, "ada", { role: "admin" });
    const all = await tokenOf(desk, "ada", { role: undefined, grants: [{ permission: "*" }] });
    expect([await may(admin.token), await may(all.token)]).toEqual([true, false]);
    good(await desk.identity.users.update(desk.local, "ada", { roles: ["developer"] }));
    expect(await may(admin.token)).toBe(false);
  });

  test("is noted as used, and so is a session", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { id, token } = await tokenOf(desk, "ada");
    desk.clock.advance(minuteMs);
    good(await desk.identity.authenticate(bearer(token), caller));
    await desk.identity.close();
    expect(await desk.store.identity.getToken({ token: id })).toMatchObject({ usedAt: start + minuteMs });
  });
});

describe("the token of the first start", () => {
  const bootstrapToken = "a token of the first start";

  test("may everything until there is a user", async () => {
    const desk = await open({ bootstrapToken });
    const principal = good(await desk.identity.authenticate(bearer(bootstrapToken), caller));
    expect(principal).toMatchObject({ kind: "bootstrap", actor: { kind: "token", id: "bootstrap" } });
    expect(principal.may("backup:restore")).toBe(true);
    expect(codeOf(await desk.identity.authenticate(bearer(`${bootstrapToken}.`), caller))).toBe("unauthorized");
    good(await desk.identity.users.create(principal, { name: "ada", password, roles: ["admin"] }));
    const refused = await desk.identity.authenticate(bearer(bootstrapToken), caller);
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "unauthorized", hint: expect.stringContaining("token") },
    });
    expect(codeOf(await (await desk.reopen()).authenticate(bearer(bootstrapToken), caller))).toBe("unauthorized");
  });

  test("does not exist where none is given", async () => {
    const desk = await open();
    expect(codeOf(await desk.identity.authenticate(bearer(""), caller))).toBe("unauthorized");
  });
});

test("whoever can read the data folder is admin", async () => {
  const desk = await open();
  await desk.addUser("ada", ["viewer"]);
  const { clock, folder, random, store } = desk;
  const token = await signLocalOperator({ clock, instance: store.instance, keys: openKeyFolder(folder), random });
  const principal = good(await desk.identity.authenticate(bearer(token), caller));
  expect(principal).toMatchObject({ kind: "local", actor: { kind: "user", id: "local" } });
  expect(principal.may("backup:restore")).toBe(true);
  clock.advance(minuteMs);
  expect(codeOf(await desk.identity.authenticate(bearer(token), caller))).toBe("unauthorized");
});

test("what is being looked up while rights change is looked up again", async () => {
  const desk = await open();
  await desk.addUser("root", ["admin"]);
  const ada = await desk.addUser("ada", ["operator"]);
  const { cookie: value } = await desk.signIn("ada");
  const asked = desk.identity.authenticate(cookie(value), caller);
  const disabled = desk.identity.users.update(desk.local, ada, { roles: ["viewer"] });
  const [principal] = await Promise.all([asked, disabled]);
  const now = good(await desk.identity.authenticate(cookie(value), caller));
  expect(now.may("run:start")).toBe(false);
  // Either it was answered before the change was made, or with what holds since.
  if (good(principal).epoch === now.epoch) expect(good(principal).may("run:start")).toBe(false);
});

test("a session that ends while it is being looked up is not let in", async () => {
  const desk = await open();
  await desk.addUser("ada", ["viewer"]);
  const { cookie: value } = await desk.signIn("ada");
  const ada = good(await desk.identity.authenticate(cookie(value), caller));
  const other = await desk.reopen();
  const find = desk.store.identity.findSession.bind(desk.store.identity);
  let found = (): void => {};
  let goOn = (): void => {};
  const wasFound = new Promise<void>((resolve) => (found = resolve));
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  desk.store.identity.findSession = async (p) => {
    const session = await find(p);
    found();
    await mayGoOn;
    return session;
  };
  const asked = other.authenticate(cookie(value), caller);
  await wasFound;
  good(await other.sessions.signOut(ada, { everywhere: true }));
  goOn();
  expect(codeOf(await asked)).toBe("session_ended");
});

test("not more is kept in memory than the limit says", async () => {
  const desk = await open({ settings: { limits: { ...identityLimits, principalsCachedMax: 2 } } });
  await desk.addUser("ada", ["viewer"]);
  const signed = [await desk.signIn("ada"), await desk.signIn("ada"), await desk.signIn("ada")];
  for (const each of signed) good(await desk.identity.authenticate(cookie(each.cookie), caller));
  const answers = signed.map((each) => desk.identity.authenticate(cookie(each.cookie), caller) instanceof Promise);
  expect(answers).toEqual([true, false, false]);
  for (const each of signed) good(await desk.identity.authenticate(cookie(each.cookie), caller));
});

test("where nobody has to say who they are everybody may everything", async () => {
  const desk = await open();
  const principal = desk.identity.everyone(caller);
  expect(principal).toMatchObject({ kind: "none", actor: { kind: "user", id: "anonymous" } });
  expect(principal.grants()).toEqual([{ permission: "*" }]);
});
