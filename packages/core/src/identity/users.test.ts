import { describe, expect, test } from "bun:test";
import { caller, codeOf, desks, expectRefused, good, password } from "./identity.fixture.suite.ts";
import type { Desk } from "./identity.fixture.suite.ts";

const open = desks();

/** A desk with an admin, a user who looks after users and operates, and a viewer. */
async function staffed(): Promise<Desk> {
  const desk = await open();
  await desk.addUser("root", ["admin"]);
  const grants = ["user:read", "user:write", "role:write"].map((permission) => ({ permission }));
  good(await desk.identity.roles.put(desk.local, { name: "people", grants }));
  await desk.addUser("helper", ["people", "operator"]);
  await desk.addUser("ada", ["viewer"]);
  return desk;
}

describe("a user", () => {
  test("is made by who has what the user gets, found by id or name, and signs in", async () => {
    const desk = await staffed();
    const helper = await desk.principal("helper");
    const made = await desk.identity.users.create(helper, {
      name: "Grace.Hopper",
      email: "grace@example.org",
      password,
      roles: ["operator", "operator"],
    });
    const user = good(made);
    expect(user).toMatchObject({ roles: ["operator"], email: "grace@example.org", disabled: false, version: 1 });
    expect(good(await desk.identity.users.get(user.id)).name).toBe("Grace.Hopper");
    expect(good(await desk.identity.users.get("grace.hopper")).id).toBe(user.id);
    expect((await desk.principal("GRACE.hopper")).user?.name).toBe("Grace.Hopper");
    expect(codeOf(await desk.identity.users.get("nobody"))).toBe("user_not_found");
    const listed = await desk.identity.users.list({ limit: 10, text: "grace" });
    expect(listed.users.map(({ name }) => name)).toEqual(["Grace.Hopper"]);
  });

  test.each([
    [["admin"], "forbidden"],
    [["developer"], "forbidden"],
    [["viewer", "nothing"], "role_not_found"],
    [["worker"], "invalid_input"],
    [["viewer"], "ok"],
  ])("with the roles %p is made by an operator: %s", async (roles, code) => {
    const desk = await staffed();
    const made = await desk.identity.users.create(await desk.principal("helper"), { name: "new", password, roles });
    expect(codeOf(made)).toBe(code as "ok");
  });

  test("has a name of their own, and no weak password", async () => {
    const desk = await staffed();
    const { users } = desk.identity;
    expect(codeOf(await users.create(desk.local, { name: "ADA", roles: ["viewer"] }))).toBe("name_taken");
    const weak = { name: "grace", roles: ["viewer"] };
    expect(codeOf(await users.create(desk.local, { ...weak, password: "qwertyuiop" }))).toBe("weak_password");
    expect(codeOf(await users.create(desk.local, { ...weak, name: "grace.hopper", password: "Grace.Hopper" }))).toBe(
      "weak_password",
    );
    expect(codeOf(await users.update(desk.local, "ada", { password: "short" }))).toBe("weak_password");
  });

  test("that is the first one is an admin", async () => {
    const desk = await open();
    const { users } = desk.identity;
    expect(codeOf(await users.create(desk.local, { name: "ada", password, roles: ["viewer"] }))).toBe("last_admin");
    expect(desk.identity.methods().setUp).toBe(true);
    expect(codeOf(await users.create(desk.local, { name: "ada", password, roles: ["admin"] }))).toBe("ok");
    expect(desk.identity.methods().setUp).toBe(false);
  });
});

