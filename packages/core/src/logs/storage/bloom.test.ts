import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mayContain, tokenFilter } from "./bloom.ts";
import type { TokenFilter } from "./bloom.ts";
import { textColumn } from "./texts.ts";

function filterOf(texts: readonly string[]): TokenFilter {
  const { bits, longest } = tokenFilter([textColumn(texts)]);
  if (bits === undefined) throw new Error("no filter was made");
  return { bits, longest };
}

const has = (filter: TokenFilter, needle: string): boolean => mayContain(filter, Buffer.from(needle));

describe("a filter of tokens", () => {
  test("never denies a piece of what is there", () => {
    const line = fc.string({ unit: fc.constantFrom("a", "b", "1", " ", "-", "_", ".", "/", "9", "é"), maxLength: 60 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat(), (texts, from, length) => {
        const { bits, longest } = tokenFilter([textColumn(texts)]);
        if (bits === undefined) return;
        for (const text of texts) {
          const start = from % (text.length + 1);
          const piece = text.slice(start, start + (length % 40));
          expect(mayContain({ bits, longest }, Buffer.from(piece))).toBe(true);
        }
      }),
    );
  });

  test("denies almost every id that is not there", () => {
    const id = (n: number): string => Bun.hash.xxHash64(String(n)).toString(16).padStart(16, "0");
    const padding = " and some words besides the identifier of the request that was handled".repeat(12);
    const filter = filterOf(Array.from({ length: 1_000 }, (_, n) => `trace=${id(n)}${padding}`));
    expect(Array.from({ length: 1_000 }, (_, n) => has(filter, id(n))).every(Boolean)).toBe(true);
    const wrong = Array.from({ length: 1_000 }, (_, n) => has(filter, id(n + 5_000))).filter(Boolean).length;
    expect(wrong).toBeLessThan(30);
  });

  test("denies what is longer than anything there", () => {
    expect(has(filterOf(["short words only"]), "a-very-long-word-that-is-not-there")).toBe(false);
  });

  test("is not made where nearly all is ids", () => {
    const ids = Array.from({ length: 500 }, (_, n) => `${n}${n}${n}abcdef12`);
    expect(tokenFilter([textColumn(ids)]).bits).toBeUndefined();
  });
});
