// What is on a screen as VibeTunnel's `/buffers` and `/api/sessions/:id/buffer` send it: little-endian, u16 "VT", u8 version 1, u8 flags, u32
// columns, u32 rows, i32 first row, i32 cursor x, i32 cursor y, u32 0; then a row each: 0xFE and 1 for an empty one, or 0xFD, u16 count
// and its cells. A cell is a byte of type (0x80 colours or flags follow, 0x40 not ASCII, 0x20 foreground, 0x10 background, 0x08 and 0x04
// they are RGB, the lowest two bits 0 space, 1 ASCII, 2 other), its character (one byte, or a length and UTF-8), a byte of flags, colours.
import type { CellColour, ScreenCell, ScreenCells } from "@sluice/core/terminals/screen";

const headBytes = 28;
const characterBytesMax = 255;
const emptyRow = [0xfe, 1];
const rowMark = 0xfd;
/** An RGB colour that is no greater is taken for a place of the palette by those who read this. */
const paletteMax = 0xff;

/** One screen. */
export function encodeCells({ cols, rows, cursor }: ScreenCells): Uint8Array<ArrayBuffer> {
  // Rows below the last that has something, and below the cursor, are left out.
  const last = rows.findLastIndex((row) => row.length > 0);
  const shown = rows.slice(0, Math.max(last, cursor.y) + 1);
  const body: number[] = [];
  for (const row of shown) {
    if (row.length === 0) body.push(...emptyRow);
    else {
      body.push(rowMark, row.length & 0xff, row.length >> 8);
      for (const cell of row) pushCell(body, cell);
    }
  }
  const bytes = new Uint8Array(headBytes + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x5654, true);
  view.setUint8(2, 1);
  view.setUint32(4, cols, true);
  view.setUint32(8, shown.length, true);
  view.setInt32(16, cursor.x, true);
  view.setInt32(20, cursor.y, true);
  bytes.set(body, headBytes);
  return bytes;
}

/** A message of `/buffers`: 0xBF, u32 length of the id, the id, the screen. */
export function bufferMessage(id: string, screen: Uint8Array): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(id);
  const message = new Uint8Array(5 + name.length + screen.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, 0xbf);
  view.setUint32(1, name.length, true);
  message.set(name, 5);
  message.set(screen, 5 + name.length);
  return message;
}

function pushCell(into: number[], { text, foreground, background, flags }: ScreenCell): void {
  const isSpace = text === " ";
  const isAscii = text.length === 1 && text.charCodeAt(0) < 0x80;
  const hasMore = foreground !== undefined || background !== undefined || flags !== 0;
  const type =
    (hasMore ? 0x80 : 0) |
    (isAscii ? (isSpace ? 0 : 1) : 0x42) |
    (foreground === undefined ? 0 : 0x20 | (isRgb(foreground) ? 0x08 : 0)) |
    (background === undefined ? 0 : 0x10 | (isRgb(background) ? 0x04 : 0));
  into.push(type);
  if (!isAscii) {
    const bytes = new TextEncoder().encode(text);
    // Longer clusters than a length fits are cut between code points.
    const fits =
      bytes.length <= characterBytesMax ? bytes : new TextEncoder().encode(Array.from(text).slice(0, 60).join(""));
    into.push(fits.length, ...fits);
  } else if (!isSpace) into.push(text.charCodeAt(0));
  if (!hasMore) return;
  into.push(flags);
  for (const colour of [foreground, background]) if (colour !== undefined) pushColour(into, colour);
}

function isRgb(colour: CellColour): boolean {
  return colour.kind === "rgb";
}

function pushColour(into: number[], colour: CellColour): void {
  if (colour.kind === "palette") into.push(colour.index & paletteMax);
  else into.push((colour.rgb >> 16) & 0xff, (colour.rgb >> 8) & 0xff, colour.rgb & 0xff);
}
