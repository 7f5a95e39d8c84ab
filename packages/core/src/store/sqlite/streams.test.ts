import { expect, test } from "bun:test";
import { start, value } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("pieces that came together are one row, and what is let go leaves none", () => {
  const { streams } = bench.on.t;
  const op = { op: "chunk", at: start, place: [1, 0, 0], keepBytes: 100 } as const;
  streams.add("r", { ...op, values: [1, 2, 3].map(value) });
  streams.add("r", { ...op, place: [1, 0, 3], values: [value(4)] });
  expect(bench.on.column("SELECT count FROM run_chunks ORDER BY no")).toEqual([3, 1]);
  streams.add("r", { ...op, place: [1, 0, 4], values: [value("x".repeat(95))] });
  expect(bench.on.column("SELECT no FROM run_chunks ORDER BY no")).toEqual([5]);
  streams.deleteAll("r");
  expect(bench.on.column("SELECT run FROM run_streams")).toEqual([]);
});
