import { describe, expect, test } from "bun:test";
import { caller, codeOf, desks, expectRefused, good } from "./identity.fixture.suite.ts";

const open = desks();

async function staffed() {
  const desk = await open();
  await desk.addUser("root", ["admin"]);
  good(await desk.identity.roles.put(desk.local, { name: "roles", grants: [{ permission: "role:*" }] }));
  await desk.addUser("helper", ["roles", "operator"]);
  return desk;
}

describe("a role", () => {
  test("is made, listed after the built-in ones, changed and deleted", async () => {
    const desk = await staffed();
    const { roles } = desk.identity;
    const made = await roles.put(desk.local, {
      name: "billing",
      about: "Looks after bills",
      grants: [{ permission: "run:*", only: ["billing/"] }],
    });
    expect(good(made)).toEqual({
      name: "billing",
      about: "Looks after bills",
      grants: [{ permission: "run:*", only: ["billing/*"] }],
      builtIn: false,
    });
    expect((await roles.list()).map(({ name }) => name)).toEqual([
      "viewer",
      "operator",
      "developer",
      "admin",
      "worker",
      "billing",
      "roles",
    ]);
    good(await roles.put(desk.local, { name: "billing", about: null, grants: [] }));
    expect((await roles.list()).find(({ name }) => name === "billing")).toEqual({
      name: "billing",
      grants: [],
      builtIn: false,
    });
    good(await roles.remove(desk.local, "billing"));
    expect(codeOf(await roles.remove(desk.local, "billing"))).toBe("role_not_found");
  });

  test("that is built in can be neither changed nor deleted", async () => {
    const { identity, local } = await staffed();
    for (const name of ["viewer", "operator", "developer", "admin", "worker"]) {
      expect(codeOf(await identity.roles.put(local, { name, grants: [{ permission: "*" }] }))).toBe("conflict");
      expect(codeOf(await identity.roles.remove(local, name))).toBe("conflict");
    }
  });

  test("gives nothing that who makes it lacks, and nobody a shell", async () => {
    const desk = await staffed();
    const helper = await desk.principal("helper");
    const put = (permission: string) => desk.identity.roles.put(helper, { name: "new", grants: [{ permission }] });
    expectRefused(await put("user:write"), "forbidden", { permission: "user:write" });
    expectRefused(await put("*"), "forbidden");
    expectRefused(await put("run:*"), "forbidden", { permission: "run:fork" });
    expect(codeOf(await put("run:start"))).toBe("ok");
    const shell = await desk.identity.roles.put(desk.local, {
      name: "new",
      grants: [{ permission: "backup:restore" }],
    });
    expectRefused(shell, "forbidden", { permission: "backup:restore" });
  });

  test("that somebody has is not deleted", async () => {
    const desk = await staffed();
    expect(codeOf(await desk.identity.roles.remove(desk.local, "roles"))).toBe("role_in_use");
    good(await desk.identity.users.update(desk.local, "helper", { roles: ["viewer"] }));
    expect(codeOf(await desk.identity.roles.remove(desk.local, "roles"))).toBe("ok");
  });

  test("that is changed changes at once what its users and their tokens may do, and closes what is open", async () => {
    const desk = await staffed();
    const helper = await desk.principal("helper");
    const { token } = good(await desk.identity.tokens.create(helper, { name: "t", role: "roles" }));
    const byToken = async () => good(await desk.identity.authenticate({ kind: "bearer", value: token }, caller));
    const heard: string[] = [];
    desk.identity.onEnded(helper, (why) => heard.push(why));
    desk.identity.onEnded(await byToken(), (why) => heard.push(why));
    expect((await byToken()).may("role:read")).toBe(true);
    good(await desk.identity.roles.put(desk.local, { name: "roles", grants: [{ permission: "role:write" }] }));
    expect(heard).toEqual(["access_changed", "access_changed"]);
    expect((await byToken()).may("role:read")).toBe(false);
    expect((await desk.principal("helper")).may("role:read")).toBe(false);
  });
});
