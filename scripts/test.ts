// Runs a tier of the tests, one process for each file, and ends with one line that agrees with the exit code:
// `N passed, N failed[, N skipped]`. Usage: `bun scripts/test.ts fast|slow|full|soak [part of a path…]`.

import { availableParallelism } from "node:os";
import { passedBefore, remember, treeName } from "./passed-before.ts";
import { type FileLimits, type FileResult, killAll, type RunningGroups, runTestFile } from "./run-test-file.ts";

type Tier = "fast" | "slow" | "soak";

const TIERS: Record<string, Tier[]> = { fast: ["fast"], slow: ["slow"], full: ["fast", "slow"], soak: ["soak"] };
const MINUTE_MS = 60_000;
const LIMITS: Record<Tier, FileLimits> = {
  fast: { testTimeoutMs: MINUTE_MS, fileTimeoutMs: 4 * MINUTE_MS },
  slow: { testTimeoutMs: 15 * MINUTE_MS, fileTimeoutMs: 25 * MINUTE_MS },
  soak: { testTimeoutMs: 12 * 60 * MINUTE_MS, fileTimeoutMs: 24 * 60 * MINUTE_MS },
};
/** Two files share the processor: two of unit tests, or one of the whole product beside one that cannot meet it. */
const LANES_MAX = 2;
/** Long ones without a server of ours on a fixed port. */
const BESIDE = new Set([
  "e2e/python.test.ts",
  "e2e/runtime-contract.test.ts",
  // Eight minutes of one processor, without a port or a folder: the rest of the slow tier runs beside it.
  "packages/core/src/testing/simulation/simulation.slow.test.ts",
]);
/** Tests that hold something to a time, and run with nothing beside them. */
const TIMED = new Set([
  "bench/console/console.slow.test.ts",
  "e2e/console-components.browser.slow.test.ts",
  "e2e/console-runs-paint.browser.slow.test.ts",
  "e2e/dev.test.ts",
  "e2e/search.slow.test.ts",
  "e2e/slow-disk.test.ts",
  "e2e/stall.test.ts",
  "e2e/start.slow.test.ts",
  "packages/core/src/store/sqlite/run-search.slow.test.ts",
  "scripts/check.slow.test.ts",
]);
const PASSED_FILE = "node_modules/.cache/sluice-tests/passed.json";
const SLOWEST_SHOWN_MAX = 10;
const OUTPUT_SHOWN_CHARS_MAX = 20_000;

/** Which tier the file at `path` belongs to. */
export function tierOf(path: string): Tier {
  if (path.includes(".soak.")) return "soak";
  return path.includes(".slow.") ? "slow" : "fast";
}

/** Test files of `tier` in a fixed order, unit tests first. */
export function selectFiles(paths: string[], tier: Tier, filters: string[]): string[] {
  const chosen = paths.filter((path) => tierOf(path) === tier);
  const wanted =
    filters.length === 0 ? chosen : chosen.filter((path) => filters.some((filter) => path.includes(filter)));
  return wanted.toSorted((a, b) => Number(!isUnit(a)) - Number(!isUnit(b)) || (a < b ? -1 : 1));
}

function isUnit(path: string): boolean {
  return path.startsWith("packages/") && tierOf(path) === "fast";
}

/** What may run beside any other: quick tests in a browser, and those without a server on the port that everybody knows. */
function isBeside(path: string, tier: Tier): boolean {
  return (tier === "fast" && path.includes(".browser.")) || BESIDE.has(path);
}

/** What one file adds to the totals; a file that crashed counts as one failure more. */
export function countFile(result: FileResult): { passed: number; failed: number; skipped: number } {
  const count = (outcome: string) => result.cases.filter((found) => found.outcome === outcome).length;
  return {
    passed: count("passed"),
    failed: count("failed") + (result.problems.length > 0 ? 1 : 0),
    skipped: count("skipped"),
  };
}

/** The closing line and the exit code that agrees with it. A run without any test has failed. */
export function closing(results: FileResult[]): { line: string; exitCode: 0 | 1 } {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of results.map(countFile)) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  if (total.passed + total.failed === 0) total.failed = 1;
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  return { line: `${total.passed} passed, ${total.failed} failed${skipped}`, exitCode: total.failed > 0 ? 1 : 0 };
}

