// A client that stops reading: others notice nothing, the server keeps a bounded amount for it, and it learns what it missed.
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { workflow } from "@sluice/sdk";
import { encodeValue } from "@sluice/protocol";
import type { LiveMessage } from "@sluice/protocol";
import { token } from "../http-fixture.ts";
import { LiveRig } from "./live-rig.suite.ts";

/** A WebSocket client that reads when it wants to (RFC 6455). */
class RawClient {
  readonly messages: LiveMessage[] = [];
  bytes = 0;
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #told = (): void => undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1" });
    const headers = [
      "GET /api/v1/live HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
      `Authorization: Bearer ${token}`,
    ];
    this.#socket.write(`${headers.join("\r\n")}\r\n\r\n`);
    this.#socket.on("data", (piece: Buffer) => this.#take(piece));
  }

  /** A masked text frame. */
  send(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const mask = randomBytes(4);
    const masked = text.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, masked]));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(piece: Buffer): void {
    this.bytes += piece.length;
    this.#buffer = Buffer.concat([this.#buffer, piece]);
    if (!this.#upgraded) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end === -1) return;
      expect(this.#buffer.subarray(0, 12).toString()).toBe("HTTP/1.1 101");
      this.#upgraded = true;
      this.#buffer = this.#buffer.subarray(end + 4);
    }
    while (this.#frame());
    this.#told();
  }

  /** Takes one frame off the buffer, if there is a whole one. */
  #frame(): boolean {
    const buffer = this.#buffer;
    if (buffer.length < 2) return false;
    const short = (buffer[1] ?? 0) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (buffer.length < head) return false;
    const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (buffer.length < head + length) return false;
    const isText = ((buffer[0] ?? 0) & 0x0f) === 1;
    if (isText) this.messages.push(JSON.parse(buffer.subarray(head, head + length).toString()) as LiveMessage);
    this.#buffer = buffer.subarray(head + length);
    return true;
  }
}

const quick = workflow({ name: "quick" }, async () => "done");
const batch = 400;
const batches = 80;
const waitingBytesMax = 256 * 1024;

test("a client that stops reading is told what it missed, and costs a bounded amount of memory", async () => {
  const limits = { liveRunsMs: 1, liveWaitingBytesMax: waitingBytesMax, socketWaitingBytesMax: 4 * waitingBytesMax };
  await using rig = await LiveRig.make({ workflows: [quick], worker: false, http: { limits } });
  const { engine } = rig.f;
  let count = 0;
  const startSome = async (): Promise<void> => {
    const input = encodeValue(null);
    const by = { kind: "user", id: "ada" } as const;
    for (let i = 0; i < batch; i++) {
      const id = `run-${String(++count).padStart(120, "0")}`;
      await engine.startRun({ by, workflow: "quick", input, id });
    }
    await reader.until(() => reader.runs.size === count || undefined);
  };
  const reader = await rig.connect();
  await reader.subscribe("runs");
  const slow = new RawClient(rig.server.port ?? 0);
  slow.send({ type: "subscribe", topic: "runs" });
  await slow.until(() => slow.messages.some(({ type }) => type === "subscribed"));
  await startSome();
  slow.pause();
  for (let i = 0; i < batches; i++) await startSome();
  const sent = reader.messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
  expect(sent).toBeGreaterThan(8_000_000);
  slow.resume();
  await slow.until(() => slow.messages.some(({ type }) => type === "lagged"));
  expect(slow.messages.findLast(({ type }) => type === "lagged")).toEqual({ type: "lagged", topic: "runs" });
  expect(slow.bytes).toBeLessThan(sent);
  expect(reader.all("lagged")).toEqual([]);
  const before = slow.messages.length;
  await startSome();
  await slow.until(() => slow.messages.slice(before).some(({ type }) => type === "runs"));
  slow.close();
}, 60_000);
