// The program as far as a server is started with it: what stays in the server's memory has no other command in it.
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addServeCommands } from "./commands/up.ts";
import type { Io } from "./io.ts";

/** The program with `up` and `dev` alone. */
export function serveProgram(io: Io): Command {
  const program = new Command("sluice")
    .description("A self-hosted operations engine: durable workflows in one process and one data folder")
    .version(manifest.version, "--version", "print the version")
    .showHelpAfterError("(add --help for the options and an example)")
    .enablePositionalOptions()
    .exitOverride();
  addServeCommands(program, io);
  return program;
}
