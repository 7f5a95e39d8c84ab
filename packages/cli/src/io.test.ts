import { describe, expect, test } from "bun:test";
import { inert } from "./io.ts";

describe("text for a terminal", () => {
  test.each([
    ["\u001b]52;c;cm0gLXJm\u0007", "\\u001b]52;c;cm0gLXJm\\u0007"],
    ["\u009b2J", "\\u009b2J"],
    ["ok\rfailed", "ok\\u000dfailed"],
    ["a\u0008\u007f", "a\\u0008\\u007f"],
    ["\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
    ["\u{e0041}", "\\udb40\\udc41"],
    ["one\r\ntwo\tthree\n", "one\ntwo\tthree\n"],
    ["größe ✓ 🙂 👩‍💻", "größe ✓ 🙂 👩‍💻"],
  ])("%j does nothing there", (text, shown) => {
    expect(inert(text)).toBe(shown);
  });

  test("is the same JSON as before", () => {
    const value = { text: "\u001b[31m\u009b\u202e\u2028\u{e0041}\r\n" };
    expect(JSON.parse(inert(JSON.stringify(value)))).toEqual(value);
  });
});
