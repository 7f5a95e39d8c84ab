// HTTP by `node:http`, with `ws` for WebSockets: requests become web requests, and web responses go out with back-pressure.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { WebSocketServer } from "ws";
import { failureOf } from "../failure.ts";
import { fetchWith, goingAway, graceMsDefault } from "../http.ts";
import type { HttpHandlers, HttpProvider, HttpServer, ServeOptions } from "../http.ts";
import { routed } from "../router.ts";
import { pulled } from "../streams.ts";
import { attachSockets } from "./sockets.ts";

/** Methods whose requests have no body. */
const bodiless = new Set(["GET", "HEAD"]);

function requestOf(message: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const method = message.method ?? "GET";
  const url = new URL(message.url ?? "/", `http://${message.headers.host ?? "localhost"}`);
  const init: RequestInit & { duplex?: "half" } = { method, headers, signal };
  if (!bodiless.has(method)) {
    init.body = pulled(message as AsyncIterable<Uint8Array>) as ReadableStream<Uint8Array<ArrayBuffer>>;
    init.duplex = "half"; // What Node asks for when a body is a stream.
  }
  return new Request(url.href, init);
}

async function send(response: Response, to: ServerResponse, withBody: boolean): Promise<void> {
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  to.writeHead(response.status, headers);
  if (withBody && response.body !== null) {
    const reader = response.body.getReader();
    to.once("close", () => void reader.cancel().catch(() => undefined)); // The client went away: so does the source.
    for (let next = await reader.read(); next.value !== undefined; next = await reader.read())
      if (!to.write(next.value) && !to.destroyed) await Promise.race([once(to, "drain"), once(to, "close")]);
  } else await response.body?.cancel();
  to.end();
}

async function answer(p: {
  readonly message: IncomingMessage;
  readonly to: ServerResponse;
  readonly handle: (request: Request) => Response | Promise<Response>;
  readonly onError: (error: unknown) => void;
}): Promise<void> {
  const { message, to, handle, onError } = p;
  const gone = new AbortController();
  to.once("close", () => gone.abort());
  try {
    await send(await handle(requestOf(message, gone.signal)), to, message.method !== "HEAD");
  } catch (error) {
    onError(error);
    if (to.headersSent) to.destroy();
    else to.writeHead(500).end();
  }
}

const serve: HttpProvider["serve"] = async (options: ServeOptions) => {
  const { port = 0, hostname = "127.0.0.1", onError } = options;
  let handle = routed(options);
  let sockets = options.sockets ?? {};
  const server = createServer((message, to) => void answer({ message, to, handle, onError }));
  const upgrades = new WebSocketServer({ noServer: true });
  attachSockets({ server, upgrades, handlersOf: (path) => sockets[path], onError });
  server.listen(port, hostname);
  try {
    await once(server, "listening");
  } catch (error) {
    throw failureOf(error, `listening on ${hostname}:${port}`);
  }
  const bound = (server.address() as AddressInfo).port;
  const running: HttpServer = {
    port: bound,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`,
    reload: (handlers: HttpHandlers) => {
      handle = routed(handlers);
      sockets = handlers.sockets ?? {};
    },
    stop: ({ graceMs = graceMsDefault } = {}) => stop({ server, upgrades, graceMs }),
  };
  return running;
};

async function stop(p: {
  readonly server: Server;
  readonly upgrades: WebSocketServer;
  readonly graceMs: number;
}): Promise<void> {
  const { server, upgrades, graceMs } = p;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const socket of upgrades.clients) socket.close(goingAway);
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    for (const socket of upgrades.clients) socket.terminate();
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearTimeout(timer);
}

/** HTTP on Node. */
export const nodeHttp: HttpProvider = {
  serve,
  fetch: fetchWith(globalThis.fetch, (error) => {
    // Node puts what happened behind "fetch failed".
    const { cause } = error as { readonly cause?: unknown };
    return failureOf(cause ?? error, "fetching");
  }),
};
