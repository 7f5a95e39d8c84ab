// The benchmark of the runtimes with all three, esbuild and Deno installed into its folder. Where they cannot be, it says why.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contenderOf } from "./contenders.ts";
import { figureNames } from "./figures.ts";
import type { Report } from "./report.ts";

const problem = ((): string | undefined => {
  try {
    contenderOf("deno", () => undefined);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();
const missing = problem === undefined ? "" : ` (${problem})`;
/** What Node and Deno have no way to do. */
const bunAlone = "read_mapped_mb_per_second";

test.skipIf(problem !== undefined)(
  `Bun, Node and Deno are measured side by side, with ratios${missing}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    try {
      const args = ["runtime", "--quick", "--json", "--data", folder];
      const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "../main.ts"), ...args]);
      expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, expect.stringContaining("round 1: deno")]);
      const { runtimes, ratios, claims } = JSON.parse(ran.stdout.toString()) as Report;
      for (const [name, outcome] of Object.entries(runtimes)) {
        expect([name, outcome.failures]).toEqual([name, []]);
        const wanted = figureNames.filter((figure) => name === "bun" || figure !== bunAlone);
        expect(Object.keys(outcome.figures).toSorted()).toEqual(wanted.toSorted());
      }
      expect(Object.keys(ratios)).toEqual(["bun", "deno"]);
      expect(claims.every(({ measured }) => measured !== null)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  300_000,
);
