// The whole state of a terminal as a stream of output: one that was just reset and has the same size becomes the same terminal by it.
// That is what a viewer gets who comes, comes back, or cannot keep up; any terminal can read it, xterm.js reads it exactly.
import type { Terminal } from "@xterm/headless";
import { hasExtended, keyOf } from "./attributes.ts";
import type { Charsets } from "./charsets.ts";
import { BufferPainting, Painter } from "./painting.ts";
import { coreOf } from "./xterm-core.ts";
import type { CellAttributes, CoreBuffer, TerminalCore } from "./xterm-core.ts";

const csi = "\x1b[";
const tabWidth = 8;
const plainAttributes = { fg: 0, bg: 0, extended: { ext: 0, urlId: 0, underlineColor: -1, underlineStyle: 0 } };

/** What is part of a terminal's state and kept beside it. */
export interface Surroundings {
  readonly charsets: Charsets;
  readonly title: string;
  /** Colours that programs have set, as the escape sequences that set them. */
  readonly colours: string;
}

/** The stream. The terminal must be between two things (ground.ts). */
export function snapshotOf(terminal: Terminal, surroundings: Surroundings): string {
  const core = coreOf(terminal);
  const painter = new Painter(core);
  const { normal, alt, active } = core.buffers;
  painter.put(titleOf(surroundings.title) + surroundings.colours);
  new BufferPainting(painter, normal, { terminal }).paint();
  putPlaces({ painter, buffer: normal, terminal, charsets: surroundings.charsets });
  if (active === alt) {
    painter.plain();
    // Where it was left: a change of size moves lines around it.
    painter.goTo(Math.min(normal.x, terminal.cols - 1), normal.y);
    painter.put(`${csi}?47h${csi}r${csi}H`);
    new BufferPainting(painter, alt, { terminal }).paint();
    putPlaces({ painter, buffer: alt, terminal, charsets: surroundings.charsets });
  }
  putEnd({ core, painter, terminal, charsets: surroundings.charsets });
  return painter.text;
}

/** What belongs to one buffer besides its lines: tab stops, the saved cursor, margins. */
function putPlaces(p: {
  readonly painter: Painter;
  readonly buffer: CoreBuffer;
  readonly terminal: Terminal;
  readonly charsets: Charsets;
}): void {
  const { painter, buffer, terminal, charsets } = p;
  painter.put(tabsOf(buffer, terminal.cols));
  const { savedX, savedY, savedCurAttrData, savedCharset, ybase } = buffer;
  const isSaved = savedX !== 0 || savedY !== 0 || savedCharset !== undefined || isColoured(savedCurAttrData);
  if (isSaved) {
    const [before, after] = charsets.around(savedCharset);
    const cursor = { x: Math.min(savedX, terminal.cols), y: Math.min(Math.max(savedY - ybase, 0), terminal.rows - 1) };
    new BufferPainting(painter, buffer, { terminal, cursor }).placeCursor((x) => painter.goTo(x, cursor.y));
    painter.use(savedCurAttrData);
    painter.put(`${before}\x1b7${after}`);
    painter.plain();
  }
  const { scrollTop, scrollBottom } = buffer;
  if (scrollTop !== 0 || scrollBottom !== terminal.rows - 1) painter.put(`${csi}${scrollTop + 1};${scrollBottom + 1}r`);
}

function isColoured(attributes: CellAttributes): boolean {
  return keyOf(attributes) !== keyOf(plainAttributes) && (attributes.fg !== 0 || attributes.bg !== 0);
}

