// A terminal without anybody who looks at it: it takes all output of a session, answers what programs ask of a terminal, and says how the
// screen looks. Runs in a thread of its own.
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { Terminal } from "@xterm/headless";
import type { Bytes, Snapshot, TerminalSize } from "../ports.ts";
import { cellsOf } from "./cells.ts";
import type { ScreenCells } from "./cells.ts";
import type { Charsets } from "./charsets.ts";
import { Colours } from "./colours.ts";
import { GroundFinder } from "./ground.ts";
import { snapshotOf } from "./snapshot.ts";
import { coreOf, mend, resizeTo } from "./xterm-core.ts";

/** What a screen has to say besides how it looks. */
export interface ScreenListener {
  reply(text: string): void;
  title(title: string): void;
  bell(): void;
}

/** Output that ends within a sequence waits for its rest, so that the screen can be cut off at any time, up to this. */
const heldBytesMax = 64 * 1024;
const titleCharsMax = 256;
/** Which program this is, for those who ask (XTVERSION). */
const terminalName = "sluice";

export class HeadlessScreen {
  readonly #terminal: Terminal;
  readonly #charsets: Charsets;
  readonly #colours: Colours;
  readonly #ground = new GroundFinder();
  #held: Bytes = new Uint8Array(0);
  #offset = 0;
  #mark = 0;
  #title = "";
  /** The sequence that is on its way was longer than what may wait. */
  #within = false;
  #failures = 0;

  constructor(
    p: TerminalSize & { readonly scrollbackLines: number; readonly charsets: Charsets },
    listener: ScreenListener,
  ) {
    this.#charsets = p.charsets;
    const { cols, rows, scrollbackLines } = p;
    this.#terminal = new Terminal({ cols, rows, scrollback: scrollbackLines, allowProposedApi: true, logLevel: "off" });
    this.#terminal.loadAddon(new UnicodeGraphemesAddon());
    mend(this.#terminal);
    this.#colours = new Colours(this.#terminal, (text) => listener.reply(text));
    this.#terminal.onData((text) => listener.reply(text));
    this.#terminal.onBell(() => listener.bell());
    this.#terminal.onTitleChange((title) => {
      this.#title = printable(title).slice(0, titleCharsMax);
      listener.title(this.#title);
    });
    this.#terminal.parser.registerCsiHandler({ prefix: ">", final: "q" }, () => {
      listener.reply(`\x1bP>|${terminalName}\x1b\\`);
      return true;
    });
  }

  /** Pieces of output that the terminal could not read to their end. */
  get failures(): number {
    return this.#failures;
  }

  /** Output that the screen has, or holds the beginning of. */
  get seen(): number {
    return this.#offset + this.#held.length;
  }

  write(bytes: Bytes): void {
    const cut = this.#ground.read(bytes);
    if (cut === undefined) return this.#hold(bytes);
    this.#within = false;
    this.#feed(this.#held);
    this.#feed(bytes.subarray(0, cut));
    this.#held = bytes.slice(cut);
  }

  resize(size: TerminalSize, mark: number): void {
    // What is held belongs before the change, and nothing of it would be seen: it is a part of a sequence.
    resizeTo(this.#terminal, size);
    // The cursor may be elsewhere now: nothing joins what was printed before.
    coreOf(this.#terminal)._inputHandler.parse("\0");
    this.#mark = mark;
  }

  /** Stands for what was taken before the sequence that is on its way, if there is one. */
  snapshot(): Snapshot {
    const text = snapshotOf(this.#terminal, {
      charsets: this.#charsets,
      title: this.#title,
      colours: this.#colours.sequences,
    });
    const { cols, rows } = this.#terminal;
    return { offset: this.#offset, mark: this.#mark, cols, rows, bytes: new TextEncoder().encode(text) };
  }

  /** Whether a snapshot can be made: not in the middle of a long sequence, such as an image. */
  get isSteady(): boolean {
    return !this.#within;
  }

  /** Lines as a person reads them: continued ones joined, nothing behind the last that is not empty. */
  text(): string {
    const { normal, active } = this.#terminal.buffer;
    const buffer = active.type === "alternate" ? active : normal;
    const lines: string[] = [];
    for (let index = 0; index < buffer.length; index++) {
      const line = buffer.getLine(index);
      if (line === undefined) continue;
      const isContinued = buffer.getLine(index + 1)?.isWrapped === true;
      const text = line.translateToString(!isContinued);
      if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    while (lines.at(-1) === "") lines.pop();
    return lines.join("\n");
  }

  /** What is on the screen, cell by cell. */
  cells(): ScreenCells {
    return cellsOf(this.#terminal);
  }

  close(): void {
    this.#terminal.dispose();
  }

  #hold(bytes: Bytes): void {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    this.#held = all;
    if (all.length <= heldBytesMax) return;
    this.#within = true;
    this.#feed(all);
    this.#held = new Uint8Array(0);
  }

  #feed(bytes: Bytes): void {
    if (bytes.length === 0) return;
    this.#offset += bytes.length;
    const { _inputHandler: handler } = coreOf(this.#terminal);
    try {
      handler.parse(bytes);
    } catch {
      // The rest of these bytes is lost to the screen; a program that redraws mends that.
      handler._parser.reset();
      this.#failures++;
    }
  }
}

/** A title goes into lists, pages and other terminals: nothing in it may be obeyed, or turn around what is beside it. */
function printable(title: string): string {
  // eslint-disable-next-line no-control-regex -- that is the point
  return title.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
}
