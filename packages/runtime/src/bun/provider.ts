// Bun: nearly everything is its own.

import type { RuntimeProvider } from "../provider.ts";
import { FramedTransport } from "../transport/transport.ts";
import type { TransportProvider } from "../transport/transport.ts";
import { openWebSocketLink } from "../transport/web-socket-link.ts";
import { bunCrypto } from "./crypto.ts";
import { bunFfi } from "./ffi.ts";
import { bunFs } from "./fs.ts";
import { bunHttp } from "./http.ts";
import { bunProcess } from "./process.ts";
import { bunShell } from "./shell.ts";
import { bunSqlite } from "./sqlite.ts";
import { openTcpLink } from "./tcp-link.ts";

const transports: TransportProvider = {
  tcp: (options) => new FramedTransport((events) => openTcpLink(options, events), "length"),
  webSocket: ({ url }) => new FramedTransport((events) => openWebSocketLink(new WebSocket(url), events), "message"),
};

/** Bun's provider. */
export function bunProvider(): RuntimeProvider {
  return {
    name: "bun",
    version: Bun.version,
    capabilities: {
      nativeSqlite: true,
      nativeHttp: true,
      nativeShell: true,
      nativeFfi: true,
      nativeBundler: true,
      hotReload: true,
      sharedArrayBuffer: typeof SharedArrayBuffer === "function",
      webStreams: typeof ReadableStream === "function",
      pty: true,
    },
    fs: bunFs,
    process: bunProcess,
    http: bunHttp,
    crypto: bunCrypto,
    sqlite: bunSqlite(),
    shell: bunShell,
    ffi: bunFfi,
    transports,
  };
}
