import { expect, test } from "bun:test";
import { tokenRefusal } from "./token-refusals.ts";

test.each([
  ["unknown", "token_unknown", "There is no such approval token."],
  ["decided", "already_decided", "This person has decided already"],
  ["used", "token_used", "This approval has been answered already."],
  ["expired", "token_expired", "This approval can no longer be answered"],
] as const)("a token that is %s is refused with %s", (outcome, code, words) => {
  expect(tokenRefusal(outcome, "approval")).toMatchObject({ code, message: expect.stringContaining(words) });
});

test("a callback is called one", () => {
  expect(tokenRefusal("used", "callback").message).toBe("This callback has been answered already.");
});
