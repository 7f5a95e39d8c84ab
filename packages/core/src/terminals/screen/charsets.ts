// Which character sets a terminal has designated: xterm.js keeps their tables and not their names, so the names are found by the tables.
import { Terminal } from "@xterm/headless";
import { coreOf } from "./xterm-core.ts";
import type { Charset, TerminalCore } from "./xterm-core.ts";

/** Final bytes of designations that xterm.js knows besides US ASCII (src/common/data/Charsets.ts). */
const finals = ["0", "A", "4", "C", "5", "R", "Q", "K", "Y", "E", "6", "Z", "H", "7", "="];
const ascii = "B";
/** Intermediate bytes of the designations of G0 to G3: ISO/IEC 2022, section 14.3. */
const levels = ["(", ")", "*", "+"];
/** Locking shifts of G0 to G3. */
const shifts = ["\x0f", "\x0e", "\x1bn", "\x1bo"];

/** Names of the tables. Made once: the tables are the library's own. */
export class Charsets {
  readonly #finals = new Map<Charset, string>([[undefined, ascii]]);

  constructor() {
    const terminal = new Terminal({ cols: 2, rows: 1, allowProposedApi: true });
    const core = coreOf(terminal);
    for (const final of finals) {
      core._inputHandler.parse(`\x1b(${final}`);
      this.#finals.set(core._charsetService._charsets[0], final);
    }
    terminal.dispose();
  }

  /** Designates what is designated, and shifts to what is shifted to. */
  sequenceOf({ _charsetService: service }: TerminalCore): string {
    let text = "";
    for (const [level, sign] of levels.entries()) {
      const final = this.#finalOf(service._charsets[level]);
      if (final !== ascii) text += `\x1b${sign}${final}`;
    }
    return service.glevel === 0 ? text : text + (shifts[service.glevel] ?? "");
  }

  /** Around a cursor that is saved while this table is in use. */
  around(charset: Charset): readonly [before: string, after: string] {
    const final = this.#finalOf(charset);
    return final === ascii ? ["", ""] : [`\x1b(${final}`, `\x1b(${ascii}`];
  }

  #finalOf(charset: Charset): string {
    return this.#finals.get(charset) ?? ascii;
  }
}
