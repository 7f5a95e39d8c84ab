// The one suite of the identity port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import type { RoleRecord } from "../kernel/identity-store.ts";
import { newUser, people } from "./identity-store.fixture.suite.ts";
import { signInSuite } from "./identity-store.sessions.suite.ts";
import { ada, refusal, start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

function users(name: string, makeStore: MakeStore): void {
  describe(`${name}: users`, () => {
    const desk = withStore(makeStore);
    const on = people(desk);

    test("come back as they were created", async () => {
      const full = newUser("u1", {
        name: "Ada",
        email: "ada@example.org",
        roles: ["admin", "viewer"],
        disabled: true,
        passwordHash: "$argon2id$v=19$x",
        totpSecret: new Uint8Array([0, 255]),
        totpStep: 57_000_000,
        recoveryCodes: ["aa", "bb"],
        signedInAt: start + 1,
        version: 3,
      });
      await on.add("u1", full);
      await on.add("u2");
      expect(await on.store.getUser({ user: "u1" })).toEqual(full);
      expect(await on.store.findUser({ name: "aDA" })).toEqual(full);
      expect(await on.store.getUser({ user: "u2" })).toEqual(newUser("u2"));
      expect(await on.store.getUser({ user: "Ada" })).toBeUndefined();
      expect(await on.store.findUser({ name: "u3" })).toBeUndefined();
      expect(await on.store.countUsers()).toBe(2);
    });

    test("have names that are unique without regard to case", async () => {
      await on.add("u1", { name: "Ada" });
      expect(await on.store.createUser({ by: ada, user: newUser("u2", { name: "ADA" }) })).toEqual({
        outcome: "name_taken",
      });
      expect(await on.store.countUsers()).toBe(1);
    });

    test("the first is created once, whoever asks at the same time", async () => {
      const ids = ["u1", "u2", "u3"];
      const made = await Promise.all(ids.map((id) => on.store.createUser({ by: ada, user: newUser(id), first: true })));
      expect(made.map(({ outcome }) => outcome)).toEqual(["ok", "not_first", "not_first"]);
      expect(await on.store.createUser({ by: ada, user: newUser("u4"), first: false })).toEqual({ outcome: "ok" });
    });

    test("change field by field, and count their changes", async () => {
      await on.add("u1", { email: "a@b.c", totpSecret: new Uint8Array([1]), passwordHash: "old" });
      const changed = await on.update("u1", { passwordHash: "new", roles: ["operator"], signedInAt: start + 5 }, 1);
      const expected = {
        ...newUser("u1"),
        email: "a@b.c",
        totpSecret: new Uint8Array([1]),
        passwordHash: "new",
        roles: ["operator"],
        signedInAt: start + 5,
        version: 2,
      };
      expect(changed).toEqual({ outcome: "ok", user: expected });
      expect(await on.store.getUser({ user: "u1" })).toEqual(expected);
      await on.update("u1", { email: null, totpSecret: null, passwordHash: null, recoveryCodes: ["x"], totpStep: 9 });
      expect(await on.store.getUser({ user: "u1" })).toEqual({
        ...newUser("u1", { roles: ["operator"], signedInAt: start + 5, recoveryCodes: ["x"], totpStep: 9, version: 3 }),
      });
      expect(await on.update("u1", { disabled: true }, 2)).toEqual({ outcome: "conflict" });
      expect(await on.update("none", { disabled: true })).toEqual({ outcome: "not_found" });
      expect(await on.store.getUser({ user: "u1" })).toMatchObject({ disabled: false, version: 3 });
    });

    test("keep the last admin who can sign in", async () => {
      await on.add("u1", { roles: ["admin"] });
      await on.add("u2", { roles: ["admin"], disabled: true });
      await on.add("u3");
      expect(await on.update("u1", { disabled: true })).toEqual({ outcome: "last_admin" });
      expect(await on.update("u1", { roles: ["viewer"] })).toEqual({ outcome: "last_admin" });
      expect(await on.update("u1", { email: "x@y.z" })).toMatchObject({ outcome: "ok" });
      expect(await on.update("u3", { disabled: true })).toMatchObject({ outcome: "ok" });
      expect(await on.update("u2", { disabled: false })).toMatchObject({ outcome: "ok" });
      const both = await Promise.all([on.update("u1", { disabled: true }), on.update("u2", { roles: [] })]);
      expect(both.map(({ outcome }) => outcome)).toEqual(["ok", "last_admin"]);
    });

    test("are listed by name in pages, and found by name or address", async () => {
      for (const [id, userName] of Object.entries({ u1: "carl", u2: "Ada", u3: "bob", u4: "Dora%" })) {
        await on.add(id, { name: userName, ...(id === "u3" ? { email: "Robert@Example.org" } : {}) });
      }
      const list = async (more: { text?: string; limit?: number; cursor?: string } = {}) =>
        on.store.listUsers({ limit: 9, ...more });
      const names = async (text?: string) =>
        (await list(text === undefined ? {} : { text })).users.map((user) => user.name);
      expect(await names()).toEqual(["Ada", "bob", "carl", "Dora%"]);
      expect(await names("R")).toEqual(["bob", "carl", "Dora%"]);
      expect(await names("example.")).toEqual(["bob"]);
      expect(await names("%")).toEqual(["Dora%"]);
      const first = await list({ limit: 3 });
      expect(first.users).toHaveLength(3);
      await on.add("u5", { name: "aaa" });
      const second = await list({ limit: 3, cursor: first.next ?? "" });
      expect(second.users.map((user) => user.name)).toEqual(["Dora%"]);
      expect(second.next).toBeUndefined();
      expect((await list({ limit: 5 })).next).toBeUndefined();
      expect(await refusal(list({ cursor: "?" }))).toBe("invalid_filter");
    });
  });
}

function roles(name: string, makeStore: MakeStore): void {
  describe(`${name}: roles`, () => {
    const desk = withStore(makeStore);
    const on = people(desk);
    const remove = (role: string) => on.store.deleteRole({ by: ada, role, now: desk.now });

    test("are put, listed by name, and deleted unless somebody has them", async () => {
      const auditor: RoleRecord = { name: "auditor", grants: [{ permission: "audit:read" }], updatedAt: start };
      const biller: RoleRecord = {
        name: "biller",
        about: "Bills",
        grants: [{ permission: "run:*", only: ["billing/*", "invoice"] }],
        updatedAt: start,
      };
      await on.store.putRole({ by: ada, role: biller });
      await on.store.putRole({ by: ada, role: { ...auditor, about: "once", grants: [] } });
      await on.store.putRole({ by: ada, role: auditor });
      expect(await on.store.listRoles()).toEqual([auditor, biller]);
      await on.add("u1", { roles: ["viewer", "biller"], disabled: true });
      expect(await remove("biller")).toEqual({ outcome: "in_use" });
      await on.update("u1", { roles: ["bill"] });
      expect(await remove("biller")).toEqual({ outcome: "ok" });
      expect(await remove("biller")).toEqual({ outcome: "not_found" });
      expect(await on.store.listRoles()).toEqual([auditor]);
    });
  });
}

/** Registers the tests of the port for one adapter; `makeStore` opens an empty store for each of them. */
export function identityStoreSuite(name: string, makeStore: MakeStore): void {
  users(name, makeStore);
  roles(name, makeStore);
  signInSuite(name, makeStore);
}
