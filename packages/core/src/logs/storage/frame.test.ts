import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { anyEntry, plain } from "./entries.fixture.suite.ts";
import { entriesOf, FrameWriter } from "./frame.ts";

describe("a frame", () => {
  test("gives back its entries in the order they came", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 30 }), (entries) => {
        const writer = new FrameWriter();
        for (const entry of entries) writer.add({ ...entry, level: 3 });
        const read = entriesOf(writer.taken(), 100);
        expect(read.map(plain)).toEqual(entries.map(plain));
        expect(read.map(({ seq }) => seq)).toEqual(entries.map((_, index) => 100 + index));
        expect(writer.entries).toBe(entries.length);
      }),
    );
  });

  test("names labels and fields once, however many entries have them", () => {
    const sizeOf = (count: number): number => {
      const writer = new FrameWriter();
      for (let i = 0; i < count; i++) {
        const labels = { service: "a-service-with-a-long-name" };
        writer.add({ labels, timeMs: 1_000 + i, subNs: 0, line: "x", fields: { duration_of_call: i }, level: 0 });
      }
      return writer.taken().length;
    };
    expect(sizeOf(101) - sizeOf(1)).toBeLessThan(100 * 12);
  });

  test("that is cut off or of another version is refused", () => {
    const writer = new FrameWriter();
    writer.add({ labels: { a: "b" }, timeMs: 5, subNs: 6, line: "hello", fields: { n: 1.5, ok: true }, level: 1 });
    const frame = writer.taken();
    for (let cut = 0; cut < frame.length; cut++) expect(() => entriesOf(frame.subarray(0, cut), 1)).toThrow(RangeError);
    frame[0] = 9;
    expect(() => entriesOf(frame, 1)).toThrow("another version");
  });
});
