// What a supervised child offers.
import { expect, test } from "bun:test";
import { childOffer } from "./supervisor-offer.ts";

test("a child does tasks of its machine, so many at once", () => {
  const offer = childOffer({ workerTaskSlots: 7 });
  expect(offer).toMatchObject({ runtime: "bun", slots: 7 });
  expect(offer.labels).toContain(`os=${process.platform}`);
  expect(offer.labels).toContain(`arch=${process.arch}`);
  expect(offer.labels).toContain("runtime=bun");
  expect(offer.resources["cpu"]).toBeGreaterThanOrEqual(1);
  expect(offer.resources["memory_bytes"]).toBeGreaterThan(1_000_000);
});
