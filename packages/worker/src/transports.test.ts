// What engine and worker say to each other crosses the transports of the runtime providers as it crosses a socket of the worker's own.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { decodeMessage, encodeFrame, encodeValue } from "@sluice/protocol";
import { loadRuntime } from "@sluice/runtime";
import type { HttpServer, Transport } from "@sluice/runtime";
import { WireDecoder, WireEncoder } from "./wire.ts";
import type { RunMessage } from "./wire.ts";

const runtime = await loadRuntime();
let tcp: Server;
let web: HttpServer;

beforeAll(async () => {
  tcp = createServer((socket) => void socket.pipe(socket));
  await new Promise<void>((resolve) => void tcp.listen(0, "127.0.0.1", resolve));
  web = await runtime.http.serve({
    sockets: { "/worker": { message: (socket, data) => void socket.send(data) } },
    onError: (error) => {
      throw error;
    },
  });
});

afterAll(async () => {
  await web.stop();
  await new Promise<void>((resolve) => void tcp.close(() => resolve()));
});

/** Of the length before a frame. */
const lengthBytes = 4;
/** More than a frame holds, so that it travels in pieces. */
const frameBytesMax = 4_096;
const sent: readonly RunMessage[] = [
  { type: "ops", run: "a", epoch: 1, ops: [{ op: "log", level: "info", message: "é".repeat(20_000), at: 1 }] },
  { type: "drain", ms: 5 },
  {
    type: "ops",
    run: "b",
    epoch: 2,
    ops: [{ op: "finish", status: "completed", output: encodeValue({ n: 2n ** 60n }) }],
  },
];

async function crossed(transport: Transport): Promise<readonly RunMessage[]> {
  const options = { runtime: "bun", now: () => 1_767_225_600_000, id: () => crypto.randomUUID(), frameBytesMax };
  const frames = new WireEncoder(options).encode(sent, (message) => {
    throw new Error(`refused: ${message.type}`);
  });
  const decoder = new WireDecoder();
  const got: RunMessage[] = [];
  const all = Promise.withResolvers<void>();
  transport.onMessage((message) => {
    got.push(...decoder.push(encodeFrame(message)).runs);
    if (got.length === sent.length) all.resolve();
  });
  await transport.connect();
  for (const frame of frames) await transport.send(decodeMessage(frame.subarray(lengthBytes)));
  await all.promise;
  await transport.disconnect();
  return got;
}

describe("run messages cross", () => {
  test("TCP", async () => {
    const { port } = tcp.address() as AddressInfo;
    expect(await crossed(runtime.transports.tcp({ host: "127.0.0.1", port }))).toEqual([...sent]);
  });

  test("a WebSocket", async () => {
    expect(await crossed(runtime.transports.webSocket({ url: `ws://127.0.0.1:${web.port}/worker` }))).toEqual([
      ...sent,
    ]);
  });
});
