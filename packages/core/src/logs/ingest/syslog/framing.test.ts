import { describe, expect, test } from "bun:test";
import { MessageTooLong, SyslogFrames } from "./framing.ts";

const stream = "<13>one\n11 <13>two\nlin<14>three\r\n7 <13>fou<15>five\0\n\n<13>last";

describe("messages in a stream", () => {
  test("are counted or end with their line, in whatever pieces they come", () => {
    for (let size = 1; size <= stream.length; size++) {
      const frames = new SyslogFrames(100);
      const found: string[] = [];
      for (let at = 0; at < stream.length; at += size)
        found.push(...frames.push(Buffer.from(stream.slice(at, at + size))));
      expect([...found, frames.end()]).toEqual([
        "<13>one",
        "<13>two\nlin",
        "<14>three",
        "<13>fou",
        "<15>five",
        "<13>last",
      ]);
      expect(frames.end()).toBe("");
    }
  });

  test("that are cut off while they are counted are none", () => {
    const frames = new SyslogFrames(100);
    expect(frames.push(Buffer.from("20 <13>cut"))).toEqual([]);
    expect(frames.end()).toBe("");
  });

  test("are lines where digits are no length", () => {
    expect(new SyslogFrames(100).push(Buffer.from("2026-03-04 x\n123456789 y\n0 z\n"))).toEqual([
      "2026-03-04 x",
      "123456789 y",
      "0 z",
    ]);
  });

  test("that are too long end it", () => {
    expect(() => new SyslogFrames(10).push(Buffer.from("11 <13>"))).toThrow(MessageTooLong);
    expect(() => new SyslogFrames(10).push(Buffer.from("x".repeat(30)))).toThrow(MessageTooLong);
    expect(() => new SyslogFrames(10).push(Buffer.from(`${"x".repeat(11)}\n`))).toThrow(MessageTooLong);
  });
});
