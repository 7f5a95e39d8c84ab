import { describe, expect, test } from "bun:test";
import { Colours } from "./colours.ts";
import { viewerTerminal, write } from "./screen-state.suite.ts";

function after(...written: readonly string[]) {
  const replies: string[] = [];
  const terminal = viewerTerminal({ cols: 4, rows: 2 });
  const colours = new Colours(terminal, (text) => replies.push(text));
  for (const each of written) write(terminal, each);
  return { replies, sequences: colours.sequences };
}

describe("colours of a screen", () => {
  test("are answered: those of the console, unless a program has set others", () => {
    expect(after("\x1b]11;?\x07").replies).toEqual(["\x1b]11;rgb:0000/0000/0000\x1b\\"]);
    expect(after("\x1b]11;#102030\x07", "\x1b]11;?\x1b\\").replies).toEqual(["\x1b]11;#102030\x1b\\"]);
    expect(after("\x1b]10;?;?\x07").replies).toHaveLength(2);
    expect(after("\x1b]4;1;?;196;?\x07").replies).toEqual([
      "\x1b]4;1;rgb:cccc/0000/0000\x1b\\",
      "\x1b]4;196;rgb:ffff/0000/0000\x1b\\",
    ]);
    expect(after("\x1b]4;232;?\x07").replies).toEqual(["\x1b]4;232;rgb:0808/0808/0808\x1b\\"]);
  });

  test("that were set are part of the screen until they are reset", () => {
    const set = ["\x1b]11;#102030\x07", "\x1b]4;3;rgb:ff/00/00\x07"];
    expect(after(...set).sequences).toBe("\x1b]11;#102030\x1b\\\x1b]4;3;rgb:ff/00/00\x1b\\");
    expect(after(...set, "\x1b]111\x07", "\x1b]104;3\x07").sequences).toBe("");
    expect(after(...set, "\x1b]104\x07").sequences).toBe("\x1b]11;#102030\x1b\\");
    expect(after(...set, "\x1bc").sequences).toBe("");
  });

  test("are colours and nothing else", () => {
    expect(after("\x1b]11;$(reboot)\x07", "\x1b]4;3;\u009d\x07", "\x1b]4;999;#ffffff\x07").sequences).toBe("");
  });
});
