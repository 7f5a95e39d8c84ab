// Runs the contract of the runtime providers under a program of choice, and hands its outcome to tests.

import { expect } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const source = join(root, "packages/runtime/src/contract/main.suite.ts");
/** Below the packages installed here, so that the one with native code is found. */
const built = join(root, "node_modules/.cache/runtime-contract");
/** What the whole contract may take on a busy machine. */
export const contractMs = 200_000;

interface Ran {
  readonly runtime: string;
  readonly version: string;
  /** By case; undefined for one that passed. */
  readonly problems: ReadonlyMap<string, string | undefined>;
}

/** What executes the contract: a command to which the file of the contract is added. */
export interface Executor {
  readonly runtime: "bun" | "node" | "deno";
  /** The version that has to answer, as a prefix. */
  readonly version: string;
  /** Undefined where there is none, with the reason told already. */
  command(): readonly string[] | undefined;
}

/** The contract for programs that read no TypeScript. */
async function bundle(): Promise<string> {
  const made = await Bun.build({
    entrypoints: [source],
    outdir: built,
    target: "node",
    format: "esm",
    splitting: true,
    external: ["bun", "bun:*", "@photostructure/sqlite"],
  });
  if (!made.success) throw new Error(made.logs.map(({ message }) => message).join("\n"));
  await Bun.write(join(built, "package.json"), '{"type":"module"}');
  return join(built, "main.suite.js");
}

async function run(command: readonly string[], file: string): Promise<Ran> {
  const child = Bun.spawn([...command, file], { stdout: "pipe", stderr: "pipe", cwd: root });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const lines = out.trim().split("\n");
  const [head, ...cases] = lines
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, string>);
  if (head === undefined) throw new Error(`${command.join(" ")} said nothing:\n${err}`);
  const problems = new Map(cases.map(({ name = "", problem }) => [name, problem]));
  return { runtime: head["runtime"] ?? "", version: head["version"] ?? "", problems };
}

/** Names of all cases. */
export function contractNames(): readonly string[] {
  const child = Bun.spawnSync([process.execPath, source, "--list"]);
  return JSON.parse(child.stdout.toString()) as string[];
}

/** The contract on one runtime: run by the first test that asks, then asked case by case. */
export class Contract {
  readonly #executor: Executor;
  #ran: Promise<Ran | undefined> | undefined;

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  /** Fails unless the runtime is the one it is said to be, and ran every case. */
  async expectAll(names: readonly string[]): Promise<void> {
    const ran = await this.#run();
    if (ran === undefined) return;
    const { runtime, version } = this.#executor;
    expect([ran.runtime, ran.version.startsWith(version)]).toEqual([runtime, true]);
    expect([...ran.problems.keys()]).toEqual([...names]);
  }

  /** Fails with what the case failed with. */
  async expectCase(name: string): Promise<void> {
    const ran = await this.#run();
    if (ran === undefined) return;
    expect(ran.problems.has(name)).toBe(true);
    expect(ran.problems.get(name)).toBeUndefined();
  }

  async #run(): Promise<Ran | undefined> {
    this.#ran ??= this.#start();
    return this.#ran;
  }

  async #start(): Promise<Ran | undefined> {
    const command = this.#executor.command();
    if (command === undefined) return undefined;
    return run(command, this.#executor.runtime === "bun" ? source : await bundle());
  }
}
