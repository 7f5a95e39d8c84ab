// Runs the contract of the runtime providers under a program of choice, and hands its outcome to tests, a case each.

import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const source = join(root, "packages/runtime/src/contract/main.suite.ts");
/** Below the packages installed here, so that the one with native code is found. */
const built = join(root, "node_modules/.cache/runtime-contract");
const runMs = 400_000;

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

/** Declares a test for each case of the contract. */
export function testContract(title: string, names: readonly string[], executor: Executor): void {
  describe(title, () => {
    let ran: Ran | undefined;
    beforeAll(async () => {
      const command = executor.command();
      if (command !== undefined) ran = await run(command, executor.runtime === "bun" ? source : await bundle());
    }, runMs);

    test("is what it is said to be, and has every case", () => {
      if (ran === undefined) return;
      expect([ran.runtime, ran.version.startsWith(executor.version)]).toEqual([executor.runtime, true]);
      expect([...ran.problems.keys()]).toEqual([...names]);
    });

    test.each([...names])("%s", (name) => {
      if (ran === undefined) return;
      expect(ran.problems.has(name)).toBe(true);
      expect(ran.problems.get(name)).toBeUndefined();
    });
  });
}
