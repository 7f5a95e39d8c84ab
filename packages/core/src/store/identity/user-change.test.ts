import { expect, test } from "bun:test";
import { newUser } from "../identity-store.fixture.suite.ts";
import { changedUser, isActiveAdmin, nameKey } from "./user-change.ts";

test("a change sets what it names, takes away what is null and leaves the rest", () => {
  const before = newUser("u1", { email: "a@b.c", passwordHash: "h", version: 4 });
  const after = changedUser(before, { email: null, roles: ["admin"], disabled: undefined });
  expect(after).toEqual(newUser("u1", { passwordHash: "h", roles: ["admin"], version: 5 }));
  expect("email" in after).toBe(false);
});

test("an admin who is disabled does not count, nor one by another role's name", () => {
  expect(isActiveAdmin(newUser("u1", { roles: ["viewer", "admin"] }))).toBe(true);
  expect(isActiveAdmin(newUser("u1", { roles: ["admin"], disabled: true }))).toBe(false);
  expect(isActiveAdmin(newUser("u1", { roles: ["administrator"] }))).toBe(false);
});

test("names that differ in case have one key", () => {
  expect(nameKey("Ada@Example.ORG")).toBe(nameKey("aDA@example.org"));
  expect(nameKey("ada")).not.toBe(nameKey("adam"));
});
