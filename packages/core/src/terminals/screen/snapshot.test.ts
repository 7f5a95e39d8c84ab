import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Charsets } from "./charsets.ts";
import { HeadlessScreen } from "./screen.ts";
import { linkedOutput, output, scrollbackLines, size, stateOf, viewerTerminal, write } from "./screen-state.suite.ts";

const charsets = new Charsets();
const silent = { reply: () => undefined, title: () => undefined, bell: () => undefined };

/** The same inputs each time; others with these variables. Inputs that are known to fail stand in docs/status.md. */
const drawn = { numRuns: Number(process.env["SNAPSHOT_RUNS"] ?? 300), seed: Number(process.env["SNAPSHOT_SEED"] ?? 1) };

describe("a snapshot", () => {
  test("makes a terminal that was reset the same as one that has read everything, and the same it stays", () => {
    fc.assert(
      fc.property(size, output, output, (where, before, after) => {
        const screen = new HeadlessScreen({ ...where, scrollbackLines, charsets }, silent);
        const uninterrupted = viewerTerminal(where);
        screen.write(before);
        const { bytes, offset, cols, rows } = screen.snapshot();
        expect([cols, rows]).toEqual([where.cols, where.rows]);
        const restored = viewerTerminal(where);
        write(restored, bytes);
        write(uninterrupted, before.subarray(0, offset));
        expect(stateOf(restored)).toEqual(stateOf(uninterrupted));
        for (const terminal of [restored, uninterrupted]) {
          write(terminal, before.subarray(offset));
          write(terminal, after);
        }
        expect(stateOf(restored)).toEqual(stateOf(uninterrupted));
      }),
      drawn,
    );
  });

  test("keeps links", () => {
    fc.assert(
      fc.property(size, linkedOutput, (where, written) => {
        const screen = new HeadlessScreen({ ...where, scrollbackLines, charsets }, silent);
        const uninterrupted = viewerTerminal(where);
        screen.write(written);
        const { bytes, offset } = screen.snapshot();
        const restored = viewerTerminal(where);
        write(restored, bytes);
        write(uninterrupted, written.subarray(0, offset));
        expect(stateOf(restored)).toEqual(stateOf(uninterrupted));
      }),
      drawn,
    );
  });
});