/** The cursor, and what changes how output is read: last, because it would change how the rest of this is read. */
function putEnd(p: {
  readonly core: TerminalCore;
  readonly painter: Painter;
  readonly terminal: Terminal;
  readonly charsets: Charsets;
}): void {
  const { core, painter, terminal, charsets } = p;
  const buffer = core.buffers.active;
  const painting = new BufferPainting(painter, buffer, { terminal });
  const how = charsets.sequenceOf(core) + restoringOf(core) + modesOf(core);
  const { origin } = core.coreService.decPrivateModes;
  const { insertMode } = core.coreService.modes;
  // A combining character that comes next joins what was printed last, so that has to be printed last here too.
  const joins = core._inputHandler._parser.precedingJoinState !== 0 && buffer.x > 0 && !painting.isLastErased;
  const isOver = buffer.x >= terminal.cols;
  if (joins || !isOver) painter.put(how);
  if (origin) painter.put(`${csi}?6h`);
  const goTo = (x: number): void => painter.goTo(x, origin ? buffer.y - buffer.scrollTop : buffer.y);
  if (joins) {
    goTo(buffer.x - painting.lastWidth);
    // It is inserted, and may grow over what stands there as further characters join it.
    if (insertMode) painter.put(`${csi}${painting.lastInsertedWidth}P`);
    painter.use(currentOf(core));
    return painting.paintLast();
  }
  painting.placeCursor(goTo);
  if (isOver) painter.put(how);
  return painter.use(currentOf(core));
}

/** A restored cursor can leave a link behind that is not in use. */
function currentOf({ _inputHandler: { _curAttrData: current } }: TerminalCore): CellAttributes {
  const { fg, bg, extended } = current;
  const { ext, underlineColor, underlineStyle } = extended;
  return hasExtended(current) ? current : { fg, bg, extended: { ext, underlineColor, underlineStyle, urlId: 0 } };
}

/** Restoring the cursor also brings back the character set that was in use, beside those that are designated. */
function restoringOf({ buffers, _charsetService: service }: TerminalCore): string {
  const isRestored =
    service.charset !== service._charsets[service.glevel] && service.charset === buffers.active.savedCharset;
  return isRestored ? "\x1b8" : "";
}

function tabsOf({ tabs }: CoreBuffer, cols: number): string {
  const columns = Array.from({ length: cols }, (_, x) => x);
  if (columns.every((x) => (tabs[x] === true) === (x % tabWidth === 0))) return "";
  const stops = columns.filter((x) => tabs[x] === true);
  return `${csi}3g${stops.map((x) => `${csi}${x + 1}G\x1bH`).join("")}\r`;
}

/** ctlseqs of xterm, sections "Set mode", "DEC private mode set", "Set cursor style". */
function modesOf({ coreService, coreMouseService: mouse, options }: TerminalCore): string {
  const { modes, decPrivateModes: dec } = coreService;
  const privates = [
    dec.applicationCursorKeys ? "1" : "",
    dec.applicationKeypad ? "66" : "",
    dec.bracketedPasteMode ? "2004" : "",
    dec.reverseWraparound ? "45" : "",
    dec.sendFocus ? "1004" : "",
    mouseProtocols[mouse.activeProtocol] ?? "",
    mouseEncodings[mouse.activeEncoding] ?? "",
  ].filter((mode) => mode !== "");
  let text = privates.map((mode) => `${csi}?${mode}h`).join("");
  if (modes.insertMode) text += `${csi}4h`;
  if (options.convertEol) text += `${csi}20h`;
  if (!dec.wraparound) text += `${csi}?7l`;
  if (coreService.isCursorHidden) text += `${csi}?25l`;
  const style = cursorStyles[dec.cursorStyle ?? ""];
  if (style !== undefined) text += `${csi}${dec.cursorBlink === true ? style : style + 1} q`;
  return text;
}

const mouseProtocols: Readonly<Record<string, string>> = { X10: "9", VT200: "1000", DRAG: "1002", ANY: "1003" };
const mouseEncodings: Readonly<Record<string, string>> = { SGR: "1006", SGR_PIXELS: "1016" };
/** The blinking one of each pair. */
const cursorStyles: Readonly<Record<string, number>> = { block: 1, underline: 3, bar: 5 };

function titleOf(title: string): string {
  return title === "" ? "" : `\x1b]2;${title}\x1b\\`;
}
