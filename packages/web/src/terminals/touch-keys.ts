// Keys that a keyboard on glass lacks, as the bytes that a terminal sends for them (xterm's ctlseqs), and Ctrl and Alt for what is typed next.

export const touchKeys = [
  "Esc",
  "Tab",
  "Left",
  "Down",
  "Up",
  "Right",
  "Home",
  "End",
  "PgUp",
  "PgDn",
  "|",
  "/",
  "-",
  "~",
] as const;
export type TouchKey = (typeof touchKeys)[number];

/** Held down for one key. */
export interface Held {
  readonly ctrl: boolean;
  readonly alt: boolean;
}

export const nothingHeld: Held = { ctrl: false, alt: false };

const escape = "\x1b";
/** Final bytes of keys that say in a parameter what is held. */
const finals = new Map<TouchKey, string>([
  ["Up", "A"],
  ["Down", "B"],
  ["Right", "C"],
  ["Left", "D"],
  ["End", "F"],
  ["Home", "H"],
]);
const numbers = new Map<TouchKey, number>([
  ["PgUp", 5],
  ["PgDn", 6],
]);

/** What is sent for a key. `application`: the program has asked for the cursor keys' other form (DECCKM). */
export function textOfTouchKey(key: TouchKey, held: Held, application: boolean): string {
  const final = finals.get(key);
  const number = numbers.get(key);
  const modifier = 1 + (held.alt ? 2 : 0) + (held.ctrl ? 4 : 0);
  if (final !== undefined) {
    if (modifier > 1) return `${escape}[1;${modifier}${final}`;
    return `${escape}${application ? "O" : "["}${final}`;
  }
  if (number !== undefined) return `${escape}[${number}${modifier > 1 ? `;${modifier}` : ""}~`;
  if (key === "Esc") return (held.alt ? escape : "") + escape;
  return withHeld(key === "Tab" ? "\t" : key, held);
}

/** What was typed, with Ctrl and Alt. Ctrl changes single signs only that have a control character (ECMA-48). */
export function withHeld(text: string, { ctrl, alt }: Held): string {
  return (alt ? escape : "") + (ctrl ? controlOf(text) : text);
}

function controlOf(text: string): string {
  if (text === " ") return "\0";
  if (text === "?") return "\x7f";
  const upper = text.toUpperCase();
  const code = upper.length === 1 ? upper.charCodeAt(0) : 0;
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : text;
}
