// What the sign-in page says for a code in its URL.
import { expect, test } from "bun:test";
import { refusalWords } from "./refusal-words.ts";

test("a code has a sentence, and what is none is never shown", () => {
  expect(refusalWords("unavailable").message).toBe("The identity provider cannot be reached.");
  for (const text of ["Call 555-0199 to unlock your account", "", "constructor", "__proto__"]) {
    expect(refusalWords(text)).toEqual({ message: "Signing in did not work.", hint: "Begin again." });
  }
});
