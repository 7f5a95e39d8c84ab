// HTTP on Deno: its server, with our routes.

import { deferred } from "../deferred.ts";
import type { Deferred } from "../deferred.ts";
import { failureOf, RuntimeFailure } from "../failure.ts";
import { fetchWith, graceMsDefault, socketBufferedBytesMax } from "../http.ts";
import type { HttpHandlers, HttpProvider, ServeOptions, ServerSocket, SocketHandlers } from "../http.ts";
import { routed } from "../router.ts";
import { denoApi } from "./deno-api.ts";
import type { DenoSocket } from "./deno-api.ts";

const deno = denoApi();
/** Standard WebSockets tell nobody when they have sent: it is looked at this often. */
const lookEveryMs = 2;
/** Deno lets nobody say that a server goes away (1001). */
const normalClosure = 1000;

function serverSocketOf(socket: DenoSocket): ServerSocket {
  return {
    async send(data) {
      if (socket.readyState !== WebSocket.OPEN) throw new RuntimeFailure("closed", "sending: the socket is closed");
      socket.send(data);
      while (socket.readyState === WebSocket.OPEN && socket.bufferedAmount > socketBufferedBytesMax)
        await new Promise<void>((resolve) => void setTimeout(resolve, lookEveryMs));
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

function attach(socket: DenoSocket, handlers: SocketHandlers, open: Set<DenoSocket>): void {
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

/** A response whose connection is cut before its end. */
function brokenOff(): Response {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.error(new RuntimeFailure("closed", "the server was stopped")),
  });
  return new Response(body, { status: 503 });
}

/** Closes a socket; resolves when the client has answered. */
async function goodbye(socket: DenoSocket): Promise<void> {
  const closed = deferred();
  socket.addEventListener("close", () => closed.resolve());
  socket.close(normalClosure);
  await closed.promise;
}

const serve: HttpProvider["serve"] = async (options: ServeOptions) => {
  const { port = 0, hostname = "127.0.0.1", onError } = options;
  const open = new Set<DenoSocket>();
  const unanswered = new Set<Deferred>();
  let handle = routed(options);
  let sockets = options.sockets ?? {};
  const answer = async (request: Request): Promise<Response> => {
    const cut = deferred();
    try {
      const handlers = sockets[new URL(request.url).pathname];
      if (handlers !== undefined && request.headers.get("upgrade")?.toLowerCase() === "websocket") {
        const { socket, response } = deno.upgradeWebSocket(request);
        attach(socket, handlers, open);
        return response;
      }
      unanswered.add(cut);
      return await Promise.race([handle(request), cut.promise.then(brokenOff)]);
    } catch (error) {
      onError(error);
      return new Response(null, { status: 500 });
    } finally {
      unanswered.delete(cut);
    }
  };
  const start = () => deno.serve({ port, hostname, onListen: () => undefined }, answer);
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
      const over = deferred();
      // An abort signal fails once a shutdown has begun: what still has no answer gets one that breaks off. An answer that is
      // still being streamed is left to itself.
      const timer = setTimeout(() => {
        for (const each of unanswered) each.resolve();
        over.resolve();
      }, graceMs);
      // A shutdown would cut off sockets before they have said goodbye.
      await Promise.race([Promise.all([...open].map(goodbye)), over.promise]);
      await Promise.race([server.shutdown(), over.promise]);
      clearTimeout(timer);
    },
  };
};

/** HTTP on Deno. */
export const denoHttp: HttpProvider = {
  serve,
  fetch: fetchWith(globalThis.fetch, (error) => {
    const { cause } = error as { readonly cause?: unknown };
    const failure = failureOf(cause ?? error, "fetching");
    // Deno says in words alone that nobody listens.
    const refused = failure.code === "io_failed" && /refused|error sending request|connect/i.test(failure.message);
    return refused ? new RuntimeFailure("connection_failed", failure.message, { cause: error }) : failure;
  }),
};
