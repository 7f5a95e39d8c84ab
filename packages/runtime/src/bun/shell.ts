// Commands on Bun: its own shell for single commands without limits to be kept, and processes for the rest. Bun Shell is given arguments as
// values only, never as text, so that it has nothing to interpret.

import { $ } from "bun";
import { failureOf, RuntimeFailure } from "../failure.ts";
import { checkedProgram } from "../node/program.ts";
import { commandResult, pipelinesOn, shellOver } from "../shell/shell.ts";
import type { RunPipeline } from "../shell/shell.ts";
import { bunProcess } from "./process.ts";

const onProcesses = pipelinesOn(bunProcess);

/** Template of a command whose every word is a value: `${a} ${b}`. */
function templateOf(words: readonly string[]): TemplateStringsArray {
  const texts = ["", ...words.slice(1).map(() => " "), ""];
  return Object.assign(texts, { raw: texts });
}

const onBunShell: RunPipeline = async (commands, options) => {
  const { cwd, env, timeoutMs, input, outputBytesMax } = options;
  // Bun Shell can neither be stopped nor fed nor cut off, and of a pipeline it knows the last exit code alone.
  const [words, ...more] = commands;
  if (words === undefined || more.length > 0) return onProcesses(commands, options);
  if (timeoutMs !== undefined || input !== undefined || outputBytesMax !== undefined)
    return onProcesses(commands, options);
  const full = { ...process.env, ...env };
  // Its own `echo`, `ls`, `rm` and so on would stand in for the programs, so these are named by their files.
  const [command = "", ...args] = words;
  const file = checkedProgram({ command, args, cwd, path: full["PATH"] });
  const shell = $(templateOf(words), file, ...args)
    .quiet()
    .nothrow()
    .env(full);
  try {
    const { exitCode, stdout, stderr } = await (cwd === undefined ? shell : shell.cwd(cwd));
    return commandResult(exitCode, new Uint8Array(stdout), new Uint8Array(stderr));
  } catch (error) {
    throw new RuntimeFailure("bad_command", failureOf(error, "Bun Shell").message, { cause: error });
  }
};

/** Commands on Bun. */
export const bunShell = shellOver(onBunShell);
