import { expect, test } from "bun:test";
import { start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("marks of many keys are found in several statements", () => {
  const { triggers } = bench.on.t;
  const keys = Array.from({ length: 1_001 }, (_, index) => `k${index}`);
  for (const key of keys) triggers.putMark("a:x", { key, at: start, run: "r1" });
  triggers.putMark("a:x", { key: "k0", mark: "again", at: start + 1 });
  expect(triggers.marks("a:x", keys)).toHaveLength(1_001);
  expect(triggers.marks("b:x", keys)).toEqual([]);
  expect(triggers.mark("a:x", "k0")).toEqual({ key: "k0", mark: "again", run: "r1", at: start + 1 });
});
