// What is read of a terminal's state that xterm.js has and does not offer: the names are those of release 6 (src/common), and a
// test looks whether they are still there.
import type { Terminal } from "@xterm/headless";

/** Colours and flags of a cell, or of what is printed next (src/common/buffer/AttributeData.ts). */
export interface CellAttributes {
  readonly fg: number;
  readonly bg: number;
  readonly extended: {
    readonly ext: number;
    readonly urlId: number;
    readonly underlineColor: number;
    readonly underlineStyle: number;
  };
}

export interface Cell extends CellAttributes {
  extended: CellAttributes["extended"];
  getChars(): string;
  getWidth(): number;
}

export interface CoreLine {
  readonly length: number;
  readonly isWrapped: boolean;
  loadCell(index: number, cell: Cell): Cell;
}

export type Charset = Readonly<Record<string, string>> | undefined;

export interface CoreBuffer {
  readonly lines: { readonly length: number; maxLength: number; get(index: number): CoreLine | undefined };
  readonly x: number;
  readonly y: number;
  readonly ybase: number;
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly tabs: Readonly<Record<number, boolean | undefined>>;
  readonly savedX: number;
  readonly savedY: number;
  readonly savedCurAttrData: CellAttributes;
  readonly savedCharset: Charset;
}

export interface TerminalCore {
  readonly buffers: { readonly normal: CoreBuffer; readonly alt: CoreBuffer; readonly active: CoreBuffer };
  readonly _inputHandler: {
    readonly _curAttrData: CellAttributes;
    readonly _parser: { readonly precedingJoinState: number; readonly currentState: number; reset(): void };
    /** Reads output at once. What a handler throws ends it in the middle. */
    parse(data: Uint8Array | string): void;
    _eraseInBufferLine(y: number, start: number, end: number, clearWrap: boolean, respectProtect: boolean): void;
    _resetBufferLine(y: number, respectProtect: boolean): void;
  };
  readonly _charsetService: {
    readonly glevel: number;
    readonly charset: Charset;
    readonly _charsets: readonly Charset[];
  };
  /** Of a character behind one with these properties; bits 1 and 2 are its columns (src/common/services/UnicodeService.ts). */
  readonly unicodeService: { charProperties(code: number, preceding: number): number };
  readonly _oscLinkService: {
    getLinkData(id: number): { readonly uri: string; readonly id?: string } | undefined;
  };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly modes: { readonly insertMode: boolean };
    readonly decPrivateModes: {
      readonly applicationCursorKeys: boolean;
      readonly applicationKeypad: boolean;
      readonly bracketedPasteMode: boolean;
      readonly cursorBlink?: boolean | undefined;
      readonly cursorStyle?: string | undefined;
      readonly origin: boolean;
      readonly reverseWraparound: boolean;
      readonly sendFocus: boolean;
      readonly synchronizedOutput?: boolean;
      readonly wraparound: boolean;
    };
  };
  readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string };
  readonly options: { readonly convertEol: boolean };
}

/** The state behind a terminal. */
export function coreOf(terminal: Terminal): TerminalCore {
  return (terminal as unknown as { readonly _core: TerminalCore })._core;
}

/** One cell of a line. What is loaded leaves `extended` as it was where the cell has none of its own. */
export function load(line: CoreLine, x: number, into: Cell): Cell {
  into.extended = nothingExtended;
  return line.loadCell(x, into);
}

const nothingExtended: CellAttributes["extended"] = { ext: 0, urlId: 0, underlineColor: -1, underlineStyle: 0 };

/** A cell to load others into: the buffers lend one that they use themselves. */
export function cellOf(terminal: Terminal): Cell {
  return terminal.buffer.normal.getNullCell() as unknown as Cell;
}

/**
 * Gives a terminal another size. Release 6.0.0 leaves an alternate screen that is not in use the room of the size before: on it a program would scroll lines
 * back that nobody else has.
 */
export function resizeTo(terminal: Terminal, { cols, rows }: { readonly cols: number; readonly rows: number }): void {
  terminal.resize(cols, rows);
  const { lines } = coreOf(terminal).buffers.alt;
  if (lines.length === 0) lines.maxLength = rows;
}

/**
 * Release 6.0.0 throws when a program erases above (ED 1) in the last column of the last line with nothing above the screen: it wants to mark the line
 * below. Such a sequence is done here instead.
 */
export function mend(terminal: Terminal): void {
  const core = coreOf(terminal);
  const erase = (parameter: unknown, respectProtect: boolean): boolean => {
    const { x, y, lines } = core.buffers.active;
    if (parameter !== 1 || x + 1 < terminal.cols || lines.get(y + 1) !== undefined) return false;
    core._inputHandler._eraseInBufferLine(y, 0, x + 1, true, respectProtect);
    for (let above = 0; above < y; above++) core._inputHandler._resetBufferLine(above, respectProtect);
    return true;
  };
  terminal.parser.registerCsiHandler({ final: "J" }, ([parameter]) => erase(parameter, false));
  terminal.parser.registerCsiHandler({ prefix: "?", final: "J" }, ([parameter]) => erase(parameter, true));
}
