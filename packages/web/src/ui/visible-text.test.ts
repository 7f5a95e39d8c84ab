// What hides or reorders text is made visible; everything people write stays as it is.

import { expect, test } from "bun:test";
import { visibleText } from "./visible-text.ts";

test.each([
  ["a\u001b[31mred", "a⟨ESC⟩[31mred"],
  ["nul\u0000 del\u007f", "nul⟨NUL⟩ del⟨DEL⟩"],
  ["invoice\u202Efdp.exe", "invoice⟨U+202E⟩fdp.exe"],
  ["a\u200Bb\uFEFFc\u2066d", "a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+2066⟩d"],
  ["tag\u{E0041}", "tag⟨U+E0041⟩"],
  ["c1\u009b31m", "c1⟨U+009B⟩31m"],
  ["one\r\ntwo\rthree", "one\ntwo\nthree"],
])("%j is shown as %j", (text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test.each(["plain\ttext\n", "שלום, مرحبا", "naïve café", "👩‍👩‍👧 family", "می‌خواهم", "<script>alert(1)</script>"])(
  "%j stays as it is",
  (text) => {
    expect(visibleText(text)).toBe(text);
  },
);
