// Frames with and without their length.
import { expect, test } from "bun:test";
import { framesIn, withLength } from "./dial-websocket.ts";

test("frames that were written together are sent apart, and read with their length again", () => {
  const bytes = Uint8Array.of(0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9);
  const frames = framesIn(bytes);
  expect(frames.map((each) => [...each])).toEqual([[7, 8], [9]]);
  expect(frames.flatMap((each) => [...withLength(each.buffer)])).toEqual([...bytes]);
});

test("half a frame is a mistake of this worker's own", () => {
  expect(() => framesIn(Uint8Array.of(0, 0, 0, 2, 7))).toThrow("cut off");
});
