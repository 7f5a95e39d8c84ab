import { expect, test } from "bun:test";
import { clusterLimits } from "./limits.ts";

test("every limit is a positive number, and those of time say so in their name", () => {
  for (const [name, value] of Object.entries(clusterLimits)) {
    expect([name, value > 0]).toEqual([name, true]);
    expect(name).toMatch(/(?:Ms|Max|MsMax|Concurrency)$/);
  }
});
