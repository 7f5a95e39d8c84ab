// WebSockets of the server.

import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { SocketHandlers } from "../http.ts";
import type { RuntimeProvider } from "../provider.ts";
import type { Test } from "./case.suite.ts";
import { codeOf, settled, textOf, until } from "./case.suite.ts";
import { rawClient } from "./http.suite.ts";

const upgrade = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;

/** A frame of a client (RFC 6455, 5.2), masked with zeros, of less than 126 bytes. */
function clientFrame(opcode: number, payload: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
}

async function withSockets(
  runtime: RuntimeProvider,
  handlers: SocketHandlers,
  body: (port: number, stop: () => Promise<void>) => Promise<void>,
) {
  const server = await runtime.http.serve({
    sockets: { "/ws": handlers },
    routes: { "/page": () => new Response("page") },
    onError: () => undefined,
  });
  const stop = () => server.stop({ graceMs: 200 });
  try {
    await body(server.port, stop);
  } finally {
    await stop();
  }
}

export function socketCases(test: Test): void {
  test("sockets: text stays text and bytes stay bytes, both ways", async ({ runtime }) => {
    const heard: unknown[] = [];
    const codes: number[] = [];
    const handlers: SocketHandlers = {
      message: (socket, data) => {
        heard.push(data);
        void socket.send(data);
      },
      close: (_socket, code) => void codes.push(code),
    };
    await withSockets(runtime, handlers, async (port) => {
      const client = await rawClient(port);
      let answered = Buffer.alloc(0);
      client.on("data", (data: Buffer) => void (answered = Buffer.concat([answered, data])));
      client.write(upgrade("/ws"));
      await until("the upgrade", () => answered.includes("\r\n\r\n"));
      ok(answered.toString("latin1").startsWith("HTTP/1.1 101"));
      answered = answered.subarray(answered.indexOf("\r\n\r\n") + 4);
      client.write(clientFrame(1, "héllo"));
      client.write(clientFrame(2, new Uint8Array([0, 255, 7])));
      await until("both answers", () => answered.length >= 2 + 6 + 2 + 3);
      deepEqual([...answered.subarray(0, 2)], [0x81, 6]);
      equal(textOf(answered.subarray(2, 8)), "héllo");
      deepEqual([...answered.subarray(8)], [0x82, 3, 0, 255, 7]);
      equal(heard[0], "héllo");
      deepEqual([...(heard[1] as Uint8Array)], [0, 255, 7]);
      client.write(clientFrame(8, new Uint8Array([0x03, 0xe8])));
      await until("the close", () => codes.length === 1);
      deepEqual(codes, [1000]);
      client.destroy();
    });
  });

  test("sockets: only paths that have handlers are upgraded", async ({ runtime }) => {
    await withSockets(runtime, {}, async (port) => {
      for (const path of ["/other", "/page"]) {
        const client = await rawClient(port);
        let answered = "";
        client.on("data", (data) => void (answered += data.toString()));
        client.write(upgrade(path));
        await until("an answer", () => answered.includes("\r\n\r\n"));
        ok(!answered.startsWith("HTTP/1.1 101"), answered);
        client.destroy();
      }
    });
  });

  test("sockets: a peer that does not read slows who waits for send", async ({ runtime }) => {
    let sent = 0;
    const piece = new Uint8Array(256 * 1024);
    const handlers: SocketHandlers = {
      open: (socket) => {
        const feed = async () => {
          for (; sent < 200; sent++) await socket.send(piece);
        };
        feed().catch(() => undefined); // The client goes away.
      },
    };
    await withSockets(runtime, handlers, async (port) => {
      const client = await rawClient(port);
      client.pause();
      client.write(upgrade("/ws"));
      await until("it has begun", () => sent > 0);
      const stuckAt = await settled(() => sent);
      ok(stuckAt < 100, `${stuckAt} pieces were sent to somebody who reads none`);
      client.resume();
      await until("the rest", () => sent === 200);
      client.destroy();
    });
  });

  test("sockets: stopping tells them that the server goes away", async ({ runtime }) => {
    let open = false;
    await withSockets(runtime, { open: () => void (open = true) }, async (port, stop) => {
      const client = await rawClient(port);
      let answered = Buffer.alloc(0);
      client.on("data", (data: Buffer) => void (answered = Buffer.concat([answered, data])));
      client.write(upgrade("/ws"));
      await until("it is open", () => open);
      const closeFrame = Buffer.from([0x88, 2, 0x03, runtime.name === "deno" ? 0xe8 : 0xe9]);
      const stopped = stop();
      await until("the close frame", () => answered.includes(closeFrame));
      await stopped;
      client.destroy();
      equal(await codeOf(() => runtime.http.fetch(`http://127.0.0.1:${port}/page`)), "connection_failed");
    });
  });
}
