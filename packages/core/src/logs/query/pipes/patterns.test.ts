import { describe, expect, test } from "bun:test";
import { patternsPipe } from "./patterns.ts";
import { through } from "./pipes.fixture.suite.ts";

const at = (minute: number, line: string) => ({
  _time: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`,
  _line: line,
});
const rows = [at(59, "cache miss for 7"), at(58, "disk is full"), at(10, "cache miss for 9"), { other: 1 }];
const run = (newMs: number | undefined, from = "_line") =>
  through(rows, (next) => patternsPipe({ from, newMs }, { next, cut: () => undefined }));

describe("the pipe of patterns", () => {
  test("says how often each comes, and between when", () => {
    expect(run(undefined)).toEqual([
      { pattern: "cache miss for <_>", count: 2, first: "2026-01-01T00:10:00.000Z", last: "2026-01-01T00:59:00.000Z" },
      { pattern: "disk is full", count: 1, first: "2026-01-01T00:58:00.000Z", last: "2026-01-01T00:58:00.000Z" },
    ]);
  });

  test("says which are new", () => {
    expect(run(5 * 60_000).map((row) => [row["pattern"], row["new"]])).toEqual([
      ["cache miss for <_>", false],
      ["disk is full", true],
    ]);
  });

  test("looks at another field where one is named", () => {
    expect(run(undefined, "other")).toMatchObject([{ pattern: "<_>", count: 1, first: "1970-01-01T00:00:00.000Z" }]);
  });
});
