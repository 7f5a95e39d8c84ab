// `npm run check`: the static part of the tests. Two checks at a time, the long ones first.

import { availableParallelism } from "node:os";
import { join } from "node:path";

export interface Check {
  name: string;
  command: string[];
}

interface Outcome extends Check {
  ok: boolean;
  output: string;
  elapsedMs: number;
}

const LANES_MAX = 2;
const bin = (name: string) => join("node_modules", ".bin", name);

export const CHECKS: Check[] = [
  { name: "lint", command: [bin("oxlint"), "--type-aware", "--deny-warnings", "--format=unix"] },
  { name: "types", command: [bin("tsc"), "-p", "tsconfig.json"] },
  { name: "types of the console", command: [bin("tsc"), "-p", "packages/web"] },
  { name: "types of the console without Bun", command: [bin("tsc"), "-p", "tsconfig.web.json"] },
  { name: "types without Bun", command: [bin("tsc"), "-p", "tsconfig.neutral.json"] },
  { name: "types on Node", command: [bin("tsc"), "-p", "tsconfig.node.json"] },
  { name: "dead code", command: [bin("knip"), "--no-progress", "--no-config-hints"] },
  {
    name: "dead code, production",
    command: [bin("knip"), "--no-progress", "--no-config-hints", "--production", "--include", "files,dependencies"],
  },
  { name: "tidy", command: [process.execPath, "test", "--only-failures", "./tidy.test.ts"] },
  { name: "format", command: [bin("oxfmt"), "--check"] },
];

export async function runCheck(check: Check): Promise<Outcome> {
  const startedMs = performance.now();
  const child = Bun.spawn(check.command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { ...check, ok: exitCode === 0, output: stdout + stderr, elapsedMs: performance.now() - startedMs };
}

export interface Checked {
  outcomes: Outcome[];
  elapsedMs: number;
}

/** Runs the checks, as many at a time as there is use for; each is reported when it ends. */
export async function runChecks(checks: Check[], report: (outcome: Outcome) => void): Promise<Checked> {
  const startedMs = performance.now();
  const queue = [...checks];
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const outcome = await runCheck(check);
      outcomes.push(outcome);
      report(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES_MAX, availableParallelism()) }, lane));
  return { outcomes, elapsedMs: performance.now() - startedMs };
}

function print({ ok, name, command, output, elapsedMs }: Outcome): void {
  if (!ok) console.log(`\n── ${name}: ${command.join(" ")}\n${output.trim()}\n`);
  console.log(`${ok ? "ok  " : "FAIL"}  ${name}  ${(elapsedMs / 1000).toFixed(1)} s`);
}

async function main(names: string[]): Promise<number> {
  const wanted = CHECKS.filter((check) => names.length === 0 || names.some((name) => check.name.startsWith(name)));
  const { outcomes, elapsedMs } = await runChecks(wanted, print);
  const failed = outcomes.filter((outcome) => !outcome.ok);
  console.log(`check took ${(elapsedMs / 1000).toFixed(1)} s`);
  console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed`);
  return failed.length > 0 || outcomes.length === 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
