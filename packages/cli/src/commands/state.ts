// `sluice state`: the durable values of everybody, of a workflow or of a run.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { readInput, wholeNumber } from "../input.ts";
import type { Io } from "../io.ts";
import { short, table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface EntryView {
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: number | null;
}

const scopeHelp = "global, workflow:NAME or run:ID";

export function addStateCommands(program: Command, io: Io): void {
  const state = commandGroup(program, "state", "Read and change state");
  clientCommand(state, {
    name: "list",
    description: "The keys of a scope",
    example: "sluice state list global --prefix rates/",
  })
    .argument("<scope>", scopeHelp)
    .option("--prefix <text>", "keys that begin with this")
    .option("--limit <n>", "how many (default: 50)")
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(
      async (
        scope: string,
        flags: TargetFlags & { readonly prefix?: string; readonly limit?: string; readonly cursor?: string },
      ) => {
        const { prefix, limit, cursor } = flags;
        const page = await apiOf(io, flags).json<{
          readonly entries: readonly EntryView[];
          readonly nextCursor: string | null;
        }>(`/api/v1/state/${segment(scope)}`, { query: { prefix, limit, cursor } });
        const rows = page.entries.map((entry) => [
          entry.key,
          String(entry.version),
          time(entry.expiresAt),
          short(entry.value),
        ]);
        show(io, flags, {
          json: page,
          text: () => (rows.length === 0 ? ["No keys."] : table(["KEY", "VERSION", "EXPIRES", "VALUE"], rows)),
        });
      },
    );
  clientCommand(state, { name: "get", description: "One value", example: "sluice state get global rates/eur" })
    .argument("<scope>", scopeHelp)
    .argument("<key>", "key")
    .action(async (scope: string, key: string, flags: TargetFlags) => {
      const entry = await apiOf(io, flags).json<EntryView>(pathOf(scope, key));
      show(io, flags, { json: entry, text: () => [JSON.stringify(entry.value, null, 2)] });
    });
  addSet(state, io);
  clientCommand(state, {
    name: "delete",
    description: "Delete a value",
    example: "sluice state delete global rates/eur",
  })
    .argument("<scope>", scopeHelp)
    .argument("<key>", "key")
    .action(async (scope: string, key: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(pathOf(scope, key), { method: "DELETE" });
      show(io, flags, { json: { deleted: key }, text: () => [`Deleted ${key}.`] });
    });
}

function addSet(state: Command, io: Io): void {
  clientCommand(state, {
    name: "set",
    description: "Set a value",
    example: "sluice state set global rates/eur 1.08 --ttl 1h",
  })
    .argument("<scope>", scopeHelp)
    .argument("<key>", "key")
    .argument("<json>", "value: JSON, @file, or - for standard input")
    .option("--ttl <duration>", "forget it after this long")
    .option("--if-version <n>", "only when the key has this version; 0: only when it does not exist")
    .action(
      async (
        ...[scope, key, json, flags]: [
          string,
          string,
          string,
          TargetFlags & { readonly ttl?: string; readonly ifVersion?: string },
        ]
      ) => {
        const value = await readInput(io, json, "The value");
        const version = wholeNumber(flags.ifVersion, "--if-version");
        const headers: Record<string, string> =
          version === undefined ? {} : version === 0 ? { "if-none-match": "*" } : { "if-match": `"${version}"` };
        const body = { value, ...(flags.ttl === undefined ? {} : { ttl: flags.ttl }) };
        const answer = await apiOf(io, flags).json<{ readonly version: number }>(pathOf(scope, key), {
          method: "PUT",
          body,
          headers,
        });
        show(io, flags, { json: answer, text: () => [`Set ${key}, version ${answer.version}.`] });
      },
    );
}

function pathOf(scope: string, key: string): string {
  return `/api/v1/state/${segment(scope)}/${segment(key)}`;
}
