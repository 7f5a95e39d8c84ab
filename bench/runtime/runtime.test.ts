// The benchmark of the runtimes: what it takes, what it concludes, and that it measures Bun.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../options.ts";
import { type Figures, figureNames, timesBetter } from "./figures.ts";
import { parseOptions } from "./options.ts";
import { claimsOf, exitCodeOf, renderReport, reportOf, Tally } from "./report.ts";

const mainFile = join(import.meta.dir, "../main.ts");

function tallied(name: "bun" | "node", ...rounds: Figures[]): Tally {
  const tally = new Tally(name);
  for (const figures of rounds) tally.measured.push({ version: "1.0.0", figures });
  return tally;
}

const head = {
  date: "2026-01-01 00:00",
  command: "bench",
  quick: false,
  rounds: 3,
  scale: parseOptions([]).scale,
  machine: { cores: 2, cpu: "a cpu", memoryGb: 8, system: "Linux", bun: Bun.version },
  fsync: { p50: 0.1, p99: 1 },
  dataInMemory: false,
};
const bun = () =>
  tallied("bun", { http_rps: 10, startup_ms: 5 }, { http_rps: 30, startup_ms: 4 }, { http_rps: 20, startup_ms: 6 });
const node = () => tallied("node", { http_rps: 10, startup_ms: 20 });

describe("the report", () => {
  test("has medians of the rounds and ratios in which above one is better", () => {
    const report = reportOf(head, [bun(), node()], []);
    expect(report.runtimes.bun?.figures).toEqual({ http_rps: 20, startup_ms: 5 });
    expect(report.ratios).toEqual({ bun: { http_rps: 2, startup_ms: 4 } });
    expect(timesBetter("build_ms", 10, 5)).toBe(0.5);
    expect(report.http_rps).toBeUndefined();
    expect(reportOf(head, [bun()], []).http_rps).toBe(20);
  });

  test("fails when a claim of the documents does not hold, unless the run was quick", () => {
    const claims = [{ figure: "http_rps", atLeast: 2 } as const, { figure: "startup_ms", atLeast: 4.1 } as const];
    const report = reportOf(head, [bun(), node()], claims);
    expect(report.claims.map(({ measured, holds }) => [measured, holds])).toEqual([
      [2, true],
      [4, false],
    ]);
    expect(exitCodeOf(report)).toBe(1);
    expect(exitCodeOf({ ...report, quick: true })).toBe(0);
    expect(exitCodeOf(reportOf(head, [bun(), node()], claims.slice(0, 1)))).toBe(0);
    expect(renderReport(report)).toMatch(/startup_ms +\| +4\.10× \| +4\.00× \| +NO \|/);
    // Not measured is not held.
    expect(exitCodeOf(reportOf(head, [bun()], claims.slice(0, 1)))).toBe(1);
    const broken = node();
    broken.failures.push({ round: 0, error: "it hung" });
    expect(exitCodeOf(reportOf(head, [bun(), broken], []))).toBe(1);
    expect(renderReport(reportOf(head, [bun(), broken], []))).toContain("node FAILED in round 1: it hung");
  });

  test("reads the claims from the document, each about a figure there is", () => {
    const claims = claimsOf(readFileSync(join(import.meta.dir, "../../docs/runtime.md"), "utf8"));
    expect(claims.length).toBeGreaterThan(3);
    for (const { figure, atLeast } of claims) expect([figureNames.includes(figure), atLeast > 1]).toEqual([true, true]);
    const row = "<!-- claims:begin -->\n| `speed` | 2 times Node |\n<!-- claims:end -->";
    expect(() => claimsOf(row)).toThrow("No claim about a figure");
  });
});

describe("options", () => {
  test("without any, all three are measured, compared and kept", () => {
    expect(parseOptions([])).toMatchObject({
      contenders: ["bun", "node", "deno"],
      compare: true,
      save: true,
      rounds: 3,
    });
  });

  test("one runtime stands alone, or beside Node when it is to be compared", () => {
    expect(parseOptions(["--runtime", "deno"])).toMatchObject({ contenders: ["deno"], compare: false, save: false });
    expect(parseOptions(["--runtime", "bun", "--compare"]).contenders).toEqual(["bun", "node"]);
    expect(parseOptions(["--quick"])).toMatchObject({ rounds: 1, save: false });
  });

  test.each(["--runtime python", "--rounds 0", "--wrong"])("%s is refused", (text) => {
    expect(() => parseOptions(text.split(" "))).toThrow(UsageError);
  });
});

test("npm run bench -- runtime --quick --runtime bun prints every figure of Bun on one line", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    const args = ["runtime", "--quick", "--json", "--runtime", "bun", "--data", folder];
    const ran = Bun.spawnSync([process.execPath, mainFile, ...args]);
    const said = ran.stderr.toString();
    expect({ exitCode: ran.exitCode, said }).toEqual({ exitCode: 0, said });
    const lines = ran.stdout.toString().trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
    for (const name of figureNames) expect([name, Number(line[name]) > 0]).toEqual([name, true]);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
