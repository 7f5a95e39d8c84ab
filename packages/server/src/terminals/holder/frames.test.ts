import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bodyIn, bodyOf, encodeFrame, FrameError, frameKinds, FrameReader } from "./frames.ts";
import type { Frame, FrameKind } from "./frames.ts";

const kinds = Object.keys(frameKinds) as FrameKind[];
const frame = fc.record({
  kind: fc.constantFrom(...kinds),
  id: fc.stringMatching(/^\w{0,40}$/),
  body: fc.uint8Array({ maxLength: 300 }),
});

describe("what a server and a holder say", () => {
  test("arrives as it was said, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 20 }), (frames, cuts) => {
        const all = Buffer.concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const read: Frame[] = [];
        let at = 0;
        for (const cut of [...cuts, all.length]) {
          const piece = Buffer.from(all.subarray(at, at + cut));
          read.push(...reader.read(piece));
          // The socket's own again.
          piece.fill(0);
          at += cut;
        }
        expect(read).toEqual(frames);
      }),
      { numRuns: 200 },
    );
  });

  test("is refused where it is something else, and passed over where it is newer", () => {
    expect(() => [...new FrameReader().read(new Uint8Array([255, 255, 255, 255]))]).toThrow(FrameError);
    expect(() => [...new FrameReader().read(new Uint8Array([1, 0, 0, 0, 1]))]).toThrow(FrameError);
    expect(() => [...new FrameReader().read(new Uint8Array([2, 0, 0, 0, 1, 9]))]).toThrow(FrameError);
    const newer = new Uint8Array([2, 0, 0, 0, 200, 0]);
    const known: Frame = { kind: "pause", id: "a", body: new Uint8Array(0) };
    expect([...new FrameReader().read(Buffer.concat([newer, encodeFrame(known)]))]).toEqual([known]);
  });

  test("has objects with bytes behind them", () => {
    const body = bodyOf({ a: [1, "ä"] }, new Uint8Array([1, 2]));
    expect(bodyIn<object>(body)).toEqual({ value: { a: [1, "ä"] }, bytes: new Uint8Array([1, 2]) });
    for (const bad of [[], [9, 0, 0, 0, 1], [1, 0, 0, 0, 49], [1, 0, 0, 0, 123]])
      expect(() => bodyIn(new Uint8Array(bad))).toThrow(FrameError);
  });
});
