// The last administrator is known as such before the server has to refuse.

import { expect, test } from "bun:test";
import type { Answer } from "../api.ts";
import { isLastAdmin } from "./last-admin.ts";

type UserRow = Answer<"listUsers">["users"][number];
const user = (id: string, roles: string[], disabled = false) => ({ id, roles, disabled }) as UserRow;
const ada = user("ada", ["admin"]);

test.each([
  ["alone", [ada], null, true],
  ["with somebody else", [ada, user("ben", ["viewer"])], null, true],
  ["with another one", [ada, user("ben", ["admin", "viewer"])], null, false],
  ["with another one who is disabled", [ada, user("ben", ["admin"], true)], null, true],
  ["with users nobody looked at", [ada], "more", false],
])("%s", (_, users, nextCursor, last) => {
  expect(isLastAdmin(ada, { users, nextCursor })).toBe(last);
});

test("who is no administrator, or is disabled, is not the last one", () => {
  expect(isLastAdmin(user("ben", ["viewer"]), { users: [], nextCursor: null })).toBe(false);
  expect(isLastAdmin(user("ben", ["admin"], true), { users: [], nextCursor: null })).toBe(false);
});
