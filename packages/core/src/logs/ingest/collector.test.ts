import { describe, expect, test } from "bun:test";
import { logLimits } from "../limits.ts";
import { entriesOf } from "../storage/frame.ts";
import { Collector, RefusedRequest } from "./collector.ts";
import type { FoundEntry } from "./collector.ts";

const found = (p: Partial<FoundEntry> = {}): FoundEntry => ({ timeMs: 1_000, subNs: 0, line: "x", fields: {}, ...p });

describe("what a request holds", () => {
  test("is taken entry by entry: bad ones are told by their place, good ones stay", () => {
    const limits = { ...logLimits, logEntryLineBytesMax: 10, logFieldsMax: 1, logFieldBytesMax: 8 };
    const collector = new Collector(limits);
    const stream = collector.stream({ a: "b" });
    const add = (p: Partial<FoundEntry>) => collector.add(stream, { a: "b" }, found(p));
    add({ line: "ERROR x" });
    add({ timeMs: Number.NaN });
    add({ timeMs: 1e18 });
    add({ line: "äääää!" });
    add({ line: "ääääää" });
    add({ fields: { a: 1, b: 2 } });
    add({ fields: { a: "0123456789" } });
    collector.reject("not_an_entry");
    expect(collector.rejected).toEqual([
      { index: 1, code: "no_time" },
      { index: 2, code: "time_out_of_range" },
      { index: 3, code: "line_too_long" },
      { index: 4, code: "line_too_long" },
      { index: 5, code: "too_many_fields" },
      { index: 6, code: "field_too_long" },
      { index: 7, code: "not_an_entry" },
    ]);
    const batch = collector.batch("acme", { name: "k", hash: "h" });
    expect(batch).toMatchObject({ tenant: "acme", entries: 1, days: ["1970-01-01"], key: { name: "k", hash: "h" } });
    expect(entriesOf(batch.frame, 5)).toMatchObject([{ seq: 5, line: "ERROR x", level: 5, labels: { a: "b" } }]);
  });

  test("is refused as a whole where it is too much", () => {
    const collector = new Collector({ ...logLimits, logEntriesMax: 1, logLabelsMax: 1 });
    expect(() => collector.stream({ a: "1", b: "2" })).toThrow(RefusedRequest);
    collector.add(collector.stream({}), {}, found());
    expect(() => collector.add(0, {}, found())).toThrow("More than 1 entries");
  });
});
