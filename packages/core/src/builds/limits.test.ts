// Limits of builds.
import { expect, test } from "bun:test";
import { buildLimits } from "./limits.ts";

test("every limit has its unit in its name", () => {
  for (const name of Object.keys(buildLimits)) expect(name).toMatch(/(?:BytesMax|Ms)$/);
});