describe("changing a user", () => {
  test("is for who has all that the user has: with somebody's password one could do what they can", async () => {
    const desk = await staffed();
    const helper = await desk.principal("helper");
    const { users } = desk.identity;
    for (const change of [
      { password: "another horse battery" },
      { disabled: true },
      { roles: ["viewer"] },
      { secondFactor: false as const },
    ]) {
      expectRefused(await users.update(helper, "root", change), "forbidden");
    }
    expect(codeOf(await users.update(helper, "ada", { email: "ada@example.org", roles: ["operator"] }))).toBe("ok");
    expect(codeOf(await users.update(helper, "ada", { roles: ["operator", "developer"] }))).toBe("forbidden");
    expect(good(await users.get("ada")).roles).toEqual(["operator"]);
  });

  test("keeps roles that one could not give, and takes them away from who has no more than oneself", async () => {
    const desk = await staffed();
    good(
      await desk.identity.roles.put(desk.local, {
        name: "a-only",
        grants: [{ permission: "run:read", only: ["a/*"] }],
      }),
    );
    good(await desk.identity.users.update(desk.local, "ada", { roles: ["viewer", "a-only"] }));
    const helper = await desk.principal("helper");
    expect(codeOf(await desk.identity.users.update(helper, "ada", { roles: ["a-only"] }))).toBe("ok");
  });

  test("is refused when somebody else was faster, and for nobody", async () => {
    const desk = await staffed();
    const { users } = desk.identity;
    const { version } = good(await users.get("ada"));
    expect(codeOf(await users.update(desk.local, "ada", { email: "a@example.org", ifVersion: version }))).toBe("ok");
    expect(codeOf(await users.update(desk.local, "ada", { email: null, ifVersion: version }))).toBe("conflict");
    expect(codeOf(await users.update(desk.local, "nobody", { email: null }))).toBe("user_not_found");
    expect(good(await users.update(desk.local, "ada", { email: null })).email).toBeUndefined();
  });

  test("never leaves nobody who is admin, also when the last two go at once", async () => {
    const desk = await staffed();
    const { users } = desk.identity;
    expect(codeOf(await users.update(desk.local, "root", { disabled: true }))).toBe("last_admin");
    expect(codeOf(await users.update(desk.local, "root", { roles: ["viewer"] }))).toBe("last_admin");
    await desk.addUser("second", ["admin"]);
    const both = await Promise.all(
      ["root", "second"].map((name) => users.update(desk.local, name, { disabled: true })),
    );
    expect(both.map((each) => codeOf(each)).toSorted()).toEqual(["last_admin", "ok"]);
  });

  test("ends what is open: when disabled, with another password, with other roles, when asked", async () => {
    const desk = await staffed();
    const { users } = desk.identity;
    const heard: string[] = [];
    const listen = async (name: string): Promise<void> => {
      desk.identity.onEnded(await desk.principal(name), (why) => heard.push(why));
    };
    await listen("ada");
    good(await users.update(desk.local, "ada", { email: "ada@example.org" }));
    expect(heard).toEqual([]);
    good(await users.update(desk.local, "ada", { roles: ["operator"] }));
    await listen("ada");
    good(await users.update(desk.local, "ada", { disabled: true }));
    good(await users.update(desk.local, "ada", { disabled: false }));
    await listen("ada");
    good(await users.update(desk.local, "ada", { password }));
    await listen("ada");
    expect(good(await users.endSessions(desk.local, "ada")).ended).toBe(1);
    expect(heard).toEqual(["access_changed", "disabled", "password_changed", "revoked"]);
  });

  test("brings no session back to life that outlived being disabled", async () => {
    const desk = await staffed();
    const { cookie: value = "", session } = await desk.signIn("ada");
    good(await desk.identity.users.update(desk.local, "ada", { disabled: true }));
    // As when the server died between disabling the user and ending the sessions.
    await desk.store.identity.createSession({ by: desk.local.actor, session });
    expect(codeOf(await desk.identity.authenticate({ kind: "cookie", value }, caller))).toBe("session_ended");
    good(await desk.identity.users.update(desk.local, "ada", { disabled: false }));
    expect(codeOf(await desk.identity.authenticate({ kind: "cookie", value }, caller))).toBe("session_ended");
  });

  test("of oneself keeps the session it came with", async () => {
    const desk = await staffed();
    const [root] = [await desk.principal("root"), await desk.principal("root")];
    good(await desk.identity.users.update(root, "root", { password: "another horse battery" }));
    const left = good(await desk.identity.sessions.list(root));
    expect(left.map(({ id }) => id)).toEqual([root.session ?? ""]);
  });
});

test("what was changed is in the audit trail, without what is secret", async () => {
  const desk = await staffed();
  const root = await desk.principal("root");
  const user = good(await desk.identity.users.create(root, { name: "grace", password, roles: ["viewer"] }));
  good(await desk.identity.users.update(root, user.id, { roles: ["operator"], password: "another horse battery" }));
  const rows = (await desk.audited()).filter(({ target }) => target === `user:${user.id}`);
  expect(rows.length).toBeGreaterThanOrEqual(2);
  expect(rows.every(({ by }) => by.id === root.user?.id && by.origin?.name === "root")).toBe(true);
  expect(JSON.stringify(await desk.audited())).not.toMatch(/argon2|horse/);
});
