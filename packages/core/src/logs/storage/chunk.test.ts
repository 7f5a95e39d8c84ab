import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LogEntry, StoredEntry } from "../entry.ts";
import { levelOf } from "../level.ts";
import { decodeChunk, eachCount, encodeChunk, sumOf } from "./chunk.ts";
import { anyEntry, entry, noonMs, plain } from "./entries.fixture.suite.ts";
import { entryAt } from "./rows.ts";

const stored = (entries: readonly LogEntry[]): StoredEntry[] =>
  entries.map((each, index) => ({ ...each, seq: 7 + index, level: levelOf(each) }));

describe("a chunk", () => {
  test("gives back every entry", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 40 }), (made) => {
        const entries = stored(made.map((each) => ({ ...each, line: each.line.toWellFormed() })));
        const { head, body, sum } = encodeChunk("acme", entries);
        expect(sumOf(body)).toBe(sum);
        const rows = decodeChunk(body, head.streams);
        const read = entries.map((_, row) => entryAt(rows, row));
        expect(read.map(plain)).toEqual(entries.map(plain));
        expect(read.map(({ seq, level }) => [seq, level])).toEqual(entries.map(({ seq, level }) => [seq, level]));
      }),
      { numRuns: 300 },
    );
  });

  test("knows its bounds, and never denies a value that is there", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 40 }), (made) => {
        const { head } = encodeChunk("acme", stored(made));
        for (const { timeMs, fields } of made) {
          expect(timeMs >= head.minMs && timeMs <= head.maxMs).toBe(true);
          for (const [name, value] of Object.entries(fields)) {
            const zone = head.fields[name];
            if (zone === undefined) expect(head.complete).toBe(false);
            if (zone?.values !== undefined) expect(zone.values.map((each) => each)).toContain(value);
            if (zone?.min !== undefined) expect(value).toBeNumber();
            if (typeof value === "number" && zone?.min !== undefined && zone.max !== undefined) {
              expect(value >= zone.min && value <= zone.max).toBe(true);
            }
          }
        }
      }),
    );
  });

  test("counts entries by minute and level", () => {
    const made = Array.from({ length: 100 }, (_, i) =>
      entry({ timeMs: noonMs + i * 1_000, line: i % 10 === 0 ? "ERROR x" : "INFO x" }),
    );
    const seen: [number, number, number][] = [];
    eachCount(encodeChunk("acme", stored(made)).counts, ({ minute, level, count }) =>
      seen.push([minute, level, count]),
    );
    const first = noonMs / 60_000;
    expect(seen).toEqual([
      [first, 3, 54],
      [first, 5, 6],
      [first + 1, 3, 36],
      [first + 1, 5, 4],
    ]);
  });

  test("is far smaller than what it holds", () => {
    const made = Array.from({ length: 5_000 }, (_, i) =>
      entry({
        timeMs: noonMs + i * 17,
        line: `GET /api/items/${i * 13} answered 200 in ${(i * 7) % 90} ms for a client that asked nicely`,
        fields: { status: 200, route: "/api/items", ms: (i * 7) % 90 },
      }),
    );
    const { body, head, counts, tokens } = encodeChunk("acme", stored(made));
    const kept = body.length + counts.length + (tokens?.length ?? 0) + JSON.stringify(head).length;
    expect(head.rawBytes / kept).toBeGreaterThan(10);
  });

  test("of another version is refused", () => {
    const { body } = encodeChunk("acme", stored([entry()]));
    body[0] = 200;
    expect(() => decodeChunk(body, [])).toThrow("another version");
  });
});
