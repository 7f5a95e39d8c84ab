// For tests: everything of a terminal that anybody could ever see, now or by what comes next, as plain data; and streams of output
// made by chance.
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { Terminal } from "@xterm/headless";
import fc from "fast-check";
import type { TerminalSize } from "../ports.ts";
import { backgroundOf, protectedFlag } from "./attributes.ts";
import { cellOf, coreOf, load, mend, resizeTo } from "./xterm-core.ts";
import type { Cell, CellAttributes, CoreBuffer, TerminalCore } from "./xterm-core.ts";

export const scrollbackLines = 30;

/** A viewer's terminal. */
export function viewerTerminal({ cols, rows }: TerminalSize): Terminal {
  const terminal = new Terminal({ cols, rows, scrollback: scrollbackLines, allowProposedApi: true, logLevel: "off" });
  terminal.loadAddon(new UnicodeGraphemesAddon());
  mend(terminal);
  return terminal;
}

export function write(terminal: Terminal, bytes: Uint8Array | string): void {
  coreOf(terminal)._inputHandler.parse(bytes);
}

/** As viewers do it: nothing joins what was printed before. */
export function resize(terminal: Terminal, size: TerminalSize): void {
  resizeTo(terminal, size);
  write(terminal, "\0");
}

/** What can be seen of it. */
export function stateOf(terminal: Terminal): object {
  const core = coreOf(terminal);
  const { normal, alt, active } = core.buffers;
  const isAlt = active === alt;
  return {
    size: [terminal.cols, terminal.rows],
    screen: isAlt ? "alternate" : "normal",
    cursor: [Math.min(active.x, terminal.cols), active.y],
    next: attributesOf(core._inputHandler._curAttrData),
    normal: bufferState(normal, terminal),
    alternate: isAlt ? bufferState(alt, terminal) : "empty",
    modes: { ...core.coreService.modes, ...core.coreService.decPrivateModes },
    hidden: core.coreService.isCursorHidden,
    mouse: [core.coreMouseService.activeProtocol, core.coreMouseService.activeEncoding],
    charsets: [0, 1, 2, 3].map((level) =>
      JSON.stringify(core._charsetService._charsets[level] ?? "ascii").slice(0, 40),
    ),
    charset: [core._charsetService.glevel, JSON.stringify(core._charsetService.charset ?? "ascii").slice(0, 40)],
  };
}

function bufferState(buffer: CoreBuffer, terminal: Terminal): object {
  const core = coreOf(terminal);
  const { cols, rows } = terminal;
  const cell = cellOf(terminal);
  const lines: string[] = [];
  for (let index = 0; index < buffer.lines.length; index++) {
    const line = buffer.lines.get(index);
    if (line === undefined) continue;
    const cells: string[] = [];
    let wide = false;
    for (let x = 0; x < cols; x++) {
      const loaded = load(line, x, cell);
      // The right half of a wide character that is gone is as good as erased.
      const isHalf = loaded.getWidth() === 0 && loaded.getChars() === "";
      cells.push(isHalf && wide ? "-" : cellState(loaded, core));
      wide = loaded.getWidth() === 2;
    }
    while (cells.at(-1) === "") cells.pop();
    lines.push(`${line.isWrapped ? "… " : ""}${cells.join("|")}`);
  }
  const savedY = Math.max(buffer.savedY - buffer.ybase, 0);
  return {
    lines,
    above: buffer.ybase,
    margins: [buffer.scrollTop, buffer.scrollBottom],
    tabs: Array.from({ length: cols }, (_, x) => x).filter((x) => buffer.tabs[x] === true),
    saved: [Math.min(buffer.savedX, cols), Math.min(savedY, rows - 1), attributesOf(buffer.savedCurAttrData)],
  };
}

/** Of an erased cell only the background is seen. */
function cellState(cell: Cell, core: TerminalCore): string {
  const chars = cell.getChars();
  if (chars !== "") return `${chars}${cell.getWidth() === 1 ? "" : `/${cell.getWidth()}`}${attributesOf(cell, core)}`;
  return backgroundOf(cell) === 0 ? "" : `_${backgroundOf(cell).toString(16)}`;
}

function attributesOf({ fg, bg, extended }: CellAttributes, core?: TerminalCore): string {
  const uri = extended.urlId === 0 ? undefined : core?._oscLinkService.getLinkData(extended.urlId)?.uri;
  const link = uri === undefined ? "" : ` ${uri}`;
  const plainBg = plain(bg & ~0x10000000 & ~protectedFlag);
  const underline = (fg & 0x10000000) === 0 ? "" : ` u${extended.underlineStyle || 1}`;
  const colour =
    (fg & 0x10000000) === 0 || (extended.underlineColor & 0x3000000) === 0 ? "" : ` ${plain(extended.underlineColor)}`;
  const text = `${(plain(fg) >>> 0).toString(16)},${(plainBg >>> 0).toString(16)}${underline}${colour}${link}`;
  return text === "0,0" ? "" : `{${text}}`;
}

