import { expect, test } from "bun:test";
import { parseTraceparent, spanIdOf, traceIdOf } from "@sluice/protocol";
import { isSampled, rootTrace } from "./root-trace.ts";

test("about the share that is wanted is sampled, and always the same", () => {
  const ids = Array.from({ length: 2_000 }, (_, i) => traceIdOf(`run ${i}`));
  const taken = (share: number): number => ids.filter((id) => isSampled(id, share)).length;
  expect([taken(0), taken(1)]).toEqual([0, 2_000]);
  expect(taken(0.25)).toBeGreaterThan(400);
  expect(taken(0.25)).toBeLessThan(600);
});

test("a run's own trace names its span", () => {
  const span = parseTraceparent(rootTrace(1)("r"));
  expect(span).toEqual({ traceId: traceIdOf("r"), spanId: spanIdOf("r"), sampled: true });
  expect(parseTraceparent(rootTrace(0)("r"))?.sampled).toBe(false);
});
