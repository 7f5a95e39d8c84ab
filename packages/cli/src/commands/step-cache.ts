// `sluice step-cache`: results of steps that are kept for other runs.
import type { Command } from "commander";
import type { TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { short, table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface ResultView {
  readonly scope: string;
  readonly step: string;
  readonly key: string;
  readonly value: unknown;
  readonly expiresAt: number;
  readonly hits: number;
}

interface Which {
  readonly workflow?: string;
  readonly global?: boolean;
  readonly step?: string;
  readonly key?: string;
}

const path = "/api/v1/step-cache";

export function addStepCacheCommands(program: Command, io: Io): void {
  const group = commandGroup(program, "step-cache", "Results of steps that are kept for other runs");
  which(clientCommand(group, { name: "list", description: "Kept results", example: "sluice step-cache list" }))
    .option("--limit <n>", "how many (default: 50)")
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(async (flags: TargetFlags & Which & { readonly limit?: string; readonly cursor?: string }) => {
      const { limit, cursor } = flags;
      const page = await apiOf(io, flags).json<{ readonly results: readonly ResultView[] }>(path, {
        query: { ...queryOf(flags), limit, cursor },
      });
      const rows = page.results.map((each) => [
        each.scope,
        each.step,
        each.key,
        String(each.hits),
        time(each.expiresAt),
        short(each.value),
      ]);
      const heads = ["SCOPE", "STEP", "KEY", "USED", "EXPIRES", "VALUE"];
      show(io, flags, { json: page, text: () => (rows.length === 0 ? ["No results."] : table(heads, rows)) });
    });
  which(
    clientCommand(group, {
      name: "clear",
      description: "Forget kept results",
      example: "sluice step-cache clear --workflow rates --step fetch",
    }),
  )
    .option("--all", "everything, where nothing else is named")
    .action(async (flags: TargetFlags & Which & { readonly all?: boolean }) => {
      const query = queryOf(flags);
      if (flags.all !== true && Object.values(query).every((value) => value === undefined))
        throw misused("Nothing says which results: name a workflow, step or key, or say --all.");
      const answer = await apiOf(io, flags).json<{ readonly cleared: number }>(path, {
        method: "DELETE",
        query: { ...query, ...(flags.all === true ? { all: "true" } : {}) },
      });
      show(io, flags, { json: answer, text: () => [`Forgot ${answer.cleared}.`] });
    });
}

function which(command: Command): Command {
  return command
    .option("--workflow <name>", "shared between runs of this workflow")
    .option("--global", "shared between runs of every workflow")
    .option("--step <name>", "of this step")
    .option("--key <key>", "with this key");
}

function queryOf({ workflow, global, step, key }: Which): Record<string, string | undefined> {
  const scope = global === true ? "global" : workflow === undefined ? undefined : `workflow:${workflow}`;
  return { scope, step, key };
}
