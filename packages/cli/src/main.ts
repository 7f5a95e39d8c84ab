// The command line: `sluice COMMAND`. Every command loads what it needs when it is called.
import { Command, CommanderError } from "commander";
import { toWire } from "@sluice/protocol";
import manifest from "../package.json" with { type: "json" };
import { addApproveCommands } from "./commands/approve.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEventsCommands } from "./commands/events.ts";
import { addInitCommand } from "./commands/init.ts";
import { addRunCommand } from "./commands/run.ts";
import { addRunsCommands } from "./commands/runs.ts";
import { addScheduleCommands } from "./commands/schedule.ts";
import { addStateCommands } from "./commands/state.ts";
import { addServeCommands } from "./commands/up.ts";
import { CliError, exitCodes, showError } from "./io.ts";
import type { Io } from "./io.ts";

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
};

function makeProgram(): Command {
  const program = new Command("sluice")
    .description("A self-hosted operations engine: durable workflows in one process and one data folder")
    .version(manifest.version, "--version", "print the version")
    .showHelpAfterError("(add --help for the options and an example)")
    .enablePositionalOptions()
    .exitOverride();
  addServeCommands(program, io);
  addInitCommand(program, io);
  addRunCommand(program, io);
  addRunsCommands(program, io);
  addEventsCommands(program, io);
  addApproveCommands(program, io);
  addScheduleCommands(program, io);
  addStateCommands(program, io);
  addBackupCommands(program, io);
  addDoctorCommand(program, io);
  return program;
}

async function main(): Promise<void> {
  const json = process.argv.includes("--json");
  try {
    await makeProgram().parseAsync(process.argv);
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
