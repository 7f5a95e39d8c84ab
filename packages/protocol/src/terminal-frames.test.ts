import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import vectors from "../vectors/terminal-frames.json";
import { decodeTerminalFrame, encodeTerminalFrame, TerminalFrameError } from "./terminal-frames.ts";
import type { TerminalFrame } from "./terminal-frames.ts";

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** As in the file: bytes are hexadecimal there. */
function frameOf(frame: object): TerminalFrame {
  return ("bytes" in frame ? { ...frame, bytes: bytesOf(frame.bytes as string) } : frame) as TerminalFrame;
}

describe("messages of terminals", () => {
  test.each(vectors.frames.map(({ name, hex, frame }) => [name, hex, frame] as const))("%s", (_name, hex, frame) => {
    expect(hexOf(encodeTerminalFrame(frameOf(frame)))).toBe(hex);
    expect(decodeTerminalFrame(bytesOf(hex))).toEqual(frameOf(frame));
  });

  test.each(vectors.refused.map(({ name, hex }) => [name, hex] as const))("refused: %s", (_name, hex) => {
    expect(() => decodeTerminalFrame(bytesOf(hex))).toThrow(TerminalFrameError);
  });

  test("whatever arrives is a message or refused, and never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const message = new Uint8Array(bytes);
        try {
          const frame = decodeTerminalFrame(message);
          if (frame.type !== "state") expect(hexOf(encodeTerminalFrame(frame))).toBe(hexOf(message));
        } catch (error) {
          expect(error).toBeInstanceOf(TerminalFrameError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
