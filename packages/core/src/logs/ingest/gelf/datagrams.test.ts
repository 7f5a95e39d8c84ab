import { describe, expect, test } from "bun:test";
import { deflateSync, gzipSync } from "node:zlib";
import { GelfDatagrams } from "./datagrams.ts";

const chunk = (id: string, [place, count]: [number, number], body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x1e, 0x0f]), Buffer.from(id, "latin1"), Buffer.from([place, count]), body]);

describe("datagrams of GELF", () => {
  test("are whole messages, packed or not", () => {
    const datagrams = new GelfDatagrams(1_000);
    for (const pack of [(bytes: Buffer) => bytes, gzipSync, deflateSync]) {
      expect(datagrams.take(pack(Buffer.from('{"a":1}')), 0)).toBe('{"a":1}');
    }
  });

  test("are chunks in any order, some of them twice", () => {
    const datagrams = new GelfDatagrams(1_000);
    const whole = gzipSync('{"short_message":"in pieces"}');
    const [a, b, c] = [whole.subarray(0, 10), whole.subarray(10, 20), whole.subarray(20)];
    expect(datagrams.take(chunk("12345678", [2, 3], c), 0)).toBeUndefined();
    expect(datagrams.take(chunk("12345678", [0, 3], a), 0)).toBeUndefined();
    expect(datagrams.take(chunk("12345678", [0, 3], a), 0)).toBeUndefined();
    expect(datagrams.take(chunk("12345678", [1, 3], b), 4_999)).toBe('{"short_message":"in pieces"}');
  });

  test("that come too late are of another message", () => {
    const datagrams = new GelfDatagrams(1_000);
    expect(datagrams.take(chunk("12345678", [0, 2], Buffer.from("{")), 0)).toBeUndefined();
    expect(datagrams.take(chunk("12345678", [1, 2], Buffer.from("}")), 5_000)).toBeUndefined();
    expect(datagrams.take(chunk("12345678", [0, 2], Buffer.from("{")), 5_001)).toBe("{}");
  });

  test("that cannot be are refused, also those that unpack to more than is taken", () => {
    const datagrams = new GelfDatagrams(1_000);
    expect(() => datagrams.take(chunk("12345678", [3, 3], Buffer.alloc(1)), 0)).toThrow(RangeError);
    expect(() => datagrams.take(chunk("12345678", [0, 200], Buffer.alloc(1)), 0)).toThrow(RangeError);
    expect(() => datagrams.take(Buffer.from([0x1e, 0x0f, 1]), 0)).toThrow(RangeError);
    expect(() => datagrams.take(gzipSync(Buffer.alloc(2_000)), 0)).toThrow();
    datagrams.take(chunk("abcdefgh", [0, 2], Buffer.alloc(1)), 0);
    expect(() => datagrams.take(chunk("abcdefgh", [1, 3], Buffer.alloc(1)), 0)).toThrow("do not agree");
    for (let n = 1; n < 1_000; n++) datagrams.take(chunk(String(n).padStart(8, "0"), [0, 2], Buffer.alloc(1)), 0);
    expect(() => datagrams.take(chunk("newest!!", [0, 2], Buffer.alloc(1)), 0)).toThrow("too many");
  });
});
