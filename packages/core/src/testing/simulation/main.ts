// The command of the simulation: `bun packages/core/src/testing/simulation/main.ts --seed N [--count N] [--trace] [--counts]`.
// Plays a seed, or `count` seeds from there on; `--trace` shows everything that happens, `--counts` how often what occurred.
import { playSeeds } from "./seeds.suite.ts";
import { simulate } from "./simulation.suite.ts";

/** What a command needs of the runtime it is executed by; Bun, Node and Deno have it. */
interface Shell {
  readonly process: {
    readonly argv: readonly string[];
    exitCode: number;
    on(event: "unhandledRejection", listener: (reason: unknown) => void): void;
  };
  readonly console: { log(line: string): void };
  setImmediate(this: void, callback: () => void): void;
}

const { process, console, setImmediate } = globalThis as unknown as Shell;
const loop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

process.on("unhandledRejection", (reason) => {
  console.log(
    `a promise was rejected and nobody cared: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
  );
  process.exitCode = 1;
});

// Nobody reads the stacks of simulated errors, and making them takes time.
if (!process.argv.includes("--trace")) (Error as { stackTraceLimit?: number }).stackTraceLimit = 0;
const seed = option("--seed", 1);
const count = option("--count", 1);
if (process.argv.includes("--trace")) {
  const { trace, failure } = await simulate({ seed, loop, trace: true });
  for (const line of trace) console.log(line);
  console.log(failure === undefined ? `seed ${seed} holds` : `seed ${seed}: ${failure}`);
  if (failure !== undefined) process.exitCode = 1;
} else {
  const began = Date.now();
  const { failures, total, counts } = await playSeeds({ from: seed, count, loop });
  for (const failure of failures) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
  if (process.argv.includes("--counts")) {
    for (const [name, times] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`${String(times).padStart(9)} ${name}`);
  }
  const did = Object.entries(total).map(([name, times]) => `${times} ${name}`);
  const msEach = ((Date.now() - began) / count).toFixed(2);
  console.log(`${count} seeds, ${failures.length} failed, ${msEach} ms each; ${did.join(", ")}`);
}
