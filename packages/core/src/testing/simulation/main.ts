// Replays seeds of the simulator: `bun packages/core/src/testing/simulation/main.ts --seed N [--count N] [--trace]`.
import { simulate } from "./simulation.suite.ts";

interface Shell {
  readonly process: { readonly argv: readonly string[]; exitCode: number };
  readonly console: { log(line: string): void };
  setImmediate(callback: () => void): void;
}

const { process, console, setImmediate } = globalThis as unknown as Shell;

function option(name: string): number | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : Number(process.argv[at + 1]);
}

const first = option("--seed") ?? 1;
const count = option("--count") ?? 1;
const trace = process.argv.includes("--trace");
const loop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const total = { turns: 0, runs: 0, commits: 0, failed: 0, effects: 0, sights: 0 };
const counts = new Map<string, number>();
const began = Date.now();
Error.stackTraceLimit = trace ? 10 : 0;
let slowest = { seed: 0, ms: 0 };
for (let seed = first; seed < first + count; seed++) {
  const at = Date.now();
  const report = await simulate({ seed, loop, trace });
  for (const line of report.trace) console.log(line);
  if (report.failure !== undefined) {
    console.log(`seed ${seed}: ${report.failure}`);
    console.log(`  bun packages/core/src/testing/simulation/main.ts --seed ${seed} --trace`);
    process.exitCode = 1;
    total.failed++;
  }
  if (Date.now() - at > slowest.ms) slowest = { seed, ms: Date.now() - at };
  total.turns += report.turns;
  total.runs += report.runs;
  total.commits += report.commits;
  total.effects += report.effects;
  total.sights += report.sights;
  for (const [name, n] of [...report.counts, ...[...report.ends].map(([end, n]) => [`ended ${end}`, n] as const)])
    counts.set(name, (counts.get(name) ?? 0) + n);
}
const ms = Date.now() - began;
console.log(
  `${count} seeds, ${total.failed} failed, ${(ms / count).toFixed(2)} ms a seed (slowest ${slowest.seed}: ${slowest.ms} ms), ${total.turns} turns, ${total.runs} runs, ${total.commits} commits, ${total.effects} effects, ${total.sights} results seen`,
);
if (process.argv.includes("--counts"))
  for (const [name, n] of [...counts].toSorted()) console.log(`${String(n).padStart(9)} ${name}`);
