// Workers over WebSocket on the HTTP port: the same state machine, one frame a message.
import { describe, expect, test } from "bun:test";
import { decodeMessage, encodeMessage, workerMessageCodes } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { HttpFixture, token } from "../http-fixture.ts";
import { Rig } from "./rig.suite.ts";

function message(type: number, payload: WireMessage["payload"]): Uint8Array<ArrayBuffer> {
  return encodeMessage({ version: 1, type, id: crypto.randomUUID(), timestamp: Date.now(), runtime: "deno", payload });
}

/** A socket that hands out what arrives one by one; `undefined` once it is closed. */
async function connect(
  url: string,
): Promise<{ readonly socket: WebSocket; readonly next: () => Promise<WireMessage | undefined> }> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const received: (WireMessage | undefined)[] = [];
  let wake = (): void => undefined;
  socket.addEventListener("message", ({ data }) => {
    received.push(decodeMessage(new Uint8Array(data as ArrayBuffer)));
    wake();
  });
  socket.addEventListener("close", () => {
    received.push(undefined);
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("no connection")));
  });
  const next = async (): Promise<WireMessage | undefined> => {
    while (received.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return received.shift();
  };
  return { socket, next };
}

function serve({ http }: HttpFixture): Bun.Server<never> {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: http.maxRequestBodySize,
    fetch: (request, server) => http.fetch(request, server as never),
    websocket: http.websocket as never,
  }) as never;
}

describe("a worker over WebSocket", () => {
  test("comes in, gets a build and streams a frame of megabytes", async () => {
    await using rig = await Rig.make();
    const server = serve(rig.fixture);
    try {
      const { socket, next } = await connect(`ws://127.0.0.1:${server.port}/worker`);
      socket.send(message(workerMessageCodes.HELLO, { worker_id: "w", capabilities: ["build"], token }));
      expect((await next())?.payload).toMatchObject({ accepted: true });
      const build = await rig.build();
      expect((await next())?.payload).toMatchObject({ build_id: build });
      const chunk = new Uint8Array(8 * 1024 * 1024).fill(7);
      socket.send(message(workerMessageCodes.BUILD_PROGRESS, { build_id: build, chunk }));
      socket.send(message(workerMessageCodes.BUILD_COMPLETED, { build_id: build, status: "success" }));
      expect(await rig.until(build, "completed")).toMatchObject({ outputBytes: chunk.length });
      expect((await rig.fixture.get("/api/v1/workers")).body.workers).toMatchObject([{ transport: "websocket" }]);
      socket.close();
    } finally {
      await server.stop(true);
    }
  });

  test("is refused with the reason, for text, for garbage and without a token", async () => {
    await using rig = await Rig.make();
    const server = serve(rig.fixture);
    try {
      for (const [sent, type, told] of [
        ["HELLO", workerMessageCodes.ERROR, { code: "frame_bad_msgpack" }],
        [Uint8Array.of(0xc1), workerMessageCodes.ERROR, { code: "frame_bad_msgpack" }],
        [message(1, { worker_id: "w", capabilities: [] }), workerMessageCodes.HELLO_ACK, { accepted: false }],
        [
          message(1, { worker_id: "x".repeat(70_000), capabilities: [] }),
          workerMessageCodes.ERROR,
          { code: "frame_too_large" },
        ],
      ] as const) {
        const { socket, next } = await connect(`ws://127.0.0.1:${server.port}/worker`);
        socket.send(sent);
        const answer = await next();
        expect(answer?.type).toBe(type);
        expect(answer?.payload).toMatchObject(told);
        expect(await next()).toBeUndefined();
      }
    } finally {
      await server.stop(true);
    }
  });

  test("of another machine does not come in over a network in the clear", async () => {
    await using rig = await Rig.make();
    rig.fixture.address = "192.0.2.1";
    const { status, body } = await rig.fixture.get("/worker");
    expect([status, body.error.code]).toEqual([403, "forbidden"]);
    rig.fixture.address = "127.0.0.1";
    expect((await rig.fixture.get("/worker")).body.error.message).toContain("WebSocket");
    await using none = await HttpFixture.make({ http: { fleet: undefined } });
    expect((await none.get("/worker")).status).toBe(503);
  });
});
