import { expect, test } from "bun:test";
import { newUser } from "../../identity-store.fixture.suite.ts";
import { Accounts, linkSlot, newestPage } from "./accounts.ts";

test("pages of rows of the same time go by id and leave none out", () => {
  const rows = ["b", "a", "d", "c"].map((id) => ({ id, createdAt: id === "d" ? 2 : 1 }));
  const first = newestPage(rows, { limit: 2 });
  expect(first.page.map(({ id }) => id)).toEqual(["d", "c"]);
  const second = newestPage([...rows, { id: "e", createdAt: 3 }], { limit: 2, cursor: first.next });
  expect(second.page.map(({ id }) => id)).toEqual(["b", "a"]);
  expect(second.next).toBeUndefined();
  expect(() => newestPage(rows, { limit: 2, cursor: "1" })).toThrow("The cursor is not one of this list.");
});

test("a link is told from another whatever is in its parts", () => {
  expect(linkSlot("a", "b,c")).not.toBe(linkSlot("a,b", "c"));
  expect(linkSlot('a","b', "c")).not.toBe(linkSlot("a", 'b","c'));
});

test("an admin is another one only when it is somebody else who can sign in", () => {
  const accounts = new Accounts();
  accounts.users.set("u1", newUser("u1", { roles: ["admin"] }));
  accounts.users.set("u2", newUser("u2", { roles: ["admin"], disabled: true }));
  expect([accounts.hasOtherAdmin("u1"), accounts.hasOtherAdmin("u2")]).toEqual([false, true]);
});
