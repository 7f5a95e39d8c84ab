import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Pieces } from "./line-pieces.ts";
import { TemplateTexts } from "./template-texts.ts";
import { templatesOf } from "./template-writer.ts";
import { textColumn } from "./texts.ts";

const noonMs = Date.UTC(2026, 2, 4, 12);
/** Every other line is of the next second. */
const timesOf = (texts: readonly string[]): number[] => texts.map((_, row) => noonMs + (row % 3) * 1_000);

function kept(texts: readonly string[]): TemplateTexts {
  const times = timesOf(texts);
  const bytes = templatesOf(textColumn(texts), new Pieces(), times).taken();
  return new TemplateTexts(bytes, { count: texts.length, timeMs: () => times });
}

/** Lines of programs: words, numbers and ids between signs. */
const part = fc.oneof(
  fc.constantFrom(
    "GET ",
    "/api/v1/",
    "took",
    "ms",
    "=",
    " ",
    ":",
    '"',
    "-",
    "svc-",
    "\n",
    "\0",
    "\u0001",
    "\u0002",
    "ä",
    "id",
  ),
  fc.integer({ min: 0, max: 99_999 }).map(String),
  fc.stringMatching(/^[0-9a-f]{8,12}$/),
  fc.stringMatching(/^[a-z0-9]{1,10}$/),
  fc.string({ unit: "grapheme", maxLength: 4 }),
);
const line = fc.array(part, { maxLength: 8 }).map((parts) => parts.join("").toWellFormed());
const plain = fc.array(line, { minLength: 1, maxLength: 30 });
/** Lines that say when they were written, as most do, or nearly so. */
const timed = fc
  .tuple(plain, fc.constantFrom("", '"ts":"', "at ", "x", "5"), fc.constantFrom("", '"', " ", "9"))
  .map(([texts, before, behind]) =>
    texts.map((text, row) => `${before}${new Date(noonMs + (row % 3) * 1_000).toISOString()}${behind}${text}`),
  );
const lines = fc.oneof(plain, timed);

describe("texts as templates and values", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(lines, (texts) => {
        const column = kept(texts);
        expect(texts.map((_, row) => column.at(row))).toEqual(texts);
        expect(column.rawBytes).toBe(Buffer.byteLength(texts.join("")));
      }),
      { numRuns: 200 },
    );
  });

  test("are found by any piece of them, and by nothing else", () => {
    const cut = fc.tuple(lines, fc.nat(), fc.nat(), fc.nat({ max: 12 }), line);
    fc.assert(
      fc.property(cut, ([texts, which, from, length, other]) => {
        const of = texts[which % texts.length] ?? "";
        const bytes = Buffer.from(of);
        const at = bytes.length === 0 ? 0 : from % bytes.length;
        for (const needle of [bytes.subarray(at, at + length), Buffer.from(other)]) {
          if (needle.length === 0) continue;
          const hits = new Uint8Array(texts.length);
          kept(texts).mark(needle, hits);
          expect([...hits]).toEqual(texts.map((text) => (Buffer.from(text).includes(needle) ? 1 : 0)));
        }
      }),
      { numRuns: 800 },
    );
  }, 60_000);

  test("of one program are far smaller than packed as they are", () => {
    let seed = 7;
    const random = (max: number): number => (seed = (seed * 48_271) % 2_147_483_647) % max;
    const many = Array.from(
      { length: 4_000 },
      () =>
        `GET /api/v1/orders/${random(1_000_000)} answered ${200 + random(3)} in ${random(900)} ms for user ${random(50_000)}`,
    );
    const compressed = Bun.zstdCompressSync(Buffer.from(many.join("\n")), { level: 3 }).length;
    expect(templatesOf(textColumn(many), new Pieces(), []).length * 1.7).toBeLessThan(compressed);
  });

  test("that are more than a byte can count are kept as well", () => {
    const letters = (n: number): string => n.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");
    const texts = Array.from({ length: 600 }, (_, i) => `${letters(i)} said ${i}`);
    const column = kept(texts);
    expect(texts.map((_, row) => column.at(row))).toEqual(texts);
  });

  test("that are no such bytes are refused", () => {
    expect(() => new TemplateTexts(new Uint8Array([200]), { count: 1, timeMs: () => [] })).toThrow(RangeError);
  });
});
