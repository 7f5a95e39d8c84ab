// Colours that programs set and ask for (OSC 4, 10, 11, 12): xterm.js leaves them to the page, and here is none. A program that asks for the
// background wants to know whether it is dark; the console is, unless the program has set something else.
import type { Terminal } from "@xterm/headless";

const foreground = 10;
const background = 11;
const cursor = 12;
/** As they are answered where nobody has set any: white on black, in the form of XParseColor(3). */
const specials: Readonly<Record<number, string>> = {
  [foreground]: "rgb:e5e5/e5e5/e5e5",
  [background]: "rgb:0000/0000/0000",
  [cursor]: "rgb:e5e5/e5e5/e5e5",
};
const paletteSize = 256;
/** What a program may set; anything else would go to other people's terminals as it is. */
const colourPattern = /^(?:rgb:[0-9a-f]{1,4}\/[0-9a-f]{1,4}\/[0-9a-f]{1,4}|#[0-9a-f]{3,12})$/i;

export class Colours {
  readonly #specials = new Map<number, string>();
  readonly #palette = new Map<number, string>();
  readonly #reply: (text: string) => void;

  constructor(terminal: Terminal, reply: (text: string) => void) {
    this.#reply = reply;
    const { parser } = terminal;
    for (const code of [foreground, background, cursor]) {
      parser.registerOscHandler(code, (data) => this.#setSpecials(code, data.split(";")));
      parser.registerOscHandler(code + 100, () => {
        this.#specials.delete(code);
        return true;
      });
    }
    parser.registerOscHandler(4, (data) => this.#setPalette(data.split(";")));
    parser.registerOscHandler(104, (data) => this.#resetPalette(data));
    parser.registerEscHandler({ final: "c" }, () => {
      this.#specials.clear();
      this.#palette.clear();
      return false;
    });
  }

  /** Sets what was set. */
  get sequences(): string {
    const specials_ = [...this.#specials].map(([code, colour]) => `\x1b]${code};${colour}\x1b\\`);
    const palette = [...this.#palette].map(([index, colour]) => `\x1b]4;${index};${colour}\x1b\\`);
    return [...specials_, ...palette].join("");
  }

  /** One value each for this code and those behind it. */
  #setSpecials(first: number, values: readonly string[]): boolean {
    for (const [index, value] of values.entries()) {
      const code = first + index;
      const known = specials[code];
      if (known === undefined) break;
      if (value === "?") this.#reply(`\x1b]${code};${this.#specials.get(code) ?? known}\x1b\\`);
      else if (colourPattern.test(value)) this.#specials.set(code, value);
    }
    return true;
  }

  #setPalette(values: readonly string[]): boolean {
    for (let at = 0; at + 1 < values.length; at += 2) {
      const index = Number(values[at]);
      const value = values[at + 1] ?? "";
      if (!(Number.isInteger(index) && index >= 0 && index < paletteSize)) continue;
      const known = this.#palette.get(index);
      if (colourPattern.test(value)) this.#palette.set(index, value);
      else if (value === "?") this.#reply(`\x1b]4;${index};${known ?? defaultColour(index)}\x1b\\`);
    }
    return true;
  }

  #resetPalette(data: string): boolean {
    if (data === "") this.#palette.clear();
    else for (const index of data.split(";")) this.#palette.delete(Number(index));
    return true;
  }
}

const first16 =
  "2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec".split(
    " ",
  );

/** The palette that xterm.js has: 16 of its own, the cube of 6×6×6 and the greys of xterm. */
function defaultColour(index: number): string {
  if (index < 16) return spelt(Number.parseInt(first16[index] ?? "0", 16));
  if (index >= 232) return spelt((8 + (index - 232) * 10) * 0x010101);
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const at = index - 16;
  return spelt((level(Math.floor(at / 36)) << 16) | (level(Math.floor(at / 6) % 6) << 8) | level(at % 6));
}

function spelt(rgb: number): string {
  const part = (shift: number): string => ((rgb >> shift) & 0xff).toString(16).padStart(2, "0").repeat(2);
  return `rgb:${part(16)}/${part(8)}/${part(0)}`;
}
