// What the commands to a running server have in common: their options, the example in their help, and the API they get.
import type { Command } from "commander";
import { Api, targetOf } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";

export interface CommandText {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  /** What the group does when it is given none of its commands. */
  readonly isDefault?: true;
}

/** A subcommand with `--url`, `--token`, `--project`, `--data` and `--json`. */
export function clientCommand(parent: Command, { name, description, example, isDefault }: CommandText): Command {
  return parent
    .command(name, isDefault === true ? { isDefault } : {})
    .description(description)
    .option("--url <url>", "server (default: SLUICE_URL, else the one that runs over this project)")
    .option("--token <token>", "bearer token (default: SLUICE_TOKEN, else the key in the data folder)")
    .option("--project <dir>", "folder of the project whose server is meant")
    .option("--data <dir>", "data folder whose server is meant")
    .option("--json", "print JSON")
    .addHelpText("after", `\nExample:\n  ${example}\n`);
}

/** A group of commands, such as `runs`. Without one of them it shows its help and counts as used wrongly. */
export function commandGroup(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .exitOverride()
    .showHelpAfterError("(add --help for the options and an example)");
}

export function apiOf(io: Io, flags: TargetFlags): Api {
  return new Api(targetOf(io, flags));
}

/** JSON on one line, or the text for people. */
export function show(
  io: Io,
  flags: TargetFlags,
  p: { readonly json: unknown; readonly text: () => readonly string[] },
): void {
  if (flags.json === true) io.print(JSON.stringify(p.json));
  else for (const line of p.text()) io.print(line);
}
