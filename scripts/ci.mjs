// The steps of `.ci/run` inside a clean clone: `npm start`, `npm test`, `npm run test:full`, one closing line over all.
// Plain Node, because nothing is installed yet.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const PORT = Number(process.env.SLUICE_PORT ?? 7890);
const READY_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const STEP_TIMEOUT_MS = 65 * 60_000;
/** What is promised on two cores; past it the run has failed. */
const TEST_SECONDS_MAX = Number(process.env.CI_TEST_SECONDS_MAX ?? 10 * 60);
const ALL_SECONDS_MAX = Number(process.env.CI_SECONDS_MAX ?? 75 * 60);
const LOG_SHOWN_CHARS_MAX = 10_000;
const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

const total = { passed: 0, failed: 0, skipped: 0 };

function seconds(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

/** Starts npm in a process group of its own, so that nothing of it outlives the step. */
function npm(args) {
  const child = spawn("npm", args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const job = { child, output: "", exitCode: undefined };
  const keep = (chunk) => {
    job.output += chunk;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  job.ended = new Promise((resolve) => {
    child.on("error", (error) => {
      job.output += error.message;
      job.exitCode = 1;
      resolve();
    });
    child.on("close", (code) => {
      job.exitCode = code ?? 1;
      resolve();
    });
  });
  return job;
}

function killGroup(job) {
  try {
    process.kill(-job.child.pid, "SIGKILL");
  } catch {
    // Nothing is left of the group.
  }
}

async function portIsFree() {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(PORT, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function isReady() {
  try {
    return (await fetch(`http://127.0.0.1:${PORT}/ready`)).ok;
  } catch {
    return false;
  }
}

/** What is wrong with `npm start`, or `undefined` if it became ready and stopped as it should. */
async function startProblem(job, startedMs) {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady())) {
    if (job.exitCode !== undefined) return `it exited with ${job.exitCode} before /ready answered`;
    if (performance.now() > deadlineMs) return `/ready did not answer within ${READY_TIMEOUT_MS / 1000} s`;
    await delay(POLL_MS);
  }
  console.log(`npm start: ready after ${seconds(startedMs)}, installation included`);
  job.child.kill("SIGTERM");
  await Promise.race([job.ended, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  if (job.exitCode === undefined) return `it was still running ${STOP_TIMEOUT_MS / 1000} s after SIGTERM`;
  return job.exitCode === 0 ? undefined : `it exited with ${job.exitCode} after SIGTERM`;
}

async function checkStart() {
  if (!(await portIsFree())) {
    total.failed += 1;
    console.log(`FAIL  npm start: port ${PORT} is in use by something else`);
    return;
  }
  const startedMs = performance.now();
  const job = npm(["start"]);
  const problem = await startProblem(job, startedMs);
  killGroup(job);
  total[problem === undefined ? "passed" : "failed"] += 1;
  if (problem !== undefined) console.log(job.output.slice(-LOG_SHOWN_CHARS_MAX));
  console.log(problem === undefined ? "ok    npm start" : `FAIL  npm start: ${problem}`);
}

/** One failure more if what began at `startedMs` has taken longer than it may. */
function checkDuration(what, startedMs, secondsMax) {
  if (performance.now() - startedMs <= secondsMax * 1000) return;
  total.failed += 1;
  console.log(`FAIL  ${what} took ${seconds(startedMs)}, longer than ${secondsMax} s`);
}

/** Runs a test script and adds its closing line; without one, or if the exit code disagrees, one failure more. */
async function runTests(args, secondsMax) {
  const startedMs = performance.now();
  console.log(`\n── npm ${args.join(" ")}`);
  const job = npm(args);
  job.child.stdout.on("data", (chunk) => process.stdout.write(chunk));
  job.child.stderr.on("data", (chunk) => process.stderr.write(chunk));
  const timer = setTimeout(() => killGroup(job), STEP_TIMEOUT_MS);
  await job.ended;
  clearTimeout(timer);
  killGroup(job);
  const line = job.output
    .trimEnd()
    .split("\n")
    .findLast((each) => CLOSING_LINE.test(each));
  const [, passed = 0, failed = 0, skipped = 0] = CLOSING_LINE.exec(line ?? "") ?? [];
  const agrees = line !== undefined && (job.exitCode === 0) === (Number(failed) === 0);
  total.passed += Number(passed);
  total.failed += Number(failed) + (agrees ? 0 : 1);
  total.skipped += Number(skipped);
  if (!agrees) console.log(`FAIL  npm ${args.join(" ")}: exit code ${job.exitCode}, closing line ${line ?? "missing"}`);
  console.log(`npm ${args.join(" ")} took ${seconds(startedMs)}`);
  checkDuration(`npm ${args.join(" ")}`, startedMs, secondsMax);
}

const startedMs = performance.now();
await checkStart();
await runTests(["test"], TEST_SECONDS_MAX);
await runTests(["run", "test:full"], ALL_SECONDS_MAX);
console.log(`\neverything took ${seconds(startedMs)}`);
checkDuration("everything", startedMs, ALL_SECONDS_MAX);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 ? 1 : 0;
