import { expect, test } from "bun:test";
import fc from "fast-check";
import { levelOf } from "../level.ts";
import { anyEntry, plain } from "../storage/entries.fixture.suite.ts";
import { decodeJsonBatch, encodeJsonBatch } from "./json-batch.ts";

test("a file of JSON gives back what was put in", () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 5 }), (found) => {
      const entries = found.map((each, seq) => ({ ...each, seq, level: levelOf(each) }));
      const bytes = encodeJsonBatch({ day: "2026-01-01", batch: 1, tenant: "acme", entries });
      const read = decodeJsonBatch(bytes);
      expect(read.tenant).toBe("acme");
      // JSON knows one zero only.
      const said = (all: readonly (typeof entries)[number][]): string[] => all.map((each) => plain(each));
      expect(said(read.entries)).toEqual(said(entries));
      expect(read.entries.map(({ seq, level }) => [seq, level])).toEqual(entries.map(({ seq, level }) => [seq, level]));
    }),
    { numRuns: 100 },
  );
});

test("what is none is refused", () => {
  expect(() => decodeJsonBatch(new Uint8Array([1, 2, 3]))).toThrow(RangeError);
  expect(() => decodeJsonBatch(new Uint8Array(Bun.gzipSync('{"metadata":{"version":2},"logs":[]}')))).toThrow(
    "version",
  );
  const noTime = '{"metadata":{"version":1},"logs":[{"time":"never"}]}';
  expect(() => decodeJsonBatch(new Uint8Array(Bun.gzipSync(noTime)))).toThrow("no time");
});
