// The WebSocket of one viewer of a terminal.
import type {
  Bytes,
  LogPlace,
  TerminalLimits,
  TerminalSession,
  Viewer,
  ViewerEnd,
  ViewerLink,
} from "@sluice/core/terminals";
import { decodeTerminalFrame, TerminalFrameError } from "@sluice/protocol/terminal-frames";
import type { TerminalRole } from "@sluice/protocol";
import type { TerminalFrame } from "@sluice/protocol/terminal-frames";
import { closeCodes } from "../sockets.ts";
import type { Socket, SocketSession } from "../sockets.ts";

/** A viewer whose connection has more than this waiting is behind, however much it has acknowledged before. */
const waitingBytesMax = 1024 * 1024;
const sizeMin = 2;

const goodbyes: Readonly<Record<ViewerEnd, readonly [code: number, reason: string]>> = {
  deleted: [closeCodes.ended, "the terminal has ended"],
  stopping: [closeCodes.restarting, "the server is stopping"],
  malformed: [closeCodes.malformed, "not a message of terminals"],
  forbidden: [closeCodes.ended, "not allowed any more"],
};

export class TerminalSocket implements SocketSession, ViewerLink {
  readonly messageBytesMax: number;
  readonly #session: TerminalSession;
  readonly #role: TerminalRole;
  readonly #place: LogPlace | undefined;
  readonly #drive: boolean;
  readonly #limits: TerminalLimits;
  readonly #unlisten: () => void;
  #socket: Socket | undefined;
  #viewer: Viewer | undefined;
  #over = false;

  constructor(p: {
    readonly session: TerminalSession;
    readonly role: TerminalRole;
    readonly place: LogPlace | undefined;
    readonly drive: boolean;
    readonly limits: TerminalLimits;
    /** Hears when whoever looks on is no longer let in. */
    readonly onEnded: (listener: () => void) => () => void;
  }) {
    this.#session = p.session;
    this.#role = p.role;
    this.#place = p.place;
    this.#drive = p.drive;
    this.#limits = p.limits;
    this.messageBytesMax = p.limits.terminalInputBytesMax + 1;
    this.#unlisten = p.onEnded(() => this.end("forbidden"));
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#over) return socket.cut();
    this.#viewer = this.#session.attach({ link: this, role: this.#role, from: this.#place, drive: this.#drive });
    return undefined;
  }

  received(message: string | Uint8Array): void {
    const viewer = this.#viewer;
    if (viewer === undefined || this.#over) return;
    if (typeof message === "string") return this.end("malformed");
    let frame: TerminalFrame;
    try {
      frame = decodeTerminalFrame(message as Bytes);
    } catch (error) {
      if (!(error instanceof TerminalFrameError)) throw error;
      return this.end("malformed");
    }
    return this.#take(viewer, frame);
  }

  drained(): void {
    this.#viewer?.pump();
  }

  closed(): void {
    this.#over = true;
    this.#unlisten();
    if (this.#viewer !== undefined) this.#session.detach(this.#viewer);
    this.#viewer = undefined;
    this.#socket = undefined;
  }

  send(frame: Bytes): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.waitingBytes > waitingBytesMax) return false;
    socket.sendBytes(frame);
    return true;
  }

  end(reason: ViewerEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten();
    if (this.#viewer !== undefined) this.#session.detach(this.#viewer);
    const [code, text] = goodbyes[reason];
    this.#socket?.close(code, text);
  }

  #take(viewer: Viewer, frame: TerminalFrame): void {
    switch (frame.type) {
      case "input":
        // What cannot be typed is lost, as at any terminal that nobody reads from: the state says that the program has ended.
        this.#session.typeAs(viewer, frame.bytes);
        return undefined;
      case "resize": {
        const { cols, rows } = frame;
        const { terminalColumnsMax, terminalRowsMax } = this.#limits;
        const fits = cols >= sizeMin && rows >= sizeMin && cols <= terminalColumnsMax && rows <= terminalRowsMax;
        return fits ? this.#session.resizeAs(viewer, { cols, rows }) : this.end("malformed");
      }
      case "ack":
        return viewer.acknowledge(frame.offset);
      case "drive":
        return this.#session.drive(viewer, frame.on);
      default:
        // What servers say.
        return this.end("malformed");
    }
  }
}
