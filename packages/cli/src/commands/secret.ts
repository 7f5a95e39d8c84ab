// `sluice secret`: values that workflows use and nobody reads again.
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface SecretView {
  readonly name: string;
  readonly version: number;
  readonly updatedAt: number;
  readonly readable: boolean;
}

interface SetFlags extends TargetFlags {
  readonly fromFile?: string;
  readonly fromEnv?: string;
}

export function addSecretCommands(program: Command, io: Io): void {
  const secret = commandGroup(program, "secret", "Keep values that workflows use and nobody reads again");
  clientCommand(secret, {
    name: "set",
    description: "Set a secret; the value is asked for, or read from standard input, a file or a variable",
    example: "sluice secret set stripe/key < key.txt",
  })
    .argument("<name>", 'what workflows call it: secret("name")')
    .option("--from-file <path>", "the value is the text of this file, without the line's end")
    .option("--from-env <variable>", "the value is that of this environment variable")
    .action(async (name: string, flags: SetFlags) => {
      const body = { value: await readValue(io, flags) };
      const path = `/api/v1/secrets/${segment(name)}`;
      const answer = await apiOf(io, flags).json<{ readonly version: number }>(path, { method: "PUT", body });
      show(io, flags, { json: { name, ...answer }, text: () => [`Secret ${name} is set, version ${answer.version}.`] });
    });
  clientCommand(secret, {
    name: "list",
    description: "The secrets that are kept, without their values",
    example: "sluice secret list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly secrets?: readonly SecretView[] }>("/api/v1/secrets");
    const rows = (answer.secrets ?? []).map((each) => [
      each.name,
      String(each.version),
      time(each.updatedAt),
      each.readable ? "-" : "its key is not here",
    ]);
    show(io, flags, {
      json: answer,
      text: () => (rows.length === 0 ? ["No secrets."] : table(["NAME", "VERSION", "CHANGED", "PROBLEM"], rows)),
    });
  });
  clientCommand(secret, {
    name: "remove",
    description: "Remove a secret; steps that use it fail from then on",
    example: "sluice secret remove stripe/key",
  })
    .argument("<name>", "name of the secret")
    .action(async (name: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(`/api/v1/secrets/${segment(name)}`, { method: "DELETE" });
      show(io, flags, { json: { removed: name }, text: () => [`Secret ${name} is gone.`] });
    });
  clientCommand(secret, {
    name: "rotate",
    description: "Make a new key, encrypt every secret with it and forget the old key",
    example: "sluice secret rotate",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly resealed: number }>("/api/v1/secrets/rotate", {
      method: "POST",
      body: {},
    });
    show(io, flags, { json: answer, text: () => [`${answer.resealed} secrets are encrypted with a new key.`] });
  });
}

/** Never from the command line, where every user of the machine can read it. */
async function readValue(io: Io, { fromFile, fromEnv }: SetFlags): Promise<string> {
  if (fromFile !== undefined && fromEnv !== undefined)
    throw misused("The value comes from one place.", "Leave out --from-file or --from-env.");
  if (fromEnv !== undefined) {
    const value = io.env[fromEnv];
    if (value === undefined) throw misused(`There is no variable ${fromEnv}.`);
    return value;
  }
  if (fromFile !== undefined) return withoutEnd(await readText(fromFile));
  if (io.askSecret !== undefined) return io.askSecret("Value: ");
  const value = withoutEnd(await io.readStdin());
  if (value === "") throw misused("There is no value on standard input.", "Pipe it in, or use --from-file.");
  return value;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw misused(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function withoutEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}
