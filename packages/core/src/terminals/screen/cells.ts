// The part of a terminal that is on the screen, cell by cell: for viewers that draw cells and read no output.
import type { Terminal } from "@xterm/headless";

/** Flags of `ScreenCell.flags`. */
export const cellFlags = {
  bold: 0x01,
  italic: 0x02,
  underlined: 0x04,
  dim: 0x08,
  inverse: 0x10,
  invisible: 0x20,
  struckOut: 0x40,
} as const;

/** A place of the palette of 256, or 0xrrggbb. */
export type CellColour =
  | { readonly kind: "palette"; readonly index: number }
  | { readonly kind: "rgb"; readonly rgb: number };

export interface ScreenCell {
  /** What is printed in it; a space where nothing is. */
  readonly text: string;
  /** Undefined: the default. */
  readonly foreground: CellColour | undefined;
  readonly background: CellColour | undefined;
  readonly flags: number;
}

export interface ScreenCells {
  readonly cols: number;
  /** From the top; a wide character is one cell, and empty cells at the end are left out. */
  readonly rows: readonly (readonly ScreenCell[])[];
  /** From the left, and from the top of the screen; 0 is the first. */
  readonly cursor: { readonly x: number; readonly y: number };
}

/** What is on the screen at its bottom, however far somebody has scrolled. */
export function cellsOf(terminal: Terminal): ScreenCells {
  const { active } = terminal.buffer;
  const cell = active.getNullCell();
  const rows: ScreenCell[][] = [];
  for (let y = 0; y < terminal.rows; y++) {
    const line = active.getLine(active.baseY + y);
    const row: ScreenCell[] = [];
    for (let x = 0; x < terminal.cols; x++) {
      // What is behind a wide character is part of it.
      if (line?.getCell(x, cell) !== undefined && cell.getWidth() > 0) row.push(shown(cell));
    }
    while (row.length > 0 && isEmpty(row.at(-1))) row.pop();
    rows.push(row);
  }
  return { cols: terminal.cols, rows, cursor: { x: active.cursorX, y: active.cursorY } };
}

type Cell = ReturnType<Terminal["buffer"]["active"]["getNullCell"]>;

function shown(cell: Cell): ScreenCell {
  const flags =
    (cell.isBold() === 0 ? 0 : cellFlags.bold) |
    (cell.isItalic() === 0 ? 0 : cellFlags.italic) |
    (cell.isUnderline() === 0 ? 0 : cellFlags.underlined) |
    (cell.isDim() === 0 ? 0 : cellFlags.dim) |
    (cell.isInverse() === 0 ? 0 : cellFlags.inverse) |
    (cell.isInvisible() === 0 ? 0 : cellFlags.invisible) |
    (cell.isStrikethrough() === 0 ? 0 : cellFlags.struckOut);
  return {
    text: cell.getChars() || " ",
    foreground: colour(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
    background: colour(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
    flags,
  };
}

function colour(isDefault: boolean, isRgb: boolean, value: number): CellColour | undefined {
  if (isDefault) return undefined;
  return isRgb ? { kind: "rgb", rgb: value } : { kind: "palette", index: value };
}

function isEmpty(cell: ScreenCell | undefined): boolean {
  return (
    cell !== undefined &&
    cell.text === " " &&
    cell.foreground === undefined &&
    cell.background === undefined &&
    cell.flags === 0
  );
}
