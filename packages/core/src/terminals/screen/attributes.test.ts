import { describe, expect, test } from "bun:test";
import { backgroundOf, keyOf, sequenceOf } from "./attributes.ts";
import { viewerTerminal, write } from "./screen-state.suite.ts";
import { coreOf } from "./xterm-core.ts";

function attributesAfter(sequence: string) {
  const terminal = viewerTerminal({ cols: 4, rows: 2 });
  write(terminal, sequence);
  return coreOf(terminal)._inputHandler._curAttrData;
}

describe("the sequence of attributes", () => {
  test.each([
    ["nothing", ""],
    ["flags", "\x1b[1;2;3;5;7;8;9;53m"],
    ["16 colours", "\x1b[31;102m"],
    ["256 colours", "\x1b[38;5;9;48;5;250m"],
    ["any colours", "\x1b[38;2;1;2;3;48;2;250;128;7m"],
    ["an underline with style and colour", "\x1b[4:3;58:2::9:8:7m"],
    ["an underline with a colour of the palette", "\x1b[21;58:5:77m"],
    ["the colour of an underline that is to come", "\x1b[58:5:9m"],
    ["protection", '\x1b[1"q'],
  ])("sets them again: %s", (_name, sequence) => {
    const wanted = attributesAfter(sequence);
    expect(keyOf(attributesAfter(sequenceOf(wanted)))).toBe(keyOf(wanted));
    expect(keyOf(attributesAfter(`\x1b[1;4;7;33;44m${sequenceOf(wanted)}`))).toBe(keyOf(wanted));
  });

  test("of an erased cell is its background, without what an earlier colour has left", () => {
    expect(backgroundOf(attributesAfter("\x1b[48;2;250;128;7;42;1;3m"))).toBe(
      backgroundOf(attributesAfter("\x1b[42m")),
    );
    expect(backgroundOf(attributesAfter("\x1b[48;2;250;128;7;49m"))).toBe(0);
  });
});
