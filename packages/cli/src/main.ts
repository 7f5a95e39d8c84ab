// The command line: `sluice COMMAND`, with its exit code.
import { CommanderError } from "commander";
import type { Command } from "commander";
import { toWire } from "@sluice/protocol";
import { CliError, exitCodes, inert, showError } from "./io.ts";
import type { Io } from "./io.ts";

const io: Io = {
  env: process.env,
  cwd: process.cwd(),
  print: (line) => process.stdout.write(`${inert(line)}\n`),
  complain: (line) => process.stderr.write(`${inert(line)}\n`),
  stdout: {
    isTTY: process.stdout.isTTY,
    columns: process.stdout.columns ?? 80,
    write: (text) => process.stdout.write(text),
  },
  readStdin: () => Bun.stdin.text(),
  askSecret: process.stdin.isTTY
    ? async (question) => (await import("./secret-input.ts")).askSecret(question)
    : undefined,
};

/** A server is there for long: it loads no command but its own. */
async function programFor(command: string | undefined): Promise<Command> {
  if (command === "up" || command === "dev") return (await import("./serve-program.ts")).serveProgram(io);
  return (await import("./program.ts")).makeProgram(io);
}

async function main(): Promise<void> {
  const json = process.argv.includes("--json");
  try {
    const program = await programFor(process.argv[2]);
    await program.parseAsync(process.argv);
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
