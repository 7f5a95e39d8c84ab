import { describe, expect, test } from "bun:test";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { start } from "../identity.fixture.suite.ts";
import { AccessBook, accessOfRole, isBuiltInRole } from "./access-book.ts";

const by = { kind: "system", id: "test" } as const;

async function opened() {
  const clock = new SimulatedClock(start);
  const store = new MemoryRunStore().identity;
  const limits = { principalsCachedMax: 2, principalCacheMs: 1_000 };
  const book = new AccessBook({ store, clock, limits });
  const addUser = (id: string, roles: readonly string[]) =>
    store.createUser({
      by,
      user: { id, name: id, roles, disabled: false, recoveryCodes: [], createdAt: start, version: 1 },
    });
  const putRole = (name: string, permission: string) =>
    store.putRole({ by, role: { name, grants: [{ permission }], updatedAt: start } });
  await book.open();
  return { addUser, book, clock, putRole, store };
}

describe("roles", () => {
  test("are the built-in ones first, then those made here in order", async () => {
    const { book, putRole } = await opened();
    await putRole("zebra", "run:read");
    await putRole("auditor", "audit:read");
    expect([...(await book.roles()).keys()]).toEqual([
      "viewer",
      "operator",
      "developer",
      "admin",
      "worker",
      "auditor",
      "zebra",
    ]);
    expect([isBuiltInRole("admin"), isBuiltInRole("zebra"), isBuiltInRole("toString")]).toEqual([true, false, false]);
  });

  test("made here are never taken for a built-in one, whatever the store holds", async () => {
    const { book, putRole } = await opened();
    await putRole("viewer", "*");
    expect((await book.accessOfRoles(["viewer"])).may("user:write")).toBe(false);
    const fake = { name: "admin", grants: [{ permission: "*" }], builtIn: false };
    expect(accessOfRole(fake).may("backup:create")).toBe(false);
  });

  test("that do not exist allow nothing", async () => {
    const { book } = await opened();
    expect((await book.accessOfRoles(["gone"])).grants()).toEqual([]);
  });
});

describe("what is known of a user", () => {
  test("is kept until something changes", async () => {
    const { addUser, book, store } = await opened();
    await addUser("ada", ["viewer"]);
    const first = await book.user("ada");
    expect(first?.access.may("run:start")).toBe(false);
    expect(await book.user("ada")).toBe(first as never);
    const epoch = book.epoch;
    await book.change(() => store.updateUser({ by, user: "ada", change: { roles: ["operator"] }, now: start }));
    expect(book.epoch).toBeGreaterThan(epoch);
    expect((await book.user("ada"))?.access.may("run:start")).toBe(true);
  });

  test("is read again after a while", async () => {
    const { addUser, book, clock, putRole, store } = await opened();
    await addUser("ada", ["helper"]);
    await putRole("helper", "run:read");
    expect((await book.user("ada"))?.access.may("run:read")).toBe(true);
    await store.putRole({ by, role: { name: "helper", grants: [], updatedAt: start } });
    clock.advance(999);
    expect((await book.user("ada"))?.access.may("run:read")).toBe(true);
    clock.advance(1);
    expect((await book.user("ada"))?.access.may("run:read")).toBe(false);
  });

  test("is not kept when something changed while it was read", async () => {
    const { addUser, book, store } = await opened();
    await addUser("ada", ["viewer"]);
    const reading = book.user("ada");
    await book.change(() => store.updateUser({ by, user: "ada", change: { roles: ["operator"] }, now: start }));
    await reading;
    expect((await book.user("ada"))?.access.may("run:start")).toBe(true);
  });

  test("is forgotten also when the change fails: it may have happened", async () => {
    const { book } = await opened();
    const epoch = book.epoch;
    const failing = book.change(() => Promise.reject(new Error("The disk is full.")));
    expect(await failing.catch(String)).toBe("Error: The disk is full.");
    expect(book.epoch).toBe(epoch + 1);
  });

  test("of nobody is nothing", async () => {
    const { book } = await opened();
    expect(await book.user("nobody")).toBeUndefined();
  });
});

test("whether there are users is known from the start, and stays", async () => {
  const { addUser, book } = await opened();
  expect(book.hasUsers).toBe(false);
  await addUser("ada", ["admin"]);
  await book.open();
  expect(book.hasUsers).toBe(true);
  const other = await opened();
  other.book.firstUserCreated();
  expect([other.book.hasUsers, other.book.epoch]).toEqual([true, 1]);
});
