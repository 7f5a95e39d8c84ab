import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GroundFinder } from "./ground.ts";
import { output, viewerTerminal } from "./screen-state.suite.ts";
import { coreOf } from "./xterm-core.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("places between two things", () => {
  test("are where the parser of the terminal is at ground, too", () => {
    fc.assert(
      fc.property(output, fc.integer({ min: 1, max: 40 }), (bytes, pieceBytes) => {
        const finder = new GroundFinder();
        const core = coreOf(viewerTerminal({ cols: 20, rows: 5 }));
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          const piece = bytes.subarray(at, at + pieceBytes);
          const cut = finder.read(piece) ?? 0;
          core._inputHandler.parse(piece.subarray(0, cut));
          if (cut > 0) expect(core._inputHandler._parser.currentState).toBe(0);
          core._inputHandler.parse(piece.subarray(cut));
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["plain text", "abc", 3],
    ["a sequence that is cut off", "ab\x1b[3", 2],
    ["a sequence that has come", "ab\x1b[3m", 6],
    ["a title that is cut off", "ab\x1b]2;ti", 2],
    ["a title that was ended by BEL", "ab\x1b]2;ti\x07", 9],
    ["an image that is cut off", "\x1bPq#0", undefined],
    ["an image that has come", "\x1bPq#0\x1b\\", 7],
    ["a sequence that was given up", "\x1b[3\x18", 4],
  ])("%s", (_name, text, cut) => {
    expect(new GroundFinder().read(bytesOf(text))).toBe(cut);
  });

  test("are not within a character", () => {
    const finder = new GroundFinder();
    const [first = 0, ...rest] = bytesOf("東");
    expect(finder.read(new Uint8Array([first]))).toBeUndefined();
    expect(finder.atGround).toBeFalse();
    expect(finder.read(new Uint8Array(rest))).toBe(2);
    expect(finder.atGround).toBeTrue();
  });
});
