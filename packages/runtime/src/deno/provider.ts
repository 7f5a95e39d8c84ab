// Deno: its own interface for files, processes, HTTP and native code; what it took over from Node for hashes and SQLite.

import type { RuntimeProvider } from "../provider.ts";
import { nodeCrypto } from "../node/crypto.ts";
import { nodeSqlite } from "../node/sqlite.ts";
import { pipelinesOn, shellOver } from "../shell/shell.ts";
import { FramedTransport } from "../transport/transport.ts";
import type { TransportProvider } from "../transport/transport.ts";
import { openWebSocketLink } from "../transport/web-socket-link.ts";
import { denoApi } from "./deno-api.ts";
import { denoFfi } from "./ffi.ts";
import { denoFs } from "./fs.ts";
import { denoHttp } from "./http.ts";
import { denoProcess } from "./process.ts";
import { openTcpLink } from "./tcp-link.ts";

const transports: TransportProvider = {
  tcp: (options) => new FramedTransport((events) => openTcpLink(options, events), "length"),
  webSocket: ({ url }) => new FramedTransport((events) => openWebSocketLink(new WebSocket(url), events), "message"),
};

/** Deno's provider. */
export async function denoProvider(): Promise<RuntimeProvider> {
  const [crypto, sqlite] = await Promise.all([nodeCrypto(), nodeSqlite()]);
  return {
    name: "deno",
    version: denoApi().version.deno,
    capabilities: {
      nativeSqlite: sqlite.native,
      nativeHttp: true,
      nativeShell: false,
      nativeFfi: true,
      nativeBundler: false,
      hotReload: true,
      sharedArrayBuffer: typeof SharedArrayBuffer === "function",
      webStreams: typeof ReadableStream === "function",
      pty: false,
    },
    fs: denoFs,
    process: denoProcess,
    http: denoHttp,
    crypto,
    sqlite: sqlite.provider,
    shell: shellOver(pipelinesOn(denoProcess)),
    ffi: denoFfi,
    transports,
  };
}
