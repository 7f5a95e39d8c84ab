// `sluice up` as a child process: the command as it is shipped, on a port that was free.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "./clock.ts";
import { ended, keepOutput } from "./processes.ts";

const COMMAND = join(import.meta.dir, "../packages/cli/src/main.ts");
const READY_MS_MAX = 20_000;

export interface SluiceSetup {
  readonly project: string;
  /** The data folder. */
  readonly folder: string;
  /** Further options of the command. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Resolves when it is ready; rejects with what it said when it ended. */
export async function startSluice(
  setup: SluiceSetup,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const { project, folder, args, env } = setup;
  const command = [COMMAND, "up", "--project", project, "--data", folder, "--port", "0", "--json", ...args];
  const child = spawn(process.execPath, command, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = keepOutput(child);
  const line = new Promise<string>((resolve, reject) => {
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
    void ended(child).then(() => reject(new Error(`sluice up ended: ${output()}`)));
  });
  try {
    const ready = JSON.parse(await within(READY_MS_MAX, "sluice up", line)) as { readonly port: number };
    return { child, port: ready.port };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}
