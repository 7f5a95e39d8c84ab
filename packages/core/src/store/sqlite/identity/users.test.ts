import { expect, test } from "bun:test";
import { newUser } from "../../identity-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("roles are compared as a whole, not by a part of their name", () => {
  const { users } = bench.on.t;
  users.put(newUser("u1", { roles: ["admin"] }));
  users.put(newUser("u2", { roles: ["administrator", 'no"admin'] }));
  expect(users.hasOtherAdmin("u1")).toBe(false);
  expect(users.hasRole("admin")).toBe(true);
  expect(users.hasRole("dmin")).toBe(false);
  users.put(newUser("u3", { roles: ["admin"], disabled: true }));
  expect(users.hasOtherAdmin("u1")).toBe(false);
  users.put(newUser("u3", { roles: ["admin"] }));
  expect(users.hasOtherAdmin("u1")).toBe(true);
});

test("a user who is put again keeps the name", () => {
  const { users } = bench.on.t;
  users.put(newUser("u1", { name: "Ada" }));
  users.put(newUser("u1", { name: "Eve", email: "e@x.y", version: 2 }));
  expect(users.get("u1")).toEqual(newUser("u1", { name: "Ada", email: "e@x.y", version: 2 }));
  expect([users.isNameTaken("ADA"), users.isNameTaken("eve"), users.any()]).toEqual([true, false, true]);
});
