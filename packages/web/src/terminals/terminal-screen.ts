// One xterm.js in the page: its parts, its colours, what it says and what is done to it. React knows of none of that.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import type { ITheme } from "@xterm/xterm";
import { Terminal } from "@xterm/xterm";
import { mend } from "./mend.ts";
import { silence } from "./silence.ts";
import { drawWith, styledDocument, withStyles } from "./styled-document.ts";
import type { TerminalLook } from "./look.ts";
import type { ScreenSize } from "./screen-feed.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface ScreenEvents {
  /** Keys, reports of the mouse and of the focus. */
  typed(bytes: Bytes): void;
  /** Where a link under the pointer leads; undefined when there is none. */
  overLink(address: string | undefined): void;
  /** How many places fit what is looked for, and which of them is shown, from 0. */
  found(count: number, index: number): void;
  /** A program wants this on the clipboard. */
  clipboard(text: string): void;
}

export interface ScreenLook extends TerminalLook {
  readonly colours: ITheme;
  readonly mayType: boolean;
  readonly nonce: string;
}

const fontFamily =
  'ui-monospace, "SF Mono", SFMono-Regular, "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace';
/** As many as the server keeps by default. */
const scrollbackLines = 1_000;
/** Of WCAG 2, AA: colours that programs choose are moved until they can be read. */
const contrastMin = 4.5;
const sizeMin = 2;
const sizeMax = 1_000;
const clipboardCharsMax = 1_000_000;

export class TerminalScreen {
  readonly xterm: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #events: ScreenEvents;
  readonly #document: Document;
  #webgl: WebglAddon | undefined;
  #look: ScreenLook;

  constructor(look: ScreenLook, events: ScreenEvents) {
    this.#look = look;
    this.#events = events;
    this.#document = styledDocument(look.nonce);
    this.xterm = new Terminal({
      allowProposedApi: true,
      documentOverride: this.#document,
      fontFamily,
      scrollback: scrollbackLines,
      minimumContrastRatio: contrastMin,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      linkHandler: {
        activate: (event, address) => follow(event, address),
        hover: (_event, address) => events.overLink(address),
        leave: () => events.overLink(undefined),
      },
      ...optionsOf(look),
    });
    this.#addParts();
    mend(this.xterm);
    silence(this.xterm.parser);
    this.xterm.onData((text) => events.typed(new TextEncoder().encode(text)));
    this.xterm.onBinary((text) => events.typed(Uint8Array.from(text, (sign) => sign.charCodeAt(0))));
    this.xterm.parser.registerOscHandler(52, (text) => this.#toClipboard(text));
  }

  /** Shows it in an element of the page. */
  open(host: HTMLElement): void {
    withStyles(this.#look.nonce, () => this.xterm.open(host));
    this.#draw();
  }

  use(look: ScreenLook): void {
    const before = this.#look;
    this.#look = look;
    Object.assign(this.xterm.options, optionsOf(look));
    if (before.graphics !== look.graphics) this.#draw();
  }

  /** The size that fits where it is shown; undefined while it is not shown. */
  get fitting(): ScreenSize | undefined {
    const size = this.#fit.proposeDimensions();
    if (size === undefined || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return undefined;
    const within = (count: number): number => Math.min(sizeMax, Math.max(sizeMin, count));
    return { cols: within(size.cols), rows: within(size.rows) };
  }

  /** Shows the next place, or the one before, that has a text; none for an empty one. */
  find(text: string, back: boolean): void {
    if (text === "") {
      this.#search.clearDecorations();
      return this.#events.found(0, -1);
    }
    const { brightYellow = "#ffd54a", yellow = "#b78a00" } = this.#look.colours;
    const decorations = {
      matchBackground: yellow,
      matchOverviewRuler: yellow,
      activeMatchBackground: brightYellow,
      activeMatchColorOverviewRuler: brightYellow,
    };
    const options = { decorations };
    if (back) this.#search.findPrevious(text, options);
    else this.#search.findNext(text, options);
    return undefined;
  }

  dispose(): void {
    this.xterm.dispose();
  }

  #addParts(): void {
    this.xterm.loadAddon(new UnicodeGraphemesAddon());
    this.xterm.loadAddon(this.#fit);
    this.xterm.loadAddon(this.#search);
    this.xterm.loadAddon(
      new WebLinksAddon((event, address) => follow(event, address), {
        hover: (_event, address) => this.#events.overLink(address),
        leave: () => this.#events.overLink(undefined),
      }),
    );
    this.#search.onDidChangeResults(({ resultCount, resultIndex }) => this.#events.found(resultCount, resultIndex));
  }

  /** By the graphics card where that is wanted and works; by elements of the page otherwise. */
  #draw(): void {
    this.#webgl?.dispose();
    this.#webgl = undefined;
    drawWith(this.xterm, this.#document);
    if (!this.#look.graphics) return;
    const webgl = new WebglAddon();
    try {
      this.xterm.loadAddon(webgl);
    } catch {
      // No WebGL 2 here: the page's elements do.
      return;
    }
    webgl.onContextLoss(() => {
      webgl.dispose();
      drawWith(this.xterm, this.#document);
      if (this.#webgl === webgl) this.#webgl = undefined;
    });
    this.#webgl = webgl;
  }

  /** OSC 52: `c;base64`. Nobody is told what is on the clipboard. */
  #toClipboard(text: string): boolean {
    const encoded = text.slice(text.indexOf(";") + 1);
    if (!this.#look.clipboard || encoded === "?" || encoded.length > clipboardCharsMax) return true;
    try {
      const bytes = Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
      this.#events.clipboard(new TextDecoder().decode(bytes));
    } catch {
      // Not base64: nothing to put there.
    }
    return true;
  }
}

function optionsOf(look: ScreenLook) {
  return {
    fontSize: look.fontPx,
    theme: look.colours,
    screenReaderMode: look.screenReader,
    disableStdin: !look.mayType,
  };
}

/** Links are followed on purpose: with Ctrl, or Cmd, so that a click into the terminal stays one. */
function follow(event: MouseEvent, address: string): void {
  if (!event.ctrlKey && !event.metaKey) return;
  const { protocol, href } = new URL(address);
  if (protocol === "http:" || protocol === "https:") window.open(href, "_blank", "noopener,noreferrer");
}
