// Colours and flags of a cell as the escape sequence that sets them, whatever was set before: ECMA-48, section 8.3.117, and xterm's
// ctlseqs for colours, underlines and protection.
import type { CellAttributes } from "./xterm-core.ts";

/** Bits of `fg` and `bg` (src/common/buffer/Constants.ts of xterm.js). */
const colourMode = 0x3000000;
const palette16 = 0x1000000;
const palette256 = 0x2000000;
const rgb = 0x3000000;
const paletteMask = 0xff;
const rgbMask = 0xffffff;
const fgFlags = [
  [0x8000000, 1],
  [0x20000000, 5],
  [0x4000000, 7],
  [0x40000000, 8],
  [0x80000000, 9],
] as const;
const bgFlags = [
  [0x8000000, 2],
  [0x4000000, 3],
  [0x40000000, 53],
] as const;
const underlined = 0x10000000;
const extendedFlag = 0x10000000;
/** Selective erasing leaves such cells (DECSCA). */
export const protectedFlag = 0x20000000;

/** Sets exactly these, links apart. */
export function sequenceOf(attributes: CellAttributes): string {
  const { fg, bg, extended } = attributes;
  const codes = ["0"];
  for (const [flag, code] of fgFlags) if ((fg & flag) !== 0) codes.push(String(code));
  for (const [flag, code] of bgFlags) if ((bg & flag) !== 0) codes.push(String(code));
  if ((fg & underlined) !== 0) codes.push(`4:${(bg & extendedFlag) !== 0 ? extended.underlineStyle || 1 : 1}`);
  codes.push(...colour(fg, 30), ...colour(bg, 40), ...underlineColour(extended.underlineColor));
  return `\x1b[${codes.join(";")}m${(bg & protectedFlag) === 0 ? "" : '\x1b[1"q'}`;
}

/** Sets the background that erased cells get, and nothing else. */
export function backgroundSequence(bg: number): string {
  return `\x1b[${["0", ...colour(bg, 40)].join(";")}m`;
}

/** The colour of a background without flags; 0 is the default. What an earlier colour has left behind an index is left out. */
export function backgroundOf({ bg }: CellAttributes): number {
  const mode = bg & colourMode;
  return mode === rgb ? bg & (colourMode | rgbMask) : mode === 0 ? 0 : mode | (bg & paletteMask);
}

/** Equal for attributes that are set by the same sequence. */
export function keyOf(attributes: CellAttributes): string {
  const { fg, bg, extended } = attributes;
  return `${fg} ${bg & ~extendedFlag} ${extended.ext} ${extended.urlId}`;
}

/** Whether links and styles of underlines count. */
export function hasExtended({ bg }: CellAttributes): boolean {
  return (bg & extendedFlag) !== 0;
}

function colour(value: number, base: 30 | 40): string[] {
  const index = value & paletteMask;
  switch (value & colourMode) {
    case palette16:
      return [String(index < 8 ? base + index : base + 60 + (index & 7))];
    case palette256:
      return [`${base + 8};5;${index}`];
    case rgb:
      return [`${base + 8};2;${(value >> 16) & 0xff};${(value >> 8) & 0xff};${value & 0xff}`];
    default:
      return [];
  }
}

/** Of underlines there are no 16 colours; -1 is none. */
function underlineColour(value: number): string[] {
  if (value === -1) return [];
  switch (value & colourMode) {
    case palette16:
    case palette256:
      return [`58:5:${value & paletteMask}`];
    case rgb:
      return [`58:2::${(value >> 16) & 0xff}:${(value >> 8) & 0xff}:${value & 0xff}`];
    default:
      return [];
  }
}
