// What the frame codec promises: streams cut anywhere, the exact map of six keys, and typed refusals only.
import { describe, expect, test } from "bun:test";
import { decode as libraryDecode, encode as libraryEncode } from "@msgpack/msgpack";
import fc from "fast-check";
import {
  decodeMessage,
  encodeFrame,
  encodeMessage,
  FrameDecoder,
  FrameError,
  frameBytesMax,
  frameDepthMax,
} from "./frame.ts";
import type { FrameErrorCode, WireMessage } from "./frame.ts";

function message(payload: Record<string, unknown> = {}, type = 0x10): WireMessage {
  return {
    version: 1,
    type,
    id: "0192f0c1-8a50-7000-8000-000000000001",
    timestamp: 1_767_225_600_000,
    runtime: "bun",
    payload,
  };
}

function codeOf(call: () => unknown): FrameErrorCode | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
  return undefined;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const wireText = fc.string({ unit: "grapheme", maxLength: 300 });
/** The library does not read `__proto__`, which has its own test. */
const wireKey = wireText.filter((key) => key !== "__proto__");
const wireValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    wireText,
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.double().filter((number) => !Object.is(number, -0)),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(wireKey, tie("value"), { maxKeys: 20 }),
  ),
})).value;
const wireMessage: fc.Arbitrary<WireMessage> = fc.record({
  version: fc.constant(1 as const),
  type: fc.nat(255),
  id: fc.uuid(),
  timestamp: fc.nat(Number.MAX_SAFE_INTEGER),
  runtime: fc.constantFrom("bun", "node", "deno", "python"),
  payload: fc.dictionary(wireKey, wireValue, { maxKeys: 20 }).map((payload) => ({ ...payload })),
});

describe("encoding", () => {
  test("is one map of the six keys in order, as the library writes it", () => {
    fc.assert(
      fc.property(wireMessage, (sent) => {
        const bytes = encodeMessage({
          ...sent,
          extra: 1,
          payload: { ...sent.payload, absent: undefined },
        } as WireMessage);
        expect(Buffer.from(bytes).toString("hex")).toBe(Buffer.from(libraryEncode(sent)).toString("hex"));
        const read = libraryDecode(bytes) as object;
        expect(Object.keys(read)).toEqual(["version", "type", "id", "timestamp", "runtime", "payload"]);
        expect(decodeMessage(bytes)).toEqual(sent);
      }),
    );
  });

  test("puts the length before it in the same bytes", () => {
    const frame = encodeFrame(message({ a: 1 }));
    expect(new DataView(frame.buffer).getUint32(0)).toBe(frame.length - 4);
    expect(frame.subarray(4)).toEqual(encodeMessage(message({ a: 1 })));
    const copy = frame.slice();
    encodeFrame(message({ b: "another" }));
    expect(frame).toEqual(copy);
  });

  test("writes integers as integers, beyond 2^53 too, and bytes as bin", () => {
    const payload = { small: 5, large: 2n ** 64n - 1n, least: -(2n ** 63n), fits: 7n, bytes: new Uint8Array([1, 2]) };
    const bytes = encodeMessage(message(payload));
    const read = libraryDecode(bytes, { useBigInt64: true }) as { payload: unknown };
    expect(read.payload).toEqual({ ...payload, fits: 7 });
    expect(decodeMessage(bytes).payload).toEqual({ ...payload, fits: 7 });
  });

  test("replaces a lone surrogate, which UTF-8 cannot carry", () => {
    expect(decodeMessage(encodeMessage(message({ "k\ud800": "a\udfffb" }))).payload).toEqual({ "k\ufffd": "a\ufffdb" });
  });

  test("refuses what is no message or cannot be carried, with the place", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const bad = [new Date(), new Map(), () => 1, Symbol("x"), [undefined], 2n ** 64n, -(2n ** 63n) - 1n, circular];
    for (const value of bad) expect(codeOf(() => encodeFrame(message({ value })))).toBe("frame_bad_shape");
    expect(() => encodeFrame(message({ list: [{ at: new Date() }] }))).toThrow(
      "$.payload.list[0].at is not a plain object",
    );
    expect(codeOf(() => encodeFrame({ ...message(), version: 2 } as never))).toBe("frame_bad_version");
    expect(codeOf(() => encodeFrame({ ...message(), timestamp: 1.5 }))).toBe("frame_bad_shape");
    expect(encodeFrame(message({ fine: 1 })).length).toBeGreaterThan(4);
  });

  test("refuses a message over the limit and takes one at it", () => {
    const size = encodeMessage(message({ text: "x".repeat(100) })).length;
    expect(encodeFrame(message({ text: "x".repeat(100) }), { frameBytesMax: size }).length).toBe(size + 4);
    expect(codeOf(() => encodeFrame(message({ text: "x".repeat(100) }), { frameBytesMax: size - 1 }))).toBe(
      "frame_too_large",
    );
    expect(codeOf(() => encodeMessage(message({ bytes: new Uint8Array(frameBytesMax) })))).toBe("frame_too_large");
  });
});

