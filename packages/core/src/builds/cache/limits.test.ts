import { expect, test } from "bun:test";
import { chunkBytesMax } from "./chunking.ts";
import { cacheLimits } from "./limits.ts";

test("the longest blob fits into the cache, and what is in use is never what is old", () => {
  expect(cacheLimits.cacheBlobBytesMax).toBeLessThan(cacheLimits.cacheBytesMax);
  expect(cacheLimits.cacheBlobBytesMax).toBeGreaterThan(10 * 1024 ** 3);
  expect(cacheLimits.cacheInUseMs).toBeLessThan(cacheLimits.cacheKeptMs);
  expect(chunkBytesMax).toBeLessThan(cacheLimits.cacheEntryBytesMax);
});
