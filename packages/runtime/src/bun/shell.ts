// Commands on Bun: its own shell for what has no limits to be kept, and processes for the rest. Bun Shell is given arguments as
// values only, never as text, so that it has nothing to interpret.

import { $ } from "bun";
import { failureOf, RuntimeFailure } from "../failure.ts";
import { checkedProgram } from "../node/program.ts";
import { commandResult, pipelinesOn, shellOver } from "../shell/shell.ts";
import type { RunPipeline } from "../shell/shell.ts";
import { bunProcess } from "./process.ts";

const onProcesses = pipelinesOn(bunProcess);

/** Template of a pipeline whose every word is a value: `${a} ${b} | ${c}`. */
function templateOf(commands: readonly (readonly string[])[]): TemplateStringsArray {
  const texts = [""];
  for (const [index, words] of commands.entries()) {
    if (index > 0) texts[texts.length - 1] = " | ";
    for (const _word of words) texts.push(" ");
  }
  texts[texts.length - 1] = "";
  return Object.assign(texts, { raw: texts });
}

const onBunShell: RunPipeline = async (commands, options) => {
  const { cwd, env, timeoutMs, input, outputBytesMax } = options;
  // Bun Shell can neither be stopped nor fed nor cut off.
  if (timeoutMs !== undefined || input !== undefined || outputBytesMax !== undefined) return onProcesses(commands, options);
  const full = { ...process.env, ...env };
  // Its own `echo`, `ls`, `rm` and so on would stand in for the programs: those are named by their files.
  const files = commands.map(([command = "", ...args]) => [
    checkedProgram({ command, args, cwd, path: full["PATH"] }),
    ...args,
  ]);
  const shell = $(templateOf(files), ...files.flat()).quiet().nothrow().env(full);
  try {
    const { exitCode, stdout, stderr } = await (cwd === undefined ? shell : shell.cwd(cwd));
    return commandResult(exitCode, new Uint8Array(stdout), new Uint8Array(stderr));
  } catch (error) {
    throw new RuntimeFailure("bad_command", failureOf(error, "Bun Shell").message, { cause: error });
  }
};

/** Commands on Bun. */
export const bunShell = shellOver(onBunShell);
