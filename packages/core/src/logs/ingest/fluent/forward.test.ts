import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { decode, encode, ExtData } from "@msgpack/msgpack";
import { found, now } from "../found.fixture.suite.ts";
import { fluentAck, fluentChunk, fluentMessages, readForward } from "./forward.ts";

const eventTime = (seconds: number, nanos: number): ExtData => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(seconds, 0);
  bytes.writeUInt32BE(nanos, 4);
  return new ExtData(0, bytes);
};
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
async function read(...messages: unknown[]) {
  const bytes = Buffer.concat(messages.map((each) => encode(each)));
  const decoded = await Array.fromAsync(fluentMessages(pieces(bytes, 7), 10_000));
  const chunks: (string | undefined)[] = [];
  const all = found((into) => {
    for (const message of decoded) {
      readForward(into, { message, now, bytesMax: 10_000 });
      chunks.push(fluentChunk(message));
    }
  });
  return { ...all, chunks };
}

const time = eventTime(1_772_625_600, 123_456_789);
const packed = Buffer.concat([encode([time, { log: "a" }]), encode([1_772_625_601, { log: "b" }])]);

describe("messages of Fluent's forward protocol", () => {
  test("are of four modes, each with the name it is acknowledged by", async () => {
    const { entries, chunks } = await read(
      ["app.one", time, { message: "m", service: "shop", level: "error", n: { x: 1 } }, { chunk: "c1" }],
      [
        "app.two",
        [
          [time, { log: "f1" }],
          [0, { log: "f2", raw: Buffer.from("bytes") }],
        ],
        { chunk: "c2" },
      ],
      ["app.three", packed, { chunk: Buffer.from("c3") }],
      ["app.four", gzipSync(packed), { compressed: "gzip" }],
    );
    expect(chunks).toEqual(["c1", "c2", "c3", undefined]);
    expect(entries).toMatchObject([
      {
        line: "m",
        level: "error",
        timeMs: 1_772_625_600_123,
        subNs: 456_789,
        labels: { tag: "app.one", service: "shop" },
        fields: { "n.x": 1 },
      },
      { line: "f1", labels: { tag: "app.two" } },
      { line: "f2", timeMs: now.timeMs, fields: { raw: "bytes" } },
      { line: "a", labels: { tag: "app.three" } },
      { line: "b", timeMs: 1_772_625_601_000 },
      { line: "a", labels: { tag: "app.four" } },
      { line: "b" },
    ]);
  });

  test.each([
    [7],
    [[1, 2, 3]],
    [["t", [3]]],
    [["t", Buffer.from([0x92, 1])]],
    [["t", Buffer.from("xx"), { compressed: "gzip" }]],
  ])("that are %j are refused", async (message) => {
    expect(await read(message).then(String, String)).toContain("forward protocol");
  });

  test("are acknowledged by their name", () => {
    expect(decode(fluentAck("c1"))).toEqual({ ack: "c1" });
    expect([fluentChunk(7), fluentChunk(["t", [], {}]), fluentChunk(["t", 1, {}, { chunk: 7 }])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("with a record that is none have the others", async () => {
    const { entries, collector } = await read([
      "t",
      [
        [time, 3],
        [time, { log: "x" }],
      ],
    ]);
    expect([entries.length, collector.rejections]).toEqual([1, 1]);
  });
});
