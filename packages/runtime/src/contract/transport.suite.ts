// Transports: whole messages in order, over TCP and WebSocket, with back-pressure both ways.

import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { decodeMessage, encodeFrame, encodeMessage } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { deferred } from "../deferred.ts";
import type { RuntimeFailure } from "../failure.ts";
import type { RuntimeProvider } from "../provider.ts";
import type { Transport } from "../transport/transport.ts";
import type { Test } from "./case.suite.ts";
import { codeOf, patterned, settled, textOf, until } from "./case.suite.ts";

function message(payload: Readonly<Record<string, unknown>>): WireMessage {
  const id = "0192f0c1-8a50-7000-8000-000000000001";
  return { version: 1, type: 0x22, id, timestamp: 1_767_225_600_000, runtime: "bun", payload };
}

interface Peer {
  readonly port: number;
  close(): Promise<void>;
}

async function listen(server: Server, sockets: Set<Socket>): Promise<Peer> {
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // Cut off on purpose.
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/** A TCP server whose connections are handed to `take`, and which is closed afterwards. */
async function withPeer(take: (socket: Socket) => void, body: (port: number) => Promise<void>): Promise<void> {
  const peer = await listen(createServer({ noDelay: true }, take), new Set());
  try {
    await body(peer.port);
  } finally {
    await peer.close();
  }
}

/** What a transport told of its end: empty until then. */
function endOf(transport: Transport): (RuntimeFailure | undefined)[] {
  const told: (RuntimeFailure | undefined)[] = [];
  transport.onDisconnect((failure) => void told.push(failure));
  return told;
}

const tcp = (runtime: RuntimeProvider, port: number): Transport => runtime.transports.tcp({ host: "127.0.0.1", port });
const payloads = (heard: readonly WireMessage[]) => heard.map(({ payload }) => payload);

export function transportCases(test: Test): void {
  test("transport: messages cross TCP in order, however the bytes are cut", async ({ runtime }) => {
    const cutEcho = (socket: Socket): void => {
      socket.on("data", (bytes: Buffer) => {
        for (let at = 0; at < bytes.length; at += 7) socket.write(bytes.subarray(at, at + 7));
      });
    };
    await withPeer(cutEcho, async (port) => {
      const transport = tcp(runtime, port);
      const heard: WireMessage[] = [];
      transport.onMessage((each) => void heard.push(each));
      equal(transport.isConnected(), false);
      await transport.connect();
      equal(transport.isConnected(), true);
      const sent = Array.from({ length: 100 }, (_none, n) => message({ n, text: "é".repeat(n), bytes: patterned(n) }));
      await Promise.all(sent.map((each) => transport.send(each)));
      await until("all of them back", () => heard.length === sent.length);
      deepEqual(heard, sent);
      equal(await codeOf(() => transport.send(message({ bytes: new Uint8Array(17 * 1024 * 1024) }))), "too_large");
      equal(await codeOf(() => transport.send(message({ at: new Date() }))), "bad_frame");
      await transport.send(message({ still: "there" }));
      await until("one more", () => heard.length === sent.length + 1);
      await transport.disconnect();
      equal(transport.isConnected(), false);
    });
  });

  test("transport: messages cross a WebSocket, each in one of its own", async ({ runtime }) => {
    const server = await runtime.http.serve({
      sockets: {
        "/worker": {
          message: (socket, data) => {
            if (typeof data === "string") throw new Error("Only bytes were sent");
            void socket.send(encodeMessage(decodeMessage(data)));
          },
        },
      },
      onError: () => undefined,
    });
    const transport = runtime.transports.webSocket({ url: `ws://127.0.0.1:${server.port}/worker` });
    const ends = endOf(transport);
    const heard: WireMessage[] = [];
    transport.onMessage((each) => void heard.push(each));
    await transport.connect();
    const sent = Array.from({ length: 50 }, (_none, n) => message({ n, bytes: patterned(n * 1_000) }));
    for (const each of sent) await transport.send(each);
    await until("all of them back", () => heard.length === sent.length);
    deepEqual(heard, sent);
    await transport.disconnect();
    deepEqual([transport.isConnected(), ends], [false, [undefined]]);
    await server.stop();
    equal(await codeOf(() => transport.connect()), "connection_failed");
  });

  test("transport: without a connection nothing is sent, and nobody there is a failure", async ({ runtime }) => {
    let closedPort = 0;
    await withPeer(
      () => undefined,
      async (port) => {
        closedPort = port;
      },
    );
    const transport = tcp(runtime, closedPort);
    equal(await codeOf(() => transport.send(message({}))), "not_connected");
    equal(await codeOf(() => transport.connect()), "connection_failed");
    equal(transport.isConnected(), false);
    await transport.disconnect();
  });

  test("transport: it hears what was sent before the peer closed, learns of the end, and can connect again", async ({
    runtime,
  }) => {
    const greet = (socket: Socket): void => {
      socket.write(encodeFrame(message({ hello: 1 })));
      socket.end(encodeFrame(message({ hello: 2 })));
    };
    await withPeer(greet, async (port) => {
      const transport = tcp(runtime, port);
      const ends = endOf(transport);
      const heard: WireMessage[] = [];
      transport.onMessage((each) => void heard.push(each));
      for (const round of [1, 2, 3]) {
        await transport.connect();
        await until("the end", () => ends.length === round);
        equal(transport.isConnected(), false);
      }
      deepEqual(ends, [undefined, undefined, undefined]);
      deepEqual(
        payloads(heard),
        [1, 2, 1, 2, 1, 2].map((hello) => ({ hello })),
      );
    });
  });

  test("transport: bytes that are no message end the connection, after the good ones before them", async ({
    runtime,
  }) => {
    const bad = (socket: Socket): void => {
      socket.write(Buffer.concat([encodeFrame(message({ good: true })), Buffer.from([0, 0, 0, 2, 0xc1, 0xc1])]));
    };
    await withPeer(bad, async (port) => {
      const transport = tcp(runtime, port);
      const ends = endOf(transport);
      const heard: WireMessage[] = [];
      transport.onMessage((each) => void heard.push(each));
      await transport.connect();
      await until("the end", () => ends.length === 1);
      deepEqual([ends[0]?.code, payloads(heard), transport.isConnected()], ["bad_frame", [{ good: true }], false]);
    });
  });

  test("transport: a peer that does not read slows who waits for send", async ({ runtime }) => {
    let peer: Socket | undefined;
    const deaf = (socket: Socket): void => {
      peer = socket;
      socket.pause();
    };
    await withPeer(deaf, async (port) => {
      const transport = tcp(runtime, port);
      await transport.connect();
      let sent = 0;
      const feed = (async () => {
        for (; sent < 100; sent++) await transport.send(message({ bytes: new Uint8Array(1024 * 1024) }));
      })();
      const stuckAt = await settled(() => sent);
      ok(stuckAt < 50, `${stuckAt} MB were sent to somebody who reads none`);
      peer?.on("data", () => undefined);
      peer?.resume();
      await feed;
      await transport.disconnect();
    });
  });

  test("transport: a listener that takes long slows the peer", async ({ runtime }) => {
    let written = 0;
    const eager = async (socket: Socket): Promise<void> => {
      for (; written < 200; written++) {
        const frame = encodeFrame(message({ n: written, bytes: new Uint8Array(512 * 1024) }));
        if (!socket.write(frame)) await new Promise((resolve) => void socket.once("drain", resolve));
      }
    };
    await withPeer(
      (socket) => void eager(socket),
      async (port) => {
        const transport = tcp(runtime, port);
        const go = deferred();
        let heard = 0;
        transport.onMessage(async ({ payload }) => {
          equal(payload["n"], heard);
          heard++;
          await go.promise;
        });
        await transport.connect();
        const stuckAt = await settled(() => written);
        ok(stuckAt < 100, `${stuckAt} messages were written to somebody who was busy with the first`);
        equal(heard, 1);
        go.resolve();
        await until("all of them", () => heard === 200);
        await transport.disconnect();
      },
    );
  });

  test("transport: with TLS, the other side has to be who it says", async ({ runtime, folder }) => {
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
    const files = ["-keyout", `${folder}/key`, "-out", `${folder}/cert`];
    const words = [
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ];
    const made = await runtime.shell.exec([...words, ...subject, ...leaf, ...files]).catch(() => undefined);
    if (made === undefined) return console.error("left out: there is no openssl (apt-get install openssl)");
    equal(made.exitCode, 0, textOf(made.stderr));
    const [key, cert] = [readFileSync(`${folder}/key`, "utf8"), readFileSync(`${folder}/cert`, "utf8")];
    const sockets = new Set<Socket>();
    const server = createTlsServer({ key, cert }, (socket) => void socket.on("error", () => undefined).pipe(socket));
    server.on("tlsClientError", () => undefined); // Refused on purpose.
    const peer = await listen(server, sockets);
    try {
      const to = (tls: { readonly ca?: string; readonly serverName: string }) =>
        runtime.transports.tcp({ host: "127.0.0.1", port: peer.port, tls });
      const transport = to({ ca: cert, serverName: "localhost" });
      const heard: WireMessage[] = [];
      transport.onMessage((each) => void heard.push(each));
      await transport.connect();
      await transport.send(message({ secret: true }));
      await until("it back", () => heard.length === 1);
      await transport.disconnect();
      equal(await codeOf(() => to({ serverName: "localhost" }).connect()), "connection_failed");
      equal(await codeOf(() => to({ ca: cert, serverName: "elsewhere.example" }).connect()), "connection_failed");
    } finally {
      await peer.close();
    }
  });
}
