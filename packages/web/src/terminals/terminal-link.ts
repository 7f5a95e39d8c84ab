// A viewer's connection to a terminal: what the server says goes to the screen, what is typed to the server; a connection that breaks
// is made again and goes on where it was.
import { decodeTerminalFrame, encodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import type { TerminalFrame, TerminalState } from "@sluice/protocol/terminal-frames";
import { retryMs } from "../live/connection.ts";
import type { ScreenFeed, ScreenSize } from "./screen-feed.ts";

/** `over`: nothing comes any more, and `reason` says why. */
export type LinkPhase =
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  | { readonly kind: "lost"; readonly retryAt: number }
  | { readonly kind: "over"; readonly reason: string };

export interface TerminalLinkParts {
  /** `query`: of the socket's URL. */
  readonly open: (query: URLSearchParams) => WebSocket;
  /** Why there is no use in trying again; undefined while there is. */
  readonly whyOver: () => Promise<string | undefined>;
  readonly feed: Pick<ScreenFeed, "write" | "resize" | "show">;
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onState: (state: TerminalState) => void;
  readonly onPhase: (phase: LinkPhase) => void;
  /** Whether it decides about the size where nobody else does. */
  readonly drive: boolean;
  readonly role: "viewer" | "writer";
}

/** Longest message of input: half of what the server takes by default. */
const inputBytesMax = 32 * 1024;
/** The session has ended, the message was not understood, or one is not let in: 4401, 1007, 1008. */
const finalCodes: ReadonlySet<number> = new Set([4401, 1007, 1008]);

export class TerminalLink {
  readonly #parts: TerminalLinkParts;
  #socket: WebSocket | undefined;
  #place: { offset: number; mark: number } | undefined;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #wanted: ScreenSize | undefined;
  #told: ScreenSize | undefined;
  #drives = false;
  #over = false;

  constructor(parts: TerminalLinkParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#connect();
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** What is typed while there is no connection is lost, as the page says. */
  type(bytes: Uint8Array<ArrayBuffer>): void {
    for (let from = 0; from < bytes.length; from += inputBytesMax) {
      this.#send({ type: "input", bytes: bytes.subarray(from, from + inputBytesMax) });
    }
  }

  /** So large it would be here; told to the server as long as this viewer decides about the size. */
  fit(size: ScreenSize): void {
    this.#wanted = size;
    this.#tellSize();
  }

  /** Takes over the size, or leaves it as it is. */
  drive(on: boolean): void {
    this.#send({ type: "drive", on });
  }

  /** Tries now instead of later. */
  hurry(): void {
    if (this.#over || this.#socket !== undefined) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  #connect(): void {
    this.#parts.onPhase({ kind: "connecting" });
    const { role, drive } = this.#parts;
    const query = new URLSearchParams({ role, drive: String(drive || this.#drives) });
    if (this.#place !== undefined) {
      query.set("offset", String(this.#place.offset));
      query.set("mark", String(this.#place.mark));
    }
    const socket = this.#parts.open(query);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#told = undefined;
    this.#drives = false;
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (this.#socket === socket && data instanceof ArrayBuffer) this.#take(decodeTerminalFrame(new Uint8Array(data)));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#socket === socket) this.#closed(code, reason);
    });
  }

  #take(frame: TerminalFrame): void {
    switch (frame.type) {
      case "snapshot": {
        this.#began(frame);
        const { offset, bytes } = frame;
        return this.#parts.feed.show(frame, { bytes, taken: () => this.#send({ type: "ack", offset }) });
      }
      case "resumed":
        return this.#began(frame);
      case "output": {
        const place = this.#place;
        if (place === undefined) return undefined;
        place.offset += frame.bytes.length;
        const { offset } = place;
        return this.#parts.feed.write(frame.bytes, () => this.#send({ type: "ack", offset }));
      }
      case "resized":
        if (this.#place !== undefined) this.#place.mark = frame.mark;
        return this.#parts.feed.resize(frame);
      case "state":
        this.#drives = frame.state.drives;
        this.#tellSize();
        return this.#parts.onState(frame.state);
      default:
        return undefined;
    }
  }

  #began({ offset, mark }: { readonly offset: number; readonly mark: number }): void {
    this.#place = { offset, mark };
    this.#attempt = 0;
    this.#parts.onPhase({ kind: "open" });
  }

  #tellSize(): void {
    const wanted = this.#wanted;
    if (!this.#drives) {
      this.#told = undefined;
      return;
    }
    if (wanted === undefined || (this.#told?.cols === wanted.cols && this.#told.rows === wanted.rows)) return;
    this.#told = wanted;
    this.#send({ type: "resize", ...wanted });
  }

  #closed(code: number, reason: string): void {
    this.#socket = undefined;
    if (finalCodes.has(code)) return this.#end(reason);
    const ms = retryMs(this.#attempt++, this.#parts.random);
    this.#parts.onPhase({ kind: "lost", retryAt: this.#parts.now() + ms });
    // A browser does not say why a connection was refused: that is asked for.
    this.#retry = setTimeout(() => {
      void this.#parts.whyOver().then((why) => {
        if (this.#over || this.#socket !== undefined) return;
        if (why === undefined) this.#connect();
        else this.#end(why);
      });
    }, ms);
    return undefined;
  }

  #end(reason: string): void {
    this.#over = true;
    this.#parts.onPhase({ kind: "over", reason });
  }

  #send(frame: TerminalFrame): void {
    if (this.#socket?.readyState === 1) this.#socket.send(encodeTerminalFrame(frame));
  }
}
