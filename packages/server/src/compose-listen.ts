// Where the server listens: an address, over TLS where there is a certificate.
import { systemClock } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import type { Connections } from "./call.ts";
import type { ComposeOptions } from "./compose-parts.ts";
import { followTls, readTls } from "./compose-tls.ts";
import type { TlsPair } from "./compose-tls.ts";
import type { Http } from "./http.ts";
import { httpLimits } from "./limits.ts";
import type { SocketSession } from "./sockets.ts";

/** What answers. */
export type Answering = Pick<Http, "idleTimeout" | "maxRequestBodySize" | "websocket"> & {
  readonly fetch: (request: Request, connections: Connections) => Response | Promise<Response>;
};

export interface Listener {
  readonly port: number;
  /** Requests that are being answered. */
  readonly pending: number;
  /** Somebody else answers from now on, to the end; what was begun is answered as it was. */
  passOn(fetch: Answering["fetch"]): void;
  /** Listens no more; connections that are open are closed. */
  stop(): Promise<void>;
}

/**
 * Listens on the address of the settings; `shared`: beside another process that lets it. Throws `port_in_use` or `unavailable`
 * when it cannot, `invalid_config` for a bad certificate.
 */
export function listen(options: ComposeOptions, answering: Answering, { shared = false } = {}): Listener {
  const { settings, log } = options;
  const { tls: files } = settings;
  const { idleTimeout, maxRequestBodySize, websocket } = answering;
  const open = (port: number, tls: TlsPair | undefined): Bun.Server<SocketSession> =>
    Bun.serve({
      hostname: settings.host,
      port,
      reusePort: shared,
      idleTimeout,
      maxRequestBodySize,
      fetch: answering.fetch,
      websocket,
      ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key } }),
    });
  let server = tryTo(options, () => open(settings.port, files === undefined ? undefined : readTls(files)));
  const port = server.port ?? settings.port;
  /** Those whose certificate is no longer the newest: they finish what they have begun. */
  const leaving: Bun.Server<SocketSession>[] = [];
  const stopFollowing =
    files === undefined
      ? () => undefined
      : followTls({
          files,
          clock: systemClock,
          log,
          checkMs: settings.limits["tlsCheckMs"] ?? httpLimits.tlsCheckMs,
          changed: (pair) => {
            leaving.push(server);
            void server.stop(false);
            server = orEnd(options, () => open(port, pair));
          },
        });
  return {
    port,
    get pending() {
      return [...leaving, server].reduce((sum, each) => sum + each.pendingRequests, 0);
    },
    passOn: (fetch) => {
      stopFollowing();
      for (const each of [...leaving, server]) each.reload({ fetch, websocket });
    },
    stop: async () => {
      stopFollowing();
      await Promise.all([...leaving, server].map(async (each) => each.stop(true)));
    },
  };
}

function tryTo<T>({ settings }: ComposeOptions, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    const address = `${settings.host}:${settings.port}`;
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new SluiceError({
        code: "port_in_use",
        message: `Another process listens on ${address}.`,
        hint: "Stop it, or choose another port with --port; 0 takes any that is free.",
      });
    }
    throw new SluiceError({
      code: "unavailable",
      message: `The server cannot listen on ${address}: ${error instanceof Error ? error.message : String(error)}`,
      hint: "Choose another address with --host, or another port with --port.",
    });
  }
}

/** Without an address there is nothing to go on with. */
function orEnd<T>(options: ComposeOptions, open: () => T): T {
  try {
    return tryTo(options, open);
  } catch (error) {
    if (error instanceof SluiceError) options.onFatal(error);
    throw error;
  }
}

/** Base URL that reaches the server from this machine. */
export function urlOf({ host, tls }: ComposeOptions["settings"], port: number): string {
  const any = host === "0.0.0.0" || host === "::" || host === "[::]";
  const name = any ? "127.0.0.1" : host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `${tls === undefined ? "http" : "https"}://${name}:${port}`;
}
