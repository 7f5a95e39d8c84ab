import { expect, test } from "bun:test";
import { approverOf } from "./approval-terms.ts";

test("an approver is a user, a role or an address", () => {
  expect(approverOf("user:ada")).toEqual({ kind: "user", name: "ada" });
  expect(approverOf("role:a:b")).toEqual({ kind: "role", name: "a:b" });
  expect(["user:", "users:x", "ada@example.com", "https://x/y"].map((each) => approverOf(each).kind)).toEqual([
    "address",
    "address",
    "address",
    "address",
  ]);
});
