// HTTP on Bun: its server with its own routes and sockets.

import type { BunRequest, Server, ServerWebSocket } from "bun";
import { failureOf, RuntimeFailure } from "../failure.ts";
import { fetchWith, goingAway, graceMsDefault, socketBufferedBytesMax } from "../http.ts";
import type {
  Handler,
  HttpHandlers,
  HttpProvider,
  Route,
  ServeOptions,
  ServerSocket,
  SocketHandlers,
} from "../http.ts";

/** What hangs at a socket: its handlers, and who waits until it has caught up. */
interface SocketData {
  readonly handlers: SocketHandlers;
  readonly waiting: (() => void)[];
  ours: ServerSocket | undefined;
}

/** What may wait in a socket: `send` of ours keeps within a limit of its own. */
const backpressureLimit = 2 ** 30;

type BunRoute = Response | ((request: BunRequest) => Response | Promise<Response>);
type BunServer = Server<SocketData>;

const native = (handler: Handler) => (request: BunRequest) => handler(request, { params: request.params });
const part = (route: Handler | Response): BunRoute => (route instanceof Response ? route : native(route));

function routeOf(route: Route): BunRoute | Record<string, BunRoute> {
  if (typeof route === "function" || route instanceof Response) return part(route);
  return Object.fromEntries(Object.entries(route).map(([method, each]) => [method, part(each)]));
}

function serverSocketOf(socket: ServerWebSocket<SocketData>): ServerSocket {
  const { waiting } = socket.data;
  return {
    async send(data) {
      const sent = socket.send(data);
      if (sent === 0) throw new RuntimeFailure("closed", "sending: the socket is closed");
      while (socket.readyState === WebSocket.OPEN && socket.getBufferedAmount() > socketBufferedBytesMax)
        await new Promise<void>((resolve) => void waiting.push(resolve));
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

const wake = ({ waiting }: SocketData): void => {
  for (const resolve of waiting.splice(0)) resolve();
};

/** Everything that `reload` can exchange. */
function handlersFor(
  handlers: HttpHandlers,
  open: Set<ServerWebSocket<SocketData>>,
  onError: (error: unknown) => void,
) {
  const { routes = {}, sockets = {}, fetch: fallback } = handlers;
  return {
    routes: Object.fromEntries(Object.entries(routes).map(([path, route]) => [path, routeOf(route)])),
    fetch(request: Request, server: BunServer): Response | Promise<Response> | undefined {
      const found = sockets[new URL(request.url).pathname];
      if (found !== undefined && server.upgrade(request, { data: { handlers: found, waiting: [], ours: undefined } }))
        return undefined;
      return fallback?.(request, { params: {} }) ?? new Response("not found", { status: 404 });
    },
    error(error: unknown): Response {
      onError(error);
      return new Response(null, { status: 500 });
    },
    websocket: {
      backpressureLimit,
      open(socket: ServerWebSocket<SocketData>) {
        open.add(socket);
        socket.data.ours = serverSocketOf(socket);
        socket.data.handlers.open?.(socket.data.ours);
      },
      message(socket: ServerWebSocket<SocketData>, data: string | Uint8Array) {
        if (socket.data.ours !== undefined) socket.data.handlers.message?.(socket.data.ours, data);
      },
      drain: (socket: ServerWebSocket<SocketData>) => wake(socket.data),
      close(socket: ServerWebSocket<SocketData>, code: number) {
        open.delete(socket);
        wake(socket.data);
        if (socket.data.ours !== undefined) socket.data.handlers.close?.(socket.data.ours, code);
      },
    },
  };
}

async function stop(server: BunServer, open: Set<ServerWebSocket<SocketData>>, graceMs: number): Promise<void> {
  for (const socket of open) socket.close(goingAway);
  const timer = setTimeout(() => void server.stop(true), graceMs);
  await server.stop();
  clearTimeout(timer);
}

const serve: HttpProvider["serve"] = async (options: ServeOptions) => {
  const { port = 0, hostname = "127.0.0.1", onError } = options;
  const open = new Set<ServerWebSocket<SocketData>>();
  let server: BunServer;
  try {
    server = Bun.serve<SocketData>({ port, hostname, idleTimeout: 0, ...handlersFor(options, open, onError) });
  } catch (error) {
    throw failureOf(error, `listening on ${hostname}:${port}`);
  }
  const bound = server.port ?? 0;
  return {
    port: bound,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`,
    reload: (handlers) => void server.reload(handlersFor(handlers, open, onError)),
    stop: ({ graceMs = graceMsDefault } = {}) => stop(server, open, graceMs),
  };
};

/** HTTP on Bun. */
export const bunHttp: HttpProvider = {
  serve,
  fetch: fetchWith(globalThis.fetch, (error) => failureOf(error, "fetching")),
};
