// One viewer of a terminal of the server: what it shows, in order, as fast as whoever listens takes it.
import { decodeTerminalFrame, encodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import type { TerminalFrame, TerminalState } from "@sluice/protocol/terminal-frames";
import type { Caller, NativeApi } from "./native.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Size = { readonly cols: number; readonly rows: number };

export interface ViewerEvents {
  /** The whole screen: what was shown before is to be forgotten. */
  snapshot(bytes: Bytes, size: Size): void;
  output(bytes: Bytes): void;
  resized(size: Size): void;
  state(state: TerminalState): void;
  /** Nothing comes any more. */
  closed(reason: string): void;
}

/** Looks on, and never decides about the size. What `output` and `snapshot` brought has to be acknowledged. */
export class NativeViewer {
  readonly #socket: WebSocket;
  readonly #events: ViewerEvents;
  #offset = 0;
  #acknowledged = 0;
  #over = false;

  private constructor(socket: WebSocket, events: ViewerEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) =>
      this.#take(decodeTerminalFrame(new Uint8Array(data as ArrayBuffer))),
    );
    socket.addEventListener("close", ({ reason }) => this.#end(reason));
  }

  /** The terminal should be known to be there: a socket does not say why it does not open. */
  static async open(
    native: NativeApi,
    { by, id, role = "viewer" }: { readonly by: Caller; readonly id: string; readonly role?: "viewer" | "writer" },
    events: ViewerEvents,
  ): Promise<NativeViewer> {
    const { url, options } = await native.socketOf(by, id, `?role=${role}&drive=false`);
    // Bun's own extension: browsers send cookies instead.
    return new NativeViewer(new WebSocket(url, options as unknown as string[]), events);
  }

  /** Bytes of output that it has been sent, or that the screen stood for. */
  get offset(): number {
    return this.#offset;
  }

  /** Everything so far was taken. */
  acknowledge(): void {
    if (this.#offset === this.#acknowledged) return;
    this.#acknowledged = this.#offset;
    this.#send({ type: "ack", offset: this.#offset });
  }

  type(bytes: Bytes): void {
    this.#send({ type: "input", bytes });
  }

  close(): void {
    this.#over = true;
    this.#socket.close();
  }

  #send(frame: TerminalFrame): void {
    const send = (): void => this.#socket.send(encodeTerminalFrame(frame));
    if (this.#socket.readyState === WebSocket.OPEN) send();
    else if (this.#socket.readyState === WebSocket.CONNECTING)
      this.#socket.addEventListener("open", send, { once: true });
  }

  #take(frame: TerminalFrame): void {
    switch (frame.type) {
      case "snapshot":
        this.#offset = frame.offset;
        // A snapshot is always new to the server, also one at the place that was acknowledged last.
        this.#acknowledged = -1;
        return this.#events.snapshot(new Uint8Array(frame.bytes), frame);
      case "output":
        this.#offset += frame.bytes.length;
        return this.#events.output(new Uint8Array(frame.bytes));
      case "resized":
        return this.#events.resized(frame);
      case "state":
        return this.#events.state(frame.state);
      default:
        return undefined;
    }
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.closed(reason);
  }
}