describe("a stream", () => {
  const sent = [
    message(),
    message({ text: "é".repeat(50), bytes: new Uint8Array([1, 2, 3]) }, 0x22),
    message({ a: [1] }, 0x7f),
  ];
  const stream = concat(sent.map((one) => encodeFrame(one)));

  test("can be split at every byte, into two or into single bytes", () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const decoder = new FrameDecoder();
      expect([...decoder.push(stream.slice(0, cut)), ...decoder.push(stream.slice(cut))]).toEqual(sent);
      expect(decoder.pendingBytes).toBe(0);
    }
    const decoder = new FrameDecoder();
    expect([...stream].flatMap((byte) => decoder.push(new Uint8Array([byte])))).toEqual(sent);
  });

  test("can be split anywhere, with the chunks' memory used again at once", () => {
    fc.assert(
      fc.property(
        fc.array(wireMessage, { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (messages, sizes) => {
          const bytes = concat(messages.map((one) => encodeFrame(one)));
          const decoder = new FrameDecoder();
          const received: WireMessage[] = [];
          for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
            const chunk = bytes.slice(start, start + sizes[turn % sizes.length]!);
            start += chunk.length;
            received.push(...decoder.push(chunk));
            chunk.fill(0xff);
          }
          expect(received).toEqual(messages);
        },
      ),
    );
  });

  test("carries a frame of the largest size in small chunks", () => {
    const room = frameBytesMax - encodeMessage(message({ bytes: new Uint8Array(70_000) })).length + 70_000;
    const content = new Uint8Array(room).map((_, index) => index * 31);
    const frame = encodeFrame(message({ bytes: content }));
    expect(frame.length).toBe(frameBytesMax + 4);
    const decoder = new FrameDecoder();
    const received: WireMessage[] = [];
    for (let start = 0; start < frame.length; start += 1_000)
      received.push(...decoder.push(frame.subarray(start, start + 1_000)));
    expect(received.length).toBe(1);
    expect(Buffer.compare(received[0]!.payload["bytes"] as Uint8Array, content)).toBe(0);
  });
});

describe("a bad frame", () => {
  test("keeps the good ones before it, and ends the stream", () => {
    const decoder = new FrameDecoder();
    const good = message({ a: 1 });
    let error: unknown;
    try {
      decoder.push(concat([encodeFrame(good), encodeFrame(good), new Uint8Array(4), encodeFrame(good)]));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FrameError);
    expect((error as FrameError).code).toBe("frame_empty");
    expect((error as FrameError).received).toEqual([good, good]);
    expect(codeOf(() => decoder.push(encodeFrame(good)))).toBe("frame_empty");
    expect(codeOf(() => decoder.push(new Uint8Array(0)))).toBe("frame_empty");
  });

  test("is refused by its length before its bytes arrive", () => {
    expect(codeOf(() => new FrameDecoder({ frameBytesMax: 10 }).push(new Uint8Array([0, 0, 0, 11])))).toBe(
      "frame_too_large",
    );
    expect(codeOf(() => new FrameDecoder().push(new Uint8Array([0xff, 0xff, 0xff, 0xff])))).toBe("frame_too_large");
    expect(codeOf(() => decodeMessage(new Uint8Array(0)))).toBe("frame_empty");
    expect(codeOf(() => decodeMessage(encodeMessage(message()), { frameBytesMax: 10 }))).toBe("frame_too_large");
  });

  test("of a missing or wrong key is refused by shape, of another version by version", () => {
    for (const key of ["version", "type", "id", "timestamp", "runtime", "payload"]) {
      const { [key]: _, ...rest } = { ...message() } as Record<string, unknown>;
      expect(codeOf(() => decodeMessage(libraryEncode(rest)))).toBe("frame_bad_shape");
      for (const wrong of [null, [], true, 1.5]) {
        const code = key === "version" ? "frame_bad_version" : "frame_bad_shape";
        expect(codeOf(() => decodeMessage(libraryEncode({ ...rest, [key]: wrong })))).toBe(code);
      }
    }
    expect(decodeMessage(libraryEncode({ future: 1, ...message() }))).toEqual(message());
  });

  test("that nests past the limit is refused both ways", () => {
    let value: unknown = 1;
    for (let depth = 2; depth < frameDepthMax; depth += 1) value = [value];
    expect(decodeMessage(encodeMessage(message({ value }))).payload).toEqual({ value });
    expect(codeOf(() => encodeMessage(message({ value: [value] })))).toBe("frame_bad_shape");
    expect(codeOf(() => decodeMessage(libraryEncode(message({ value: [value] }), { maxDepth: 500 })))).toBe(
      "frame_bad_msgpack",
    );
    expect(codeOf(() => decodeMessage(new Uint8Array(1_000_000).fill(0x91)))).toBe("frame_bad_msgpack");
  });

  test("of any garbage throws nothing but the typed error", () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }).map((body) => concat([new Uint8Array([0, 0, 0, body.length & 0xff]), body])),
      fc.tuple(wireMessage, fc.nat(), fc.nat(255)).map(([one, place, byte]) => {
        const frame = encodeFrame(one);
        frame[place % frame.length] = byte;
        return frame;
      }),
    );
    fc.assert(
      fc.property(garbage, (bytes) => {
        codeOf(() => new FrameDecoder().push(bytes));
        codeOf(() => decodeMessage(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  test("cannot reach a prototype through its payload", () => {
    const bytes = libraryEncode({ ...message(), payload: JSON.parse('{"__proto__":{"admin":true}}') as unknown });
    const { payload } = decodeMessage(bytes);
    expect(payload["admin"]).toBeUndefined();
    expect(Object.hasOwn(payload, "__proto__")).toBe(true);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});
