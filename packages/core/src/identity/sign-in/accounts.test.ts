import { describe, expect, test } from "bun:test";
import { AccessBook } from "../access/access-book.ts";
import { caller, codeOf, desks, good } from "../identity.fixture.suite.ts";
import { identityLimits } from "../limits.ts";
import type { OpenIdSettings } from "../settings.ts";
import { Accounts } from "./accounts.ts";
import type { ProviderAccount } from "./openid.ts";

const open = desks();
const settings: OpenIdSettings = {
  name: "Work",
  issuer: "https://id.example",
  clientId: "sluice",
  redirectUri: "https://ops.example/api/v1/auth/openid/return",
  roles: { ops: ["operator"], leads: ["admin"], staff: ["viewer", "gone", "worker"] },
};
const ada: ProviderAccount = {
  issuer: "https://id.example",
  subject: "1",
  name: "ada",
  email: "ada@example.org",
  groups: ["ops"],
  returnTo: "/",
};

async function linking(more: Partial<OpenIdSettings> = {}, withRoot = true) {
  const desk = await open();
  if (withRoot) await desk.addUser("root", ["admin"]);
  const book = new AccessBook({ store: desk.store.identity, clock: desk.clock, limits: identityLimits });
  await book.open();
  const log = (level: "debug" | "info" | "warn" | "error", message: string): void =>
    void desk.logged.push({ level, message });
  const accounts = new Accounts({
    book,
    clock: desk.clock,
    log,
    settings: { ...settings, ...more },
    store: desk.store.identity,
    users: desk.identity.users,
  });
  return { ...desk, userOf: (p: Partial<ProviderAccount>) => accounts.userOf({ ...ada, ...p }, caller) };
}

describe("an account of a provider", () => {
  test("becomes one user, however often and however many at once", async () => {
    const { userOf, store } = await linking();
    const users = await Promise.all(Array.from({ length: 10 }, () => userOf({})));
    expect(new Set(users.map((user) => good(user).id)).size).toBe(1);
    expect(await store.identity.countUsers()).toBe(2);
  });

  test("is known by issuer and subject, whatever it is called", async () => {
    const { userOf } = await linking();
    const first = good(await userOf({}));
    expect(good(await userOf({ name: "renamed", email: "other@example.org" })).id).toBe(first.id);
    const second = good(await userOf({ subject: "2" }));
    const third = good(await userOf({ issuer: "https://other.example" }));
    expect([second.name, third.name]).toEqual(["ada-2", "ada-3"]);
    expect(new Set([first.id, second.id, third.id]).size).toBe(3);
  });

  test("has the roles of its groups, each time anew", async () => {
    const { logged, userOf } = await linking();
    expect(good(await userOf({})).roles).toEqual(["operator"]);
    expect(good(await userOf({ groups: ["leads", "ops", "unknown"] })).roles.toSorted()).toEqual(["admin", "operator"]);
    expect(good(await userOf({ groups: ["staff"] })).roles).toEqual(["viewer"]);
    expect(logged.map(({ message }) => message)).toEqual(
      Array.from({ length: 2 }, () => "The setting openid.roles names a role that no user can have."),
    );
    expect(codeOf(await userOf({ groups: [] }))).toBe("forbidden");
    expect(codeOf(await userOf({ groups: ["toString"] }))).toBe("forbidden");
  });

  test("whose groups are all gone is turned away, and has no role left in what was begun before", async () => {
    const { local, store, userOf, identity } = await linking();
    const { id } = good(await userOf({ groups: ["leads"] }));
    expect(codeOf(await userOf({ groups: [] }))).toBe("forbidden");
    expect((await store.identity.getUser({ user: id }))?.roles).toEqual([]);
    expect(good(await userOf({ groups: ["ops"] })).roles).toEqual(["operator"]);
    // The last admin keeps the role, but does not come in by it.
    good(await userOf({ groups: ["leads"] }));
    good(await identity.users.update(local, "root", { disabled: true }));
    expect(codeOf(await userOf({ groups: [] }))).toBe("forbidden");
    expect((await store.identity.getUser({ user: id }))?.roles).toEqual(["admin"]);
  });

  test("has the roles for everybody when its groups have none", async () => {
    const { userOf } = await linking({ defaultRoles: ["viewer"] });
    expect(good(await userOf({ groups: [] })).roles).toEqual(["viewer"]);
    expect(good(await userOf({ groups: ["ops"] })).roles).toEqual(["operator"]);
  });

  test("becomes no user where only those that are linked come in", async () => {
    const { store, local, userOf, addUser, clock } = await linking({ createUsers: false });
    expect(codeOf(await userOf({}))).toBe("forbidden");
    const user = await addUser("ada", ["viewer"]);
    await store.identity.putLink({ by: local.actor, issuer: ada.issuer, subject: ada.subject, user, now: clock.now() });
    expect(good(await userOf({}))).toMatchObject({ id: user, roles: ["operator"] });
  });

  test("of the last admin keeps the role, which is said in the log", async () => {
    const { identity, local, logged, userOf } = await linking();
    const { id } = good(await userOf({ groups: ["leads"] }));
    good(await identity.users.update(local, "root", { disabled: true }));
    expect(good(await userOf({ groups: ["ops"] }))).toMatchObject({ id, roles: ["admin"] });
    expect(logged.at(-1)?.message).toContain("last admin");
  });

  test("is the first user only as admin", async () => {
    const { identity, userOf } = await linking({}, false);
    expect(codeOf(await userOf({}))).toBe("forbidden");
    expect(identity.methods().setUp).toBe(true);
    expect(good(await userOf({ groups: ["leads"] })).roles).toEqual(["admin"]);
    expect(identity.methods().setUp).toBe(false);
  });
});
