// Limits are settings: each is a positive number, and what depends on another is in proportion.
import { expect, test } from "bun:test";
import { fleetLimits } from "./limits.ts";

test("every limit is a positive number, and a worker may come back before anybody misses its heartbeats", () => {
  for (const [name, value] of Object.entries(fleetLimits)) expect([name, value > 0]).toEqual([name, true]);
  expect(fleetLimits.reconnectGraceMs).toBeLessThan(fleetLimits.remoteHeartbeatMs);
});
