// Packed messages on the WebSocket of logs, and what Bun makes of them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { Socket as TcpSocket } from "node:net";
import { deflateRawSync } from "node:zlib";
import { bearer, LogSocketRig } from "./log-socket-rig.suite.ts";

let rig: LogSocketRig;
beforeAll(async () => {
  rig = await LogSocketRig.make({});
});
afterAll(() => rig[Symbol.asyncDispose]());

describe("compressed messages", () => {
  test("of any size are taken, one after the other, and large ones come back packed", async () => {
    const client = await rig.connected();
    expect(client.socket.extensions).toContain("permessage-deflate");
    const sizes = [100, 4_000, 4_096, 4_097, 70_000, 900_000];
    for (const [index, size] of sizes.entries()) {
      client.send({ id: String(size), message: `${"abcdefghij".repeat(size / 10)}${size}`, service: "packed" });
      expect(await client.next("ack", index)).toMatchObject({ logId: String(size), accepted: 1 });
    }
    client.send({ type: "subscribe", topics: ["service:=packed"], last: 10 });
    await client.next("entry", sizes.length - 1);
    const lengths = client.all("entry").map(({ line }) => String(line).length);
    expect(lengths).toEqual(sizes.map((size) => Math.floor(size / 10) * 10 + String(size).length));
  });

  test("up to 16 MiB are one message, larger ones end the connection", async () => {
    const client = await rig.connected();
    const entries = Array.from({ length: 200 }, (_, i) => `${i} ${"large ".repeat(12_000)}`);
    client.send({ key: "large", labels: { service: "large" }, entries });
    expect(await client.next("ack")).toMatchObject({ accepted: 200 });
    client.send("x".repeat(17 * 1024 * 1024));
    expect([1006, 1009]).toContain((await client.closed()).code);
    expect((await rig.connected()).said).toHaveLength(1);
  });

  test("that end as RFC 7692 allows and Bun does not take cost that connection alone", async () => {
    const text = JSON.stringify({ id: "final", message: "f".repeat(5_000), service: "final" });
    const answer = await sentRaw(deflateRawSync(Buffer.from(text)));
    // Taken, or the connection is gone: never answered with something else.
    expect(answer === "closed" || answer.includes('"logId":"final"')).toBe(true);
    expect((await rig.connected()).all("connection")).toHaveLength(1);
  });

  test("are for logs alone: other sockets agree to none", async () => {
    const live = rig.dial("", bearer, "/api/v1/live");
    await live.next("hello");
    expect(live.socket.extensions).toBe("");
  });
});

/** Sends one packed frame as it is; what the server says to it, or that it hung up. */
function sentRaw(payload: Buffer): Promise<string> {
  const lines = [
    `GET /api/v1/logs/ws HTTP/1.1`,
    `Host: 127.0.0.1:${rig.port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions: permessage-deflate",
    `Authorization: ${bearer["authorization"] ?? ""}`,
  ];
  return new Promise((resolve) => {
    let heard = "";
    const socket: TcpSocket = connect(rig.port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
    let sent = false;
    const done = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (heard.includes('"type":"ack"') || heard.includes('"type":"error"')) done(heard);
      if (sent || !heard.includes('"type":"connection"')) return;
      sent = true;
      // FIN, RSV1, text; masked with zeros.
      const head = Buffer.from([0xc1, 0x80 | payload.length, 0, 0, 0, 0]);
      socket.write(Buffer.concat([head, payload]));
    });
    socket.on("close", () => done("closed"));
    socket.on("error", () => done("closed"));
  });
}
