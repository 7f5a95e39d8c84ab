// Text from outside, with everything that could hide or reorder it made visible: control characters, terminal escapes,
// marks of writing direction, characters without width. Sources: Unicode 16 (general categories Cc and Cf), ECMA-48.

/** Everything of Cc but tab and line ends; direction marks; what has no width and joins nothing; tags. */
const hidden =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const lineEnds = /\r\n?/g;

/** Names of the control characters from 0 on (ISO/IEC 6429). */
const controls = (
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI " +
  "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
).split(" ");

function mark(found: string): string {
  const code = found.codePointAt(0) ?? 0;
  const name = code === 0x7f ? "DEL" : controls[code];
  if (name !== undefined) return `⟨${name}⟩`;
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** `text` with nothing in it that a reader would not see. Line ends and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(lineEnds, "\n").replace(hidden, mark);
}
