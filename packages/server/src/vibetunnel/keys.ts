// The keys that input can name instead of text, and what a terminal in its normal modes sends for each (xterm's ctlseqs).

const keys = new Map(
  Object.entries({
    arrow_up: "\x1b[A",
    arrow_down: "\x1b[B",
    arrow_right: "\x1b[C",
    arrow_left: "\x1b[D",
    escape: "\x1b",
    enter: "\r",
    ctrl_enter: "\n",
    shift_enter: "\r\n",
    backspace: "\x7f",
    tab: "\t",
    shift_tab: "\x1b[Z",
    page_up: "\x1b[5~",
    page_down: "\x1b[6~",
    home: "\x1b[H",
    end: "\x1b[F",
    delete: "\x1b[3~",
    f1: "\x1bOP",
    f2: "\x1bOQ",
    f3: "\x1bOR",
    f4: "\x1bOS",
    f5: "\x1b[15~",
    f6: "\x1b[17~",
    f7: "\x1b[18~",
    f8: "\x1b[19~",
    f9: "\x1b[20~",
    f10: "\x1b[21~",
    f11: "\x1b[23~",
    f12: "\x1b[24~",
  }),
);

/** Undefined for a name that no key has. */
export function textOfKey(name: string): string | undefined {
  return keys.get(name);
}

/** What `/ws/input` says: text as it is, a key between two NULs. Undefined for a key that is not known. */
export function textOfInput(message: string): string | undefined {
  if (message.length > 2 && message.startsWith("\0") && message.endsWith("\0")) return textOfKey(message.slice(1, -1));
  return message;
}
