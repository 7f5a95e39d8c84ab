import { expect, test } from "bun:test";
import { terminalLimits } from "./limits.ts";

test("what waits for the screen and what is on its way to a viewer fit into the ring", () => {
  const { terminalRingBytesMax, terminalBacklogBytesMax, terminalWindowBytesMax } = terminalLimits;
  expect(terminalBacklogBytesMax * 2).toBeLessThanOrEqual(terminalRingBytesMax);
  expect(terminalWindowBytesMax).toBeLessThan(terminalRingBytesMax);
});
