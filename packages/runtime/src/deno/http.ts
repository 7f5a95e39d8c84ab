// HTTP on Deno: its server, with our routes.

import { failureOf, RuntimeFailure } from "../failure.ts";
import { fetchWith, goingAway, graceMsDefault, socketBufferedBytesMax } from "../http.ts";
import type { HttpHandlers, HttpProvider, ServeOptions, ServerSocket, SocketHandlers } from "../http.ts";
import { routed } from "../router.ts";
import { denoApi } from "./deno-api.ts";

const deno = denoApi();
/** Standard WebSockets tell nobody when they have sent: it is looked at this often. */
const lookEveryMs = 2;

function serverSocketOf(socket: WebSocket): ServerSocket {
  return {
    async send(data) {
      if (socket.readyState !== WebSocket.OPEN) throw new RuntimeFailure("closed", "sending: the socket is closed");
      socket.send(data as string | Uint8Array<ArrayBuffer>);
      while (socket.readyState === WebSocket.OPEN && socket.bufferedAmount > socketBufferedBytesMax)
        await new Promise<void>((resolve) => void setTimeout(resolve, lookEveryMs));
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

function attach(socket: WebSocket, handlers: SocketHandlers, open: Set<WebSocket>): void {
  const ours = serverSocketOf(socket);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    open.add(socket);
    handlers.open?.(ours);
  });
  socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
    handlers.message?.(ours, typeof data === "string" ? data : new Uint8Array(data));
  });
  socket.addEventListener("close", ({ code }) => {
    open.delete(socket);
    handlers.close?.(ours, code);
  });
}

const serve: HttpProvider["serve"] = async (options: ServeOptions) => {
  const { port = 0, hostname = "127.0.0.1", onError } = options;
  const open = new Set<WebSocket>();
  const abort = new AbortController();
  let handle = routed(options);
  let sockets = options.sockets ?? {};
  const answer = async (request: Request): Promise<Response> => {
    try {
      const handlers = sockets[new URL(request.url).pathname];
      if (handlers !== undefined && request.headers.get("upgrade")?.toLowerCase() === "websocket") {
        const { socket, response } = deno.upgradeWebSocket(request);
        attach(socket, handlers, open);
        return response;
      }
      return await handle(request);
    } catch (error) {
      onError(error);
      return new Response(null, { status: 500 });
    }
  };
  const start = () => deno.serve({ port, hostname, signal: abort.signal, onListen: () => undefined }, answer);
  let server: ReturnType<typeof start>;
  try {
    server = start();
  } catch (error) {
    throw failureOf(error, `listening on ${hostname}:${port}`);
  }
  const bound = server.addr.port;
  return {
    port: bound,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`,
    reload: (handlers: HttpHandlers) => {
      handle = routed(handlers);
      sockets = handlers.sockets ?? {};
    },
    async stop({ graceMs = graceMsDefault } = {}) {
      for (const socket of open) socket.close(goingAway);
      const timer = setTimeout(() => abort.abort(), graceMs);
      await server.shutdown();
      clearTimeout(timer);
    },
  };
};

/** HTTP on Deno. */
export const denoHttp: HttpProvider = {
  serve,
  fetch: fetchWith(globalThis.fetch, (error) => {
    const failure = failureOf(error, "fetching");
    // Deno says in words alone that nobody listens.
    const refused = failure.code === "io_failed" && /refused|error sending request|connect/i.test(failure.message);
    return refused ? new RuntimeFailure("connection_failed", failure.message, { cause: error }) : failure;
  }),
};