function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1000).toFixed(1)} s`;
}

function printFile(result: FileResult): void {
  const counts = countFile(result);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  if (counts.failed === 0) {
    console.log(`ok    ${result.path}  ${counts.passed} passed${skipped}  ${seconds(result.elapsedMs)}`);
    return;
  }
  const cut = result.output.length - OUTPUT_SHOWN_CHARS_MAX;
  console.log(cut > 0 ? `… ${cut} characters left out\n${result.output.slice(cut)}` : result.output);
  for (const problem of result.problems) console.log(`!     ${result.path}: ${problem}`);
  console.log(
    `FAIL  ${result.path}  ${counts.passed} passed, ${counts.failed} failed${skipped}  ${seconds(result.elapsedMs)}`,
  );
}

function printSummary(results: FileResult[]): void {
  const cases = results.flatMap((result) => result.cases.map((found) => ({ path: result.path, ...found })));
  const slowest = results.toSorted((a, b) => b.elapsedMs - a.elapsedMs).slice(0, SLOWEST_SHOWN_MAX);
  console.log("\nSlowest files:");
  for (const result of slowest) console.log(`  ${seconds(result.elapsedMs).padStart(8)}  ${result.path}`);
  const skipped = cases.filter((found) => found.outcome === "skipped");
  if (skipped.length > 0) console.log("\nSkipped:");
  for (const found of skipped)
    console.log(`  ${found.path} › ${found.name}${found.message ? ` (${found.message})` : ""}`);
  const failed = cases.filter((found) => found.outcome === "failed");
  const broken = results.filter((result) => result.problems.length > 0);
  if (failed.length + broken.length > 0) console.log("\nFailed:");
  for (const found of failed) console.log(`  ${found.path} › ${found.name}`);
  for (const result of broken) console.log(`  ${result.path}: ${result.problems.join("; ")}`);
  console.log("");
}

async function runLanes(
  paths: string[],
  lanes: number,
  run: (path: string) => Promise<FileResult>,
): Promise<FileResult[]> {
  const queue = [...paths];
  const results: FileResult[] = [];
  const lane = async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const result = await run(path);
      printFile(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

async function runTier(tier: Tier, files: string[], running: RunningGroups): Promise<FileResult[]> {
  // Tests that scale their rounds and seeds read this; only files of the slow tiers do so in full.
  const env = { TEST_TIER: tier === "fast" ? "fast" : "full" };
  const run = (path: string) => runTestFile(path, env, { limits: LIMITS[tier], running });
  const lanes = tier === "soak" ? 1 : Math.min(LANES_MAX, availableParallelism());
  const units = await runLanes(files.filter(isUnit), lanes, run);
  const whole = files.filter((path) => !isUnit(path));
  if (lanes === 1) return [...units, ...(await runLanes(whole, 1, run))];
  const besides = whole.filter((path) => isBeside(path, tier));
  const others = whole.filter((path) => !isBeside(path, tier) && !TIMED.has(path));
  const beside = await Promise.all([runLanes(besides, 1, run), runLanes(others, 1, run)]);
  const timed = whole.filter((path) => TIMED.has(path));
  return [...units, ...beside.flat(), ...(await runLanes(timed, 1, run))];
}

/** Files that are not run as the others of their tier are. */
export const namedFiles: readonly string[] = [...BESIDE, ...TIMED];

function listTestFiles(): string[] {
  const glob = new Bun.Glob("{packages,e2e,bench,scripts}/**/*.{test.ts,node-test.ts,node-test.mjs}");
  const found = [...glob.scanSync(".")].filter((path) => !/(^|\/)(node_modules|dist)\//.test(path));
  return ["tidy.test.ts", ...found];
}

/** The files of a run (`fast`, `slow`, `full`, `soak`) by tier, in the order in which they run; `undefined` for no run. */
export function filesOfRun(name: string, filters: string[] = []): { tier: Tier; files: string[] }[] | undefined {
  return TIERS[name]?.map((tier) => ({ tier, files: selectFiles(listTestFiles(), tier, filters) }));
}

async function main(tierName: string, filters: string[]): Promise<number> {
  const again = filters.includes("--again");
  const parts = filesOfRun(
    tierName,
    filters.filter((filter) => filter !== "--again"),
  );
  if (parts === undefined) {
    console.error(`unknown tier "${tierName}": use one of ${Object.keys(TIERS).join(", ")}`);
    return 2;
  }
  const running: RunningGroups = new Set();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      killAll(running);
      process.exit(1);
    });
  }
  const startedMs = performance.now();
  const tree = treeName();
  const results: FileResult[] = [];
  for (const { tier, files } of parts) {
    // `npm test` has just been run as a rule.
    const before = tierName === "full" && tier === "fast" && !again && tree !== undefined && filters.length === 0;
    const passed = before ? passedBefore(PASSED_FILE, { tree, now: Date.now() }) : undefined;
    if (passed === undefined) results.push(...(await runTier(tier, files, running)));
    else
      console.log(
        `The fast tier passed on this very tree at ${new Date(passed.at).toISOString()} (${passed.line}); --again runs it again.`,
      );
  }
  printSummary(results);
  console.log(`${results.length} files in ${seconds(performance.now() - startedMs)}`);
  const { line, exitCode } = closing(results);
  if (tierName === "fast" && filters.length === 0 && exitCode === 0 && tree !== undefined && treeName() === tree)
    remember(PASSED_FILE, { tree, at: Date.now(), line });
  console.log(line);
  return exitCode;
}

if (import.meta.main) process.exitCode = await main(process.argv[2] ?? "fast", process.argv.slice(3));
