import { describe, expect, test } from "bun:test";
import { withoutAnswers } from "./input-filter.ts";

const filtered = (text: string) => new TextDecoder().decode(withoutAnswers(new TextEncoder().encode(text)));

describe("what a viewer's terminal says by itself", () => {
  test.each([
    ["primary device attributes", "\x1b[?62;4;22c"],
    ["secondary device attributes", "\x1b[>0;276;0c"],
    ["tertiary device attributes", "\x1bP!|00000000\x1b\\"],
    ["status", "\x1b[0n"],
    ["cursor position", "\x1b[12;40R"],
    ["extended cursor position", "\x1b[?12;40;1R"],
    ["a mode", "\x1b[?2026;2$y"],
    ["an ANSI mode", "\x1b[4;2$y"],
    ["foreground colour", "\x1b]10;rgb:ffff/ffff/ffff\x1b\\"],
    ["background colour, ended by BEL", "\x1b]11;rgb:0000/0000/0000\x07"],
    ["a setting", "\x1bP1$r0m\x1b\\"],
    ["the name of the terminal", "\x1bP>|xterm(390)\x1b\\"],
    ["size of the window", "\x1b[8;24;80t"],
    ["flags of the keyboard", "\x1b[?1u"],
    ["light or dark", "\x1b[?997;1n"],
  ])("%s is taken out", (_name, answer) => {
    expect(filtered(answer)).toBe("");
    expect(filtered(`a${answer}b${answer}`)).toBe("ab");
  });

  test.each([
    ["text", "ls -la\r"],
    ["arrows", "\x1b[A\x1bOB\x1b[1;5C"],
    ["F3, and with Shift", "\x1bOR\x1b[1;2R\x1b[13~"],
    ["Escape alone, and twice", "\x1b\x1b"],
    ["Alt and a key", "\x1bf\x1b[\x1b]"],
    ["a paste in brackets", "\x1b[200~rm -rf\n\x1b[201~"],
    ["the mouse", "\x1b[<0;10;20M\x1b[<0;10;20m\x1b[M !!"],
    ["focus", "\x1b[I\x1b[O"],
    ["a key of the kitty protocol", "\x1b[97;5u"],
    ["bytes that are no text", "\u0000\u0003ÿ"],
  ])("%s stays", (_name, keys) => {
    expect(filtered(keys)).toBe(keys);
  });
});
