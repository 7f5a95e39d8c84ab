// WebSockets without their runtime: what stands behind a connection, and how the one listener hands its sockets out.
import { frameBytesMax } from "@sluice/protocol";

/** One open connection. */
export interface Socket {
  /** Sends; what the client cannot take yet waits in memory. `compressed`: packed, where that was agreed. */
  send(text: string, compressed?: boolean): void;
  /** Everything that is sent while this runs leaves together. */
  cork(send: () => void): void;
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** Nothing more is read from the client until `resume`. */
  pause(): void;
  resume(): void;
  /** Bytes that wait. */
  readonly waitingBytes: number;
  /** Says goodbye with a code of RFC 6455, section 7.4; what waits is still sent. */
  close(code: number, reason: string): void;
  /** Ends it at once. */
  cut(): void;
}

/** What stands behind a connection, whichever route made it. */
export interface SocketSession {
  /** Longest message it takes, where that is not the limit of all. */
  readonly messageBytesMax?: number;
  /** Messages may come, and be sent, as permessage-deflate packs them. */
  readonly compressed?: true;
  opened(socket: Socket): void;
  /** Bytes are for those who speak bytes. */
  received(message: string | Uint8Array): void;
  /** Some of what waited was sent. */
  drained(): void;
  /** Called once; nothing is sent any more. */
  closed(): void;
}

/** Codes a connection is closed with: RFC 6455, section 7.4.1, and 4401 of our own for one whose session has ended. */
export const closeCodes = {
  unsupported: 1003,
  malformed: 1007,
  refused: 1008,
  tooLarge: 1009,
  failed: 1011,
  restarting: 1012,
  ended: 4401,
} as const;

/** What `Bun.serve` does with sockets. Clients that answer no ping are dropped after `idleTimeoutSeconds`. */
export function socketHandler(p: {
  readonly socketMessageBytesMax: number;
  /** A client that leaves more than this waiting is dropped. */
  readonly socketWaitingBytesMax: number;
  readonly idleTimeoutSeconds: number;
}): Bun.WebSocketHandler<SocketSession> {
  return {
    maxPayloadLength: Math.max(p.socketMessageBytesMax, frameBytesMax),
    idleTimeout: p.idleTimeoutSeconds,
    sendPings: true,
    backpressureLimit: p.socketWaitingBytesMax,
    closeOnBackpressureLimit: true,
    // One compressor for all: a client's own would keep its memory, and Bun's refuses what RFC 7692 allows. Which connections may
    // use it `Call.upgrade` decides.
    perMessageDeflate: { compress: "shared", decompress: "shared" },
    open: (ws) => ws.data.opened(socketOf(ws)),
    message: (ws, message) => {
      const limit = ws.data.messageBytesMax ?? p.socketMessageBytesMax;
      if (message.length > limit) ws.close(closeCodes.tooLarge, "the message is too large");
      else ws.data.received(message);
    },
    drain: (ws) => ws.data.drained(),
    close: (ws) => ws.data.closed(),
  };
}

function socketOf(ws: Bun.ServerWebSocket<SocketSession>): Socket {
  return {
    send: (text, compressed = false) => void ws.sendText(text, compressed),
    cork: (send) => {
      ws.cork(send);
    },
    sendBytes: (bytes) => void ws.sendBinary(bytes),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    get waitingBytes() {
      return ws.getBufferedAmount();
    },
    close: (code, reason) => ws.close(code, reason),
    cut: () => ws.terminate(),
  };
}
