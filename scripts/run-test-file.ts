// Runs one test file in a process group of its own, so that a crash, a hang or a process left behind in one file
// touches no other, and says what came of it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseJunit, type TestCase } from "./junit.ts";
import { groupMembers, groupOutlives } from "./process-group.ts";

/** A process that ends by itself within this, in milliseconds, was not left behind: its end and its parent's overlap. */
const ENDING_GRACE_MS = 2_000;

export interface FileLimits {
  /** For one test, in milliseconds. */
  testTimeoutMs: number;
  /** For the whole file, in milliseconds; past it the process group is killed and the file has failed. */
  fileTimeoutMs: number;
}

export interface FileResult {
  path: string;
  cases: TestCase[];
  /** What went wrong besides failing tests: a crash, a timeout, processes left behind. */
  problems: string[];
  output: string;
  elapsedMs: number;
}

/** Process groups of the files that are running now. */
export type RunningGroups = Set<number>;

function killGroup(pid: number): boolean {
  try {
    process.kill(-pid, "SIGKILL");
    return true;
  } catch {
    // ESRCH: the group is empty, which is what it should be.
    return false;
  }
}

export function killAll(groups: RunningGroups): void {
  for (const pid of groups) killGroup(pid);
}

/** Gives suites that were written for Bun's tests their frame under Node. */
const bunTestOnNode: Bun.BunPlugin = {
  name: "bun:test on Node",
  setup(build) {
    build.onResolve({ filter: /^bun:test$/ }, () => ({ path: join(import.meta.dir, "bun-test-on-node.ts") }));
  },
};

/** Tests that must also hold under Node are bundled first: Node 20 cannot read TypeScript. */
async function nodeCommand(path: string, folder: string, report: string): Promise<string[]> {
  const built = await Bun.build({
    entrypoints: [path],
    target: "node",
    format: "esm",
    outdir: folder,
    plugins: [bunTestOnNode],
  });
  if (!built.success)
    throw new Error(`cannot bundle ${path} for Node: ${built.logs.map((log) => log.message).join("\n")}`);
  const bundle = join(folder, basename(path).replace(/\.m?ts$|\.mjs$/, ".js"));
  await Bun.write(join(folder, "package.json"), '{"type":"module"}');
  return ["node", "--test-reporter=junit", `--test-reporter-destination=${report}`, bundle];
}

function bunCommand(path: string, report: string, limits: FileLimits): string[] {
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
  return [
    process.execPath,
    "test",
    "--no-orphans",
    "--only-failures",
    `--timeout=${limits.testTimeoutMs}`,
    ...reporter,
    resolve(path),
  ];
}

function readReport(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

interface Ended {
  exitCode: number;
  signal: string | undefined;
  timedOut: boolean;
  /** Command lines of the processes that outlived the file. */
  leftBehind: string[] | undefined;
  output: string;
}

async function runGroup(
  command: string[],
  env: Record<string, string>,
  deps: { limits: FileLimits; running: RunningGroups },
): Promise<Ended> {
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  deps.running.add(child.pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, deps.limits.fileTimeoutMs);
  // A process left behind holds the pipes open: they are read to the end only after the group is gone.
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const exitCode = await child.exited;
  clearTimeout(timer);
  const outlived = !timedOut && (await groupOutlives(child.pid, ENDING_GRACE_MS));
  const leftBehind = outlived ? groupMembers(child.pid) : undefined;
  killGroup(child.pid);
  deps.running.delete(child.pid);
  const [stdout, stderr] = await output;
  return {
    exitCode,
    signal: child.signalCode === null ? undefined : String(child.signalCode),
    timedOut,
    leftBehind,
    output: stdout + stderr,
  };
}

function problemsOf(ended: Ended, cases: TestCase[], limits: FileLimits): string[] {
  const problems: string[] = [];
  if (ended.timedOut) problems.push(`killed: the file took longer than ${limits.fileTimeoutMs / 1000} s`);
  else if (ended.signal !== undefined) problems.push(`the test process crashed (${ended.signal})`);
  else if (ended.exitCode !== 0 && !cases.some((found) => found.outcome === "failed")) {
    problems.push(`exit code ${ended.exitCode} although no test failed`);
  }
  if (cases.length === 0 && problems.length === 0) problems.push("the file holds no test");
  if (ended.leftBehind !== undefined) {
    problems.push(`processes were left behind (killed): ${ended.leftBehind.join("; ")}`);
  }
  return problems;
}

/** Runs the file at `path` (relative to the working directory), under Node if it is named `*.node-test.*`. */
export async function runTestFile(
  path: string,
  env: Record<string, string>,
  deps: { limits: FileLimits; running: RunningGroups },
): Promise<FileResult> {
  const startedMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  try {
    const report = join(folder, "report.xml");
    const forNode = path.includes(".node-test.");
    const command = forNode ? await nodeCommand(path, folder, report) : bunCommand(path, report, deps.limits);
    const ended = await runGroup(command, { ...env, TMPDIR: folder }, deps);
    const cases = parseJunit(readReport(report));
    const problems = problemsOf(ended, cases, deps.limits);
    return { path, cases, problems, output: ended.output, elapsedMs: performance.now() - startedMs };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { path, cases: [], problems: [problem], output: "", elapsedMs: performance.now() - startedMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
