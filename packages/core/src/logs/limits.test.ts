import { expect, test } from "bun:test";
import { logLimits } from "./limits.ts";

test("a request that is let in fits into the queue, and a chunk into what is sealed", () => {
  expect(logLimits.logBodyBytesMax).toBeLessThan(logLimits.logQueueBytesMax);
  expect(logLimits.logEntryLineBytesMax).toBeLessThanOrEqual(logLimits.logChunkBytesMax);
  expect(logLimits.logChunkBytesMax).toBeLessThan(logLimits.logSealBytes);
});
