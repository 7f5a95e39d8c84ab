// Ties a terminal of the server to an element of the page, for as long as that is shown.
import type { TerminalState } from "@sluice/protocol/terminal-frames";
import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from "react";
import type { RefObject } from "react";
import { api, ApiError, apiUrl } from "../api.ts";
import { usePreferences, useToasts } from "../parts.ts";
import { copyText } from "../ui/code-block.tsx";
import { useStyleNonce } from "../ui/style-nonce.ts";
import { ScreenFeed } from "./screen-feed.ts";
import { TerminalLink } from "./terminal-link.ts";
import type { LinkPhase } from "./terminal-link.ts";
import { TerminalScreen } from "./terminal-screen.ts";
import type { ScreenLook } from "./terminal-screen.ts";
import { coloursOf } from "./themes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What is on the page, and what can be done to it. */
export interface ShownTerminal {
  readonly screen: TerminalScreen;
  readonly link: TerminalLink;
}

export interface TerminalView {
  /** Where it is shown. */
  readonly host: RefObject<HTMLDivElement | null>;
  readonly shown: RefObject<ShownTerminal | undefined>;
  readonly phase: LinkPhase;
  /** Undefined before the server has said anything. */
  readonly state: TerminalState | undefined;
  /** Where the link under the pointer leads. */
  readonly address: string | undefined;
  readonly found: { readonly count: number; readonly index: number };
}

export interface TerminalUse {
  readonly id: string;
  readonly mayType: boolean;
  /** Whether it may decide about the size where nobody else does. */
  readonly drive: boolean;
  /** What was typed: the page passes it on, to this terminal or to several. */
  readonly onTyped: (bytes: Bytes) => void;
}

/** Console and terminal follow the same attribute of the page. */
function subscribeDark(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

export function useTerminalLook(mayType: boolean): ScreenLook {
  const { terminal } = usePreferences();
  const isDark = useSyncExternalStore(subscribeDark, () => document.documentElement.dataset["theme"] === "dark");
  const nonce = useStyleNonce();
  return { ...terminal, colours: coloursOf(terminal.theme, isDark), mayType, nonce };
}

export function useTerminal(use: TerminalUse): TerminalView {
  const host = useRef<HTMLDivElement>(null);
  const shown = useRef<ShownTerminal>(undefined);
  const [phase, setPhase] = useState<LinkPhase>({ kind: "connecting" });
  const [state, setState] = useState<TerminalState>();
  const [address, setAddress] = useState<string>();
  const [found, setFound] = useState({ count: 0, index: -1 });
  const look = useTerminalLook(use.mayType);
  const toasts = useToasts();
  const onTyped = useEffectEvent((bytes: Bytes) => use.onTyped(bytes));
  const onClipboard = useEffectEvent((text: string) => {
    void copyText(text).then(() => toasts.show({ tone: "neutral", title: "A program has put text on the clipboard" }));
  });
  const begin = useEffectEvent((element: HTMLElement): ShownTerminal => {
    const screen = new TerminalScreen(look, {
      typed: onTyped,
      overLink: setAddress,
      found: (count, index) => setFound({ count, index }),
      clipboard: onClipboard,
    });
    screen.open(element);
    const link = new TerminalLink({
      open: (query) => new WebSocket(socketUrl(use.id, query)),
      whyOver: async () => whyOver(use.id),
      feed: new ScreenFeed(screen.xterm),
      now: () => Date.now(),
      random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
      onState: setState,
      onPhase: setPhase,
      drive: use.drive,
      role: use.mayType ? "writer" : "viewer",
    });
    return { screen, link };
  });
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const begun = begin(element);
    shown.current = begun;
    const stopFitting = fitting(element, begun);
    begun.link.start();
    return () => {
      stopFitting();
      shown.current = undefined;
      begun.link.stop();
      begun.screen.dispose();
    };
  }, [use.id, use.mayType]);
  useEffect(() => {
    shown.current?.screen.use(look);
    if (shown.current !== undefined) tellSize(shown.current);
  });
  return { host, shown, phase, state, address, found };
}

function socketUrl(id: string, query: URLSearchParams): string {
  const path = apiUrl("watchTerminal", { params: { id } });
  return `${location.origin.replace(/^http/, "ws")}${path}?${query.toString()}`;
}

/** Why nothing will come any more: asked for, since a browser says of a refused socket only that it was. */
async function whyOver(id: string): Promise<string | undefined> {
  try {
    await api("getTerminal", { params: { id } });
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return error.message;
  }
  return undefined;
}

function tellSize({ screen, link }: ShownTerminal): void {
  const size = screen.fitting;
  if (size !== undefined) link.fit(size);
}

/** Tells the server how large the terminal would be here, once a frame at most. */
function fitting(element: HTMLElement, shown: ShownTerminal): () => void {
  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => tellSize(shown));
  });
  observer.observe(element);
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}
