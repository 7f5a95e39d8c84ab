import { expect, test } from "bun:test";
import { Charsets } from "./charsets.ts";
import { viewerTerminal, write } from "./screen-state.suite.ts";
import { coreOf } from "./xterm-core.ts";

test.each([
  ["none", "", ""],
  ["line drawing", "\x1b(0", "\x1b(0"],
  ["in another place, shifted to", "\x1b)A\x0e", "\x1b)A\x0e"],
  ["several", "\x1b(0\x1b*K\x1b+Y\x1bo", "\x1b(0\x1b*K\x1b+Y\x1bo"],
  ["given up again", "\x1b(0\x1b(B", ""],
])("designates what a terminal has designated: %s", (_name, written, wanted) => {
  const terminal = viewerTerminal({ cols: 4, rows: 2 });
  write(terminal, written);
  expect(new Charsets().sequenceOf(coreOf(terminal))).toBe(wanted);
});

test("puts a table in use around a cursor that is saved with it", () => {
  const charsets = new Charsets();
  const terminal = viewerTerminal({ cols: 4, rows: 2 });
  write(terminal, "\x1b(0");
  expect(charsets.around(coreOf(terminal)._charsetService.charset)).toEqual(["\x1b(0", "\x1b(B"]);
  expect(charsets.around(undefined)).toEqual(["", ""]);
});
