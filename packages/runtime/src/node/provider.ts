// Node: the standard modules, and a package for each thing that it does not have.

import process from "node:process";
import { WebSocket } from "ws";
import type { RuntimeProvider } from "../provider.ts";
import { pipelinesOn, shellOver } from "../shell/shell.ts";
import { FramedTransport } from "../transport/transport.ts";
import type { TransportProvider } from "../transport/transport.ts";
import { openWebSocketLink } from "../transport/web-socket-link.ts";
import { nodeCrypto } from "./crypto.ts";
import { nodeFs } from "./fs.ts";
import { nodeHttp } from "./http.ts";
import { nodeProcess } from "./process.ts";
import { nodeSqlite } from "./sqlite.ts";
import { openTcpLink } from "./tcp-link.ts";

const transports: TransportProvider = {
  tcp: (options) => new FramedTransport((events) => openTcpLink(options, events), "length"),
  webSocket: ({ url }) =>
    new FramedTransport(
      (events) => openWebSocketLink(new WebSocket(url, { perMessageDeflate: false }), events),
      "message",
    ),
};

/** Node's provider. */
export async function nodeProvider(): Promise<RuntimeProvider> {
  const [crypto, sqlite] = await Promise.all([nodeCrypto(), nodeSqlite()]);
  return {
    name: "node",
    version: process.versions.node,
    capabilities: {
      nativeSqlite: sqlite.native,
      nativeHttp: false,
      nativeShell: false,
      nativeFfi: false,
      nativeBundler: false,
      hotReload: false,
      sharedArrayBuffer: typeof SharedArrayBuffer === "function",
      webStreams: typeof ReadableStream === "function",
      pty: false,
    },
    fs: nodeFs,
    process: nodeProcess,
    http: nodeHttp,
    crypto,
    sqlite: sqlite.provider,
    shell: shellOver(pipelinesOn(nodeProcess)),
    transports,
  };
}
