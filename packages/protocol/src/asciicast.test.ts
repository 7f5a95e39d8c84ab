import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { castCodes, eventLine, headLine, linesOfV2, parseCast } from "./asciicast.ts";
import type { Cast } from "./asciicast.ts";

const text = fc.string({ unit: "grapheme" });
const cast: fc.Arbitrary<Cast> = fc.record({
  head: fc.record({
    cols: fc.integer({ min: 1, max: 1_000 }),
    rows: fc.integer({ min: 1, max: 1_000 }),
    startedAt: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1_000),
    title: text,
    command: text,
    tags: fc.array(text, { maxLength: 3 }),
  }),
  events: fc
    .array(fc.record({ gapMs: fc.integer({ min: 0, max: 100_000 }), code: fc.constantFrom(...castCodes), data: text }))
    .map((events) => {
      let atMs = 0;
      return events.map(({ gapMs, code, data }) => ({ atMs: (atMs += gapMs), code, data }));
    }),
});

function v3({ head, events }: Cast): string {
  return headLine(head) + events.map((event, index) => eventLine(event, events[index - 1]?.atMs ?? 0)).join("");
}

const rounded = (read: Cast | undefined) => read?.events.map((event) => ({ ...event, atMs: Math.round(event.atMs) }));

describe("recordings", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(cast, (made) => {
        const read = parseCast(v3(made));
        expect(rounded(read)).toEqual([...made.events]);
        expect(read?.head).toEqual({ ...made.head, version: 3 } as never);
      }),
    );
  });

  test("are the same as v2, but for the exit status and tags", () => {
    fc.assert(
      fc.property(cast, (made) => {
        const read = parseCast([...linesOfV2(made)].join(""));
        expect(rounded(read)).toEqual(made.events.filter(({ code }) => code !== "x"));
        expect(read?.head).toMatchObject({ version: 2, cols: made.head.cols, title: made.head.title });
      }),
    );
  });

  test("that were cut off are read up to there; other files are none", () => {
    const whole = v3({
      head: { cols: 80, rows: 24, startedAt: 0, title: "", command: "sh", tags: [] },
      events: [
        { atMs: 5, code: "o", data: "one" },
        { atMs: 9, code: "o", data: "two" },
      ],
    });
    expect(parseCast(whole.slice(0, -4))?.events).toEqual([{ atMs: 5, code: "o", data: "one" }]);
    for (const other of ["", "{}", "[]", '{"version":1}', '{"version":3,"term":{"cols":0,"rows":1}}'])
      expect(parseCast(other)).toBeUndefined();
  });
});