const number = fc.integer({ min: 0, max: 12 });
const csi = (finals: readonly string[]) =>
  fc
    .tuple(fc.array(number, { maxLength: 2 }), fc.constantFrom(...finals))
    .map(([numbers, final]) => `\x1b[${numbers.join(";")}${final}`);
const narrow = ["a", "Hello, world", "qxlm", " ", "  ", "é", "e\u0301", "ﬃ", "\u0301", "\u200d", "ก็", "─│"];
const wide = ["東京", "日", "한글", "🎉", "👨‍👩‍👧", "🇩🇪", "❤️", "👍🏽"];
const textsOf = (parts: readonly string[]) =>
  fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 6 }).map((some) => some.join(""));
const sgr = fc
  .array(
    fc.constantFrom(
      "0",
      "1",
      "2",
      "3",
      "4",
      "4:3",
      "5",
      "7",
      "8",
      "9",
      "21",
      "22",
      "24",
      "27",
      "31",
      "39",
      "42",
      "49",
      "53",
      "91",
      "104",
      "38;5;5",
      "38;5;200",
      "48;5;17",
      "38;2;1;2;3",
      "48;2;250;128;7",
      "58:5:9",
      "58:2::9:8:7",
      "59",
    ),
    { maxLength: 4 },
  )
  .map((codes) => `\x1b[${codes.join(";")}m`);
const modes = fc
  .tuple(
    fc.constantFrom("1", "6", "25", "45", "66", "9", "1000", "1002", "1003", "1004", "1006", "1016", "2004"),
    fc.constantFrom("h", "l"),
  )
  .map(([mode, on]) => `\x1b[?${mode}${on}`);
const margins = fc.tuple(number, number).map(([top, bottom]) => `\x1b[${top};${bottom}r`);
const others = fc.constantFrom(
  "\x1b7",
  "\x1b8",
  "\x1bD",
  "\x1bE",
  "\x1bM",
  "\x1bH",
  "\x1b[g",
  "\x1b[3g",
  "\x1b(0",
  "\x1b(B",
  "\x1b)0",
  "\x1b)A",
  "\x1b*K",
  "\x0e",
  "\x0f",
  "\x1bn",
  "\x1b[4h",
  "\x1b[4l",
  "\x1b#8",
  "\x1b=",
  "\x1b>",
  "\x1b[!p",
  "\x1b[s",
  "\x1b[u",
  "\x1b[r",
  "\x1b[3 q",
  "\x1b[4 q",
  "\x1b[0 q",
  "\x1b]2;a title\x07",
  "\x1b]11;#102030\x07",
  "\x1b[1;2\x183m",
  "\x1b[\n3m",
  "\u009b31m",
  "\u009d2;x\u009c",
  "\x1bPq#0;2;0;0;0~-\x1b\\",
  "\x1b_private\x1b\\",
  "\x1b[5b",
  "\x1b[20G\x1b[K",
);
const screens = fc
  .tuple(fc.constantFrom("47", "1047", "1048", "1049"), fc.constantFrom("h", "l"))
  .map(([mode, on]) => `\x1b[?${mode}${on}`);

/** What a program may write, and how often. */
const writing = [
  { weight: 3, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 60 }) },
  { weight: 5, arbitrary: fc.constantFrom("\r\n", "\n", "\r", "\b", "\t", "\r\n\r\n", "\x07") },
  { weight: 6, arbitrary: sgr },
  { weight: 5, arbitrary: csi("ABCDEFGHfade`IZ".split("")) },
  { weight: 5, arbitrary: csi("JKXPLM@STb".split("")) },
  { weight: 2, arbitrary: modes },
  { weight: 1, arbitrary: margins },
  { weight: 4, arbitrary: others },
  { weight: 1, arbitrary: screens },
];
const anyText = { weight: 10, arbitrary: textsOf([...narrow, ...wide]) };
const bytes = { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) };
const links = fc.constantFrom(
  "\x1b]8;;https://example.test/a\x1b\\",
  "\x1b]8;id=x;https://example.test/b\x07",
  "\x1b]8;;\x1b\\",
);

function streamOf(...written: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<string> }[]) {
  return fc.array(fc.oneof(...written), { maxLength: 60 }).map((parts) => new TextEncoder().encode(parts.join("")));
}

/** A stream of output, as bytes. */
export const output = streamOf(...writing, anyText, bytes);

/**
 * Without wide characters: a terminal that gets narrower cuts them in half at its edge, and keeps the half as no output could
 * ever make it.
 */
export const narrowOutput = streamOf(...writing, { weight: 10, arbitrary: textsOf(narrow) });

/**
 * With links, which xterm.js drops with the last line that they were on, even while they are in use: what comes after a snapshot
 * may or may not have them.
 */
export const linkedOutput = streamOf(...writing, anyText, { weight: 8, arbitrary: links });

export const size = fc.record({ cols: fc.integer({ min: 2, max: 40 }), rows: fc.integer({ min: 2, max: 12 }) });

/** Without what an earlier colour has left behind the index of a later one. */
function plain(colour: number): number {
  const mode = colour & 0x3000000;
  return mode === 0x3000000 ? colour : mode === 0 ? colour & ~0xffffff : colour & ~0xffff00;
}
