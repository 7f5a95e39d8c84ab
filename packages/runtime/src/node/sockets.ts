// The WebSockets of Node's server, by `ws`.

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket, WebSocketServer } from "ws";
import { RuntimeFailure } from "../failure.ts";
import type { ServerSocket, SocketHandlers } from "../http.ts";

interface Parts {
  readonly server: Server;
  readonly upgrades: WebSocketServer;
  readonly handlersOf: (path: string) => SocketHandlers | undefined;
  readonly onError: (error: unknown) => void;
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function serverSocketOf(socket: WebSocket): ServerSocket {
  return {
    send: (data) =>
      new Promise((resolve, reject) => {
        // `ws` calls back when the system has taken it.
        socket.send(data, (error) => {
          if (error) reject(new RuntimeFailure("closed", `sending: ${error.message}`, { cause: error }));
          else resolve();
        });
      }),
    close: (code, reason) => socket.close(code, reason),
  };
}

/** Takes upgrades of the server's requests to paths that have handlers, and refuses others with 404. */
export function attachSockets({ server, upgrades, handlersOf, onError }: Parts): void {
  server.on("upgrade", (message: IncomingMessage, stream: Duplex, head: Buffer) => {
    const { pathname } = new URL(message.url ?? "/", "http://localhost");
    const handlers = handlersOf(pathname);
    if (handlers === undefined) {
      stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      return;
    }
    upgrades.handleUpgrade(message, stream, head, (socket) => {
      const ours = serverSocketOf(socket);
      socket.on("error", onError);
      socket.on("message", (data, isBinary) =>
        handlers.message?.(ours, isBinary ? bytesOf(data) : new TextDecoder().decode(bytesOf(data))),
      );
      socket.on("close", (code) => handlers.close?.(ours, code));
      handlers.open?.(ours);
    });
  });
}
