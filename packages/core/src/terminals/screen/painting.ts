// Turns the lines of a terminal into a stream that makes the same lines on one that was just reset: text, attributes, links, which
// lines are continued, and what was only erased.
import type { Terminal } from "@xterm/headless";
import { backgroundOf, backgroundSequence, keyOf, protectedFlag, sequenceOf } from "./attributes.ts";
import { cellOf, load } from "./xterm-core.ts";
import type { Cell, CellAttributes, CoreBuffer, CoreLine, TerminalCore } from "./xterm-core.ts";

const csi = "\x1b[";
/** Of a cell that nobody has coloured: keyOf. */
const plainKey = "0 0 0 0";

/** Writes; knows what attributes the terminal has that reads it. */
export class Painter {
  readonly #core: TerminalCore;
  #text = "";
  #attributes = plainKey;
  #link = 0;

  constructor(core: TerminalCore) {
    this.#core = core;
  }

  get text(): string {
    return this.#text;
  }

  put(text: string): void {
    this.#text += text;
  }

  /** What is printed next has these attributes, and their link. */
  use(attributes: CellAttributes): void {
    const key = keyOf(attributes);
    if (key !== this.#attributes) {
      this.put(sequenceOf(attributes));
      this.#attributes = key;
    }
    const { urlId } = attributes.extended;
    if (urlId === this.#link) return;
    const link = urlId === 0 ? undefined : this.#core._oscLinkService.getLinkData(urlId);
    const parameters = link?.id === undefined ? "" : `id=${link.id}`;
    this.put(`\x1b]8;${parameters};${link?.uri ?? ""}\x1b\\`);
    this.#link = urlId;
  }

  /** What is erased next, and lines that come, have this background. */
  useBackground(background: number): void {
    const key = background === 0 ? plainKey : `background ${background}`;
    if (key === this.#attributes) return;
    this.put(backgroundSequence(background));
    this.#attributes = key;
  }

  plain(): void {
    if (this.#link !== 0) this.put("\x1b]8;;\x1b\\");
    this.#link = 0;
    this.useBackground(0);
  }

  /** Columns of a character on its own. */
  widthOf(code: number): number {
    return (this.#core.unicodeService.charProperties(code, 0) >> 1) & 3;
  }

  goTo(x: number, y: number): void {
    this.put(`${csi}${y + 1};${x + 1}H`);
  }
}

/** A whole buffer, from the first line above the screen to the last on it. The cursor is in its upper left corner before. */
export class BufferPainting {
  readonly #painter: Painter;
  readonly #buffer: CoreBuffer;
  readonly #cols: number;
  readonly #rows: number;
  readonly #cell: Cell;
  readonly #cursor: { readonly x: number; readonly y: number };

  /** `cursor`: where it is, or was when it was saved. */
  constructor(
    painter: Painter,
    buffer: CoreBuffer,
    p: { readonly terminal: Terminal; readonly cursor?: { readonly x: number; readonly y: number } },
  ) {
    const { terminal, cursor = buffer } = p;
    this.#cursor = { x: cursor.x, y: cursor.y };
    this.#painter = painter;
    this.#buffer = buffer;
    this.#cols = terminal.cols;
    this.#rows = terminal.rows;
    this.#cell = cellOf(terminal);
  }

  paint(): void {
    const { lines } = this.#buffer;
    this.#painter.plain();
    const madeUp = this.#beginContinued();
    for (let index = 0; index < lines.length; index++) {
      const line = lines.get(index);
      if (line === undefined) continue;
      // The list is a ring: behind its end it begins anew.
      const next = index + 1 < lines.length ? lines.get(index + 1) : undefined;
      const end = this.#paintLine(line);
      // Nothing but the line that was made up is above the screen now.
      if (madeUp && index === this.#rows - 1 && lines.length < lines.maxLength) this.#painter.put(`${csi}3J`);
      if (next === undefined) break;
      if (next.isWrapped) this.#continueOn(line, { next, end });
      else this.#newLine();
    }
    this.#painter.plain();
  }

  /** The cell that was printed last, with the cursor behind it afterwards. */
  paintLast(): void {
    this.#painter.put(this.#lastChars() || " ");
  }

  /** Columns of its first character alone. */
  get lastInsertedWidth(): number {
    return this.#painter.widthOf(this.#lastChars().codePointAt(0) ?? 0);
  }

  #lastChars(): string {
    const { ybase, lines } = this.#buffer;
    const { x, y } = this.#cursor;
    const line = lines.get(ybase + y);
    if (line === undefined || x === 0) return "";
    const cell = this.#load(line, x - 1);
    return cell.getWidth() === 0 && x > 1 ? this.#load(line, x - 2).getChars() : cell.getChars();
  }

  /** Puts the cursor where it belongs while output has no other effects than by default; behind the last column, too, where only printing gets it. */
  placeCursor(goTo: (x: number) => void): void {
    const { x } = this.#cursor;
    if (x < this.#cols) return goTo(x);
    if (this.isLastErased) {
      goTo(0);
      this.#paintErased();
    } else {
      goTo(x - this.lastWidth);
      this.#useLast();
      this.paintLast();
    }
    // Nothing joins what was printed: a NUL does nothing else.
    return this.#painter.put("\0");
  }

  /** Whether the cell in front of the cursor was erased. */
  get isLastErased(): boolean {
    const { ybase, lines } = this.#buffer;
    const { x, y } = this.#cursor;
    const line = lines.get(ybase + y);
    if (line === undefined || x === 0) return false;
    const cell = this.#load(line, x - 1);
    return cell.getChars() === "" && cell.getWidth() !== 0;
  }

  /**
   * The cursor's line once more, for a cursor behind the last column of which the character is gone. Only printing gets it there, so something is printed
   * and erased; the rest of the line is protected from that.
   */
  #paintErased(): void {
    const { ybase, lines } = this.#buffer;
    const { y } = this.#cursor;
    const line = lines.get(ybase + y);
    if (line === undefined) return;
    this.#paintLine(line, true);
    this.#painter.useBackground(backgroundOf(this.#load(line, this.#cols - 1)));
    this.#painter.put(`${csi}${this.#cols}G-${csi}?1K`);
  }

  /** Columns of the cell in front of the cursor. */
  get lastWidth(): number {
    const { ybase, lines } = this.#buffer;
    const { x, y } = this.#cursor;
    const line = lines.get(ybase + y);
    return line !== undefined && x > 1 && this.#load(line, x - 1).getWidth() === 0 ? 2 : 1;
  }

  /** Attributes of the cell in front of the cursor. */
  #useLast(): void {
    const { ybase, lines } = this.#buffer;
    const { x, y } = this.#cursor;
    const line = lines.get(ybase + y);
    if (line !== undefined && x > 0) this.#painter.use(this.#load(line, x - 1));
  }

  /**
   * A first line that continues one which is gone: that one is made up. A full buffer drops it as the last line comes; otherwise it is cut off. Answers
   * whether there is one.
   */
  #beginContinued(): boolean {
    if (this.#buffer.lines.get(0)?.isWrapped !== true || this.#rows < 2) return false;
    this.#painter.put(`${csi}${this.#cols}G--\r${csi}X`);
    return true;
  }

  /** Answers the column behind the last cell that was printed. */
  #paintLine(line: CoreLine, isProtected = false): number {
    const painter = this.#painter;
    let end = 0;
    /** Erased cells that wait, all with one background. */
    let erased = 0;
    let background = 0;
    const skip = (more: boolean): void => {
      if (erased > 0 && background !== 0 && !isProtected) {
        painter.useBackground(background);
        painter.put(`${csi}${erased}X`);
      }
      if (erased > 0 && more) painter.put(`${csi}${erased}C`);
      erased = 0;
    };
    let before = "";
    for (let x = 0; x < this.#cols; x++) {
      const cell = this.#load(line, x);
      const chars = cell.getChars();
      // Its right half; alone it is as good as erased.
      if (cell.getWidth() === 0 && chars === "" && x < end) continue;
      if (chars === "" || x + cell.getWidth() > this.#cols) {
        const own = backgroundOf(cell);
        if (erased > 0 && own !== background) skip(true);
        background = own;
        erased++;
        before = "";
        continue;
      }
      skip(true);
      painter.use(isProtected ? { fg: cell.fg, bg: cell.bg | protectedFlag, extended: cell.extended } : cell);
      // The line before may end where this begins.
      if ((x === 0 || before !== "") && (mayJoin(chars) || mayJoin(before))) painter.put("\0");
      painter.put(chars);
      before = chars;
      end = x + cell.getWidth();
      if (cell.getWidth() !== 2 || end !== this.#cols) continue;
      this.#paintOverlap(line);
      break;
    }
    skip(false);
    return end;
  }

  /** Where lines do not wrap, a character can stand on the right half of a wide one. */
  #paintOverlap(line: CoreLine): void {
    const cell = this.#load(line, this.#cols - 1);
    if (cell.getChars() === "") return;
    this.#painter.put(`${csi}?7l`);
    this.#painter.use(cell);
    this.#painter.put(`${cell.getChars()}${csi}?7h`);
  }

  #newLine(): void {
    this.#painter.plain();
    this.#painter.put("\r\n");
  }

  /** The next line continues this one. Printed to its end it is continued by what comes; otherwise that is brought about. */
  #continueOn(line: CoreLine, { next, end }: { readonly next: CoreLine; readonly end: number }): void {
    if (this.#rows < 2) return this.#newLine();
    const first = this.#load(next, 0);
    const natural = end === this.#cols && first.getChars() !== "" && backgroundOf(first) === 0;
    if (natural) return undefined;
    const painter = this.#painter;
    painter.plain();
    // Two characters go over the edge, and away again.
    painter.put(`${csi}${this.#cols}G--${csi}A`);
    const last = this.#load(line, this.#cols - 1);
    const isHalf = last.getWidth() === 0 && last.getChars() === "";
    const wide = this.#load(line, this.#cols - 2);
    // A right half whose left one is gone is as good as erased.
    if (isHalf && wide.getChars() !== "") {
      painter.put(`${csi}${this.#cols - 1}G`);
      painter.use(wide);
      painter.put(wide.getChars());
    } else {
      painter.put(`${csi}${this.#cols}G`);
      // Loaded again: there is one cell to load into.
      const erased = this.#load(line, this.#cols - 1);
      const chars = erased.getWidth() === 2 ? "" : erased.getChars();
      if (chars === "") {
        painter.useBackground(backgroundOf(erased));
        painter.put(`${csi}X`);
      } else {
        painter.use(erased);
        painter.put(chars);
      }
    }
    painter.plain();
    painter.put(`\r${csi}B${csi}X`);
    return undefined;
  }

  #load(line: CoreLine, x: number): Cell {
    return load(line, x, this.#cell);
  }
}

/**
 * Whether a character could become one with that before it, which it was not: a NUL between them keeps them apart. False for
 * those that never do, of which there are many side by side: Latin, CJK.
 */
function mayJoin(chars: string): boolean {
  const code = chars.codePointAt(0) ?? 0;
  if (code < 0x300) return false;
  const isCjk =
    (code >= 0x2e80 && code < 0xa4d0 && code !== 0x302a && code !== 0x3099 && code !== 0x309a) ||
    (code >= 0xac00 && code < 0xd7a4);
  const isLine = code >= 0x2500 && code < 0x2600;
  return !(isCjk || isLine);
}
