// The command line: `sluice COMMAND`, with its exit code.
import { CommanderError } from "commander";
import { toWire } from "@sluice/protocol";
import { CliError, exitCodes, showError } from "./io.ts";
import type { Io } from "./io.ts";
import { makeProgram } from "./program.ts";
import { askSecret } from "./secret-input.ts";

const io: Io = {
  env: process.env,
  cwd: process.cwd(),
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
  stdout: {
    isTTY: process.stdout.isTTY,
    columns: process.stdout.columns ?? 80,
    write: (text) => process.stdout.write(text),
  },
  readStdin: () => Bun.stdin.text(),
  askSecret: process.stdin.isTTY ? askSecret : undefined,
};

async function main(): Promise<void> {
  const json = process.argv.includes("--json");
  try {
    await makeProgram(io).parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.misused;
      return;
    }
    if (error instanceof CliError) {
      if (!error.shown) showError(io, error.wire, json);
      process.exitCode = error.exitCode;
      return;
    }
    const wire = toWire(error);
    if (wire.code === "internal") io.complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    else showError(io, wire, json);
    process.exitCode = exitCodes.failed;
  }
}

await main();
