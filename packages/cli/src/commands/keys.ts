// `sluice keys`: the keys that payloads of encrypted workflows are sealed with.
import type { Command } from "commander";
import type { TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface KeysView {
  readonly workflow: string;
  readonly keys: number;
  readonly erased: number;
  readonly readable: boolean;
}

interface EraseFlags extends TargetFlags {
  readonly yes?: boolean;
}

export function addKeysCommands(program: Command, io: Io): void {
  const keys = commandGroup(program, "keys", "Look at the keys of encrypted payloads, rotate and erase them");
  clientCommand(keys, {
    name: "list",
    description: "The workflows that have keys, and for how many runs",
    example: "sluice keys list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly workflows?: readonly KeysView[] }>("/api/v1/keys");
    show(io, flags, { json: answer, text: () => keysText(answer.workflows ?? []) });
  });
  clientCommand(keys, {
    name: "rotate",
    description: "Give a workflow, or all of them, a new key; what is encrypted stays readable",
    example: "sluice keys rotate patients",
  })
    .argument("[workflow]", "name of the workflow; all of them without")
    .action(async (workflow: string | undefined, flags: TargetFlags) => {
      const body = workflow === undefined ? {} : { workflow };
      const answer = await apiOf(io, flags).json<{ readonly workflows: number; readonly rewrapped: number }>(
        "/api/v1/keys/rotate",
        { method: "POST", body },
      );
      show(io, flags, {
        json: answer,
        text: () => [
          `${answer.workflows} workflows have a new key; ${answer.rewrapped} keys of runs are wrapped with it.`,
        ],
      });
    });
  clientCommand(keys, {
    name: "erase",
    description: "Erase the key of a workflow, with the values of all its ended runs; nothing brings them back",
    example: "sluice keys erase patients --yes",
  })
    .argument("<workflow>", "name of the workflow")
    .option("--yes", "really erase")
    .action(async (workflow: string, flags: EraseFlags) => {
      if (flags.yes !== true) throw misused("Nothing brings back what is erased.", "Add --yes to erase it.");
      const answer = await apiOf(io, flags).json<{ readonly keys: number; readonly runs: number }>(
        "/api/v1/keys/erase",
        {
          method: "POST",
          body: { workflow },
        },
      );
      show(io, flags, {
        json: answer,
        text: () => [`The values of ${answer.runs} ${answer.runs === 1 ? "run" : "runs"} of ${workflow} are gone.`],
      });
    });
}

function keysText(workflows: readonly KeysView[]): readonly string[] {
  if (workflows.length === 0) return ["No keys."];
  const rows = workflows.map(({ workflow, keys, erased, readable }) => [
    workflow === ":events" ? "(events)" : workflow,
    String(keys),
    String(erased),
    readable ? "-" : "its key is not here",
  ]);
  return table(["WORKFLOW", "KEYS", "ERASED", "PROBLEM"], rows);
}
