// HTTP, as every runtime's provider offers it: web requests and responses, routes, sockets.

export interface RouteCall {
  /** What stands at `:name` in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

export type Handler = (request: Request, call: RouteCall) => Response | Promise<Response>;
/** A handler, a response that is always the same, or one of them for each method. */
export type Route = Handler | Response | Readonly<Record<string, Handler | Response>>;
/** By path: `/runs`, `/runs/:id`, `/files/*`. Where several match: the written-out, then parameters, then `*`. */
export type Routes = Readonly<Record<string, Route>>;

/** The server's end of a WebSocket. */
export interface ServerSocket {
  /** Resolves when the peer is not more than `socketBufferedBytesMax` behind: a slow peer slows whoever waits for this. */
  send(data: string | Uint8Array): Promise<void>;
  /** With 1000, or a code of your own from 3000 to 4999. */
  close(code?: number, reason?: string): void;
}

export interface SocketHandlers {
  readonly open?: (socket: ServerSocket) => void;
  readonly message?: (socket: ServerSocket, data: string | Uint8Array) => void;
  readonly close?: (socket: ServerSocket, code: number) => void;
}

export interface HttpHandlers {
  readonly routes?: Routes;
  /** For what no route matches, a route without the method included. Default: 404. */
  readonly fetch?: Handler;
  /** WebSockets by exact path. */
  readonly sockets?: Readonly<Record<string, SocketHandlers>>;
}

export interface ServeOptions extends HttpHandlers {
  /** Default 0: one that is free. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** Told what a handler threw; the client gets 500 without a word of it. */
  readonly onError: (error: unknown) => void;
}

export interface HttpServer {
  readonly port: number;
  /** `http://host:port`, without a slash at its end. */
  readonly url: string;
  /** Exchanges all handlers; connections stay, and what has begun ends with those it began with. */
  reload(handlers: HttpHandlers): void;
  /** Takes no more, lets what has begun end for at most `graceMs` (default 10,000), closes sockets with 1001 (1000 on Deno). */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface FetchOptions extends RequestInit {
  /** For the whole exchange, the body included. Default: none. */
  readonly timeoutMs?: number;
}

export interface HttpProvider {
  serve(options: ServeOptions): Promise<HttpServer>;
  /** Fails with `timed_out` after `timeoutMs`, and `connection_failed` when nobody answers. */
  fetch(input: string | URL | Request, options?: FetchOptions): Promise<Response>;
}

/** Bytes that may wait for a slow peer before `send` waits too. */
export const socketBufferedBytesMax = 1024 * 1024;
export const graceMsDefault = 10_000;
export const goingAway = 1001;

/** The platform's `fetch` with a time limit. */
export function fetchWith(
  platformFetch: typeof globalThis.fetch,
  failure: (error: unknown) => Error,
): HttpProvider["fetch"] {
  return async (input, options = {}) => {
    const { timeoutMs, ...init } = options;
    const limit = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)];
    const signals = init.signal ? [init.signal, ...limit] : limit;
    try {
      return await platformFetch(input, signals.length === 0 ? init : { ...init, signal: AbortSignal.any(signals) });
    } catch (error) {
      // Who gave the signal knows why; only the time limit is a failure of ours.
      if (init.signal?.aborted === true) throw error;
      throw failure(error);
    }
  };
}
