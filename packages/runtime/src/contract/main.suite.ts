// Runs the contract on whatever runtime executes this file, and prints a line of JSON for each case.

import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { loadRuntime } from "../detect.ts";
import type { RuntimeProvider } from "../provider.ts";
import type { World } from "./case.suite.ts";
import { contractCases } from "./cases.suite.ts";
import { onExitFlag } from "./process.suite.ts";

const caseMs = 60_000;

async function run(
  runtime: RuntimeProvider,
  body: (world: World) => void | Promise<void>,
): Promise<string | undefined> {
  const folder = join(tmpdir(), `sluice-contract-${randomUUID()}`);
  mkdirSync(folder);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${caseMs} ms`)), caseMs);
  });
  try {
    await Promise.race([body({ runtime, folder }), late]);
    return undefined;
  } catch (error) {
    return inspect(error);
  } finally {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a child of the suite does: it ends by itself, with one listener left and one taken back. */
function endByItself(runtime: RuntimeProvider, folder: string): void {
  runtime.process.onExit(() => appendFileSync(`${folder}/told`, "once"));
  runtime.process.onExit(() => appendFileSync(`${folder}/taken-back`, ""))();
}

async function runAll(runtime: RuntimeProvider, only: string | undefined): Promise<void> {
  console.log(JSON.stringify({ runtime: runtime.name, version: runtime.version }));
  for (const { name, body } of contractCases()) {
    if (only !== undefined && !name.includes(only)) continue;
    const problem = await run(runtime, body);
    console.log(JSON.stringify({ name, ...(problem === undefined ? {} : { problem }) }));
  }
  process.exit(0);
}

const [only, folder = ""] = process.argv.slice(2);
if (only === "--list") console.log(JSON.stringify(contractCases().map(({ name }) => name)));
else if (only === onExitFlag) endByItself(await loadRuntime(), folder);
else await runAll(await loadRuntime(), only);
