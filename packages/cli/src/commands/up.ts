// `sluice up` and `sluice dev`: a server over a project, until it is told to stop.
import { Option } from "commander";
import type { Command } from "commander";
import { collect } from "./repeated-option.ts";
import type { Io } from "../io.ts";
import { serveOptions, serveRequest } from "../serve-flags.ts";
import type { ServeFlags, ServeMode } from "../serve-flags.ts";

export function addServeCommands(program: Command, io: Io): void {
  serveCommand(program, io, "up")
    .description("Run the workflows of a project: server, supervised worker, HTTP API")
    .addHelpText("after", "\nExample:\n  sluice up --project ./shop --port 7890\n");
  serveCommand(program, io, "dev")
    .description("The same, and every saved change of the code is live at once")
    .addHelpText("after", "\nExample:\n  sluice dev --project ./shop\n");
}

function serveCommand(program: Command, io: Io, mode: ServeMode): Command {
  const command = program.command(mode);
  for (const { flags, description, choices, repeated, up } of serveOptions) {
    if (up === true && mode !== "up") continue;
    const option = new Option(flags, description);
    if (choices !== undefined) option.choices(choices);
    if (repeated === true) option.argParser(collect);
    command.addOption(option);
  }
  return command.action(async (flags: ServeFlags) => {
    const request = serveRequest(io, mode, flags);
    const { serve } = await import("../serve.ts");
    await serve(io, request);
  });
}
