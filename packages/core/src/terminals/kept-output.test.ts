import { describe, expect, test } from "bun:test";
import { KeptOutput } from "./kept-output.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function told(kept: KeptOutput): string[] {
  return [...kept.entries()].map((entry) =>
    entry.kind === "output" ? new TextDecoder().decode(entry.bytes) : `${entry.change.cols}#${entry.change.mark}`,
  );
}

function written(): KeptOutput {
  const kept = new KeptOutput({ cols: 80, rows: 24 });
  kept.push(bytes("abc"));
  kept.push(bytes("def"));
  // Told when the third piece was already on its way.
  kept.push(bytes("ghi"));
  kept.resize({ cols: 90, rows: 24 }, { offset: 6, mark: 1 });
  kept.resize({ cols: 70, rows: 24 }, { offset: 9, mark: 2 });
  return kept;
}

describe("kept output", () => {
  test("is told as it came, changes of size where they happened", () => {
    expect(told(written())).toEqual(["abc", "def", "90#1", "ghi", "70#2"]);
  });

  test("begins at a screen that stands for what was before", () => {
    const kept = written();
    kept.begin({ cols: 80, rows: 24, offset: 4, mark: 0 });
    expect([told(kept), kept.bytes]).toEqual([["ef", "90#1", "ghi", "70#2"], 5]);
    kept.begin({ cols: 90, rows: 24, offset: 6, mark: 1 });
    expect(told(kept)).toEqual(["ghi", "70#2"]);
    kept.begin({ cols: 70, rows: 24, offset: 9, mark: 2 });
    kept.push(bytes("j"));
    expect([told(kept), kept.from]).toEqual([["j"], { cols: 70, rows: 24, offset: 9, mark: 2 }]);
  });

  test("begins later where it may not become longer, at the size of that time", () => {
    const kept = written();
    expect(kept.trim(9)).toBeFalse();
    expect(kept.trim(5)).toBeTrue();
    expect([told(kept), kept.from]).toEqual([["ghi", "70#2"], { cols: 90, rows: 24, offset: 6, mark: 1 }]);
  });
});
