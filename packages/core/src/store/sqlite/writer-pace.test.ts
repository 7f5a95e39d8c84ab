import { describe, expect, test } from "bun:test";
import { WriterPace } from "./writer-pace.ts";

/** A writer whose verbs take 0.01 ms each. */
function paced(commitMs: number): WriterPace {
  const pace = new WriterPace();
  pace.note({ verbs: 100, workMs: 1, commitMs });
  return pace;
}

describe("the next commit", () => {
  test("takes everything before anything was measured", () => {
    expect(new WriterPace().next(256, 0)).toBe(256);
  });

  test("takes half of many callers, so that the other half is written while they digest their answers", () => {
    const pace = paced(0.2);
    expect(pace.next(256, 0)).toBe(128);
    expect(pace.next(128, 128)).toBe(128);
    expect(pace.next(200, 56)).toBe(128);
    expect(pace.next(20, 236)).toBe(20);
  });

  test("takes everything of a few callers, whose work is not worth a second commit", () => {
    const pace = paced(0.2);
    expect(pace.next(32, 0)).toBe(32);
    expect(pace.next(1, 0)).toBe(1);
    expect(pace.next(0, 0)).toBe(0);
  });

  test("takes everything on a slow disk", () => {
    expect(paced(10).next(256, 0)).toBe(256);
  });

  test("follows a disk that becomes slow", () => {
    const pace = paced(0.2);
    expect(pace.next(256, 0)).toBe(128);
    for (let i = 0; i < 5; i++) pace.note({ verbs: 100, workMs: 1, commitMs: 10 });
    expect(pace.next(256, 0)).toBe(256);
  });

  test("is not disturbed by an empty batch", () => {
    const pace = paced(0.2);
    pace.note({ verbs: 0, workMs: 0, commitMs: 50 });
    expect(pace.next(256, 0)).toBe(128);
  });
});
