import { expect, test } from "bun:test";
import { nothingHeld, textOfTouchKey, withHeld } from "./touch-keys.ts";

const ctrl = { ctrl: true, alt: false };
const alt = { ctrl: false, alt: true };

test.each([
  ["Up", nothingHeld, false, "\x1b[A"],
  ["Up", nothingHeld, true, "\x1bOA"],
  ["Left", ctrl, true, "\x1b[1;5D"],
  ["Right", alt, false, "\x1b[1;3C"],
  ["PgUp", nothingHeld, false, "\x1b[5~"],
  ["PgDn", ctrl, false, "\x1b[6;5~"],
  ["Esc", nothingHeld, false, "\x1b"],
  ["Tab", nothingHeld, false, "\t"],
  ["|", nothingHeld, false, "|"],
] as const)("%s with %p is sent as a terminal's own key is", (key, held, application, text) => {
  expect(textOfTouchKey(key, held, application)).toBe(text);
});

test("Ctrl and Alt belong to the next sign", () => {
  expect(["c", "C", "[", "@", " ", "?", "1", "é", "ab"].map((text) => withHeld(text, ctrl))).toEqual([
    "\x03",
    "\x03",
    "\x1b",
    "\0",
    "\0",
    "\x7f",
    "1",
    "é",
    "ab",
  ]);
  expect(withHeld("b", alt)).toBe("\x1bb");
  expect(withHeld("b", nothingHeld)).toBe("b");
});
