// Many runs at once: an operation on all that a filter matches.
import { Option } from "commander";
import type { Command } from "commander";
import { parseDuration } from "@sluice/protocol";
import type { TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { apiOf, clientCommand, show } from "./client-command.ts";
import { collect } from "./repeated-option.ts";

export interface FilterFlags extends TargetFlags {
  readonly workflow?: string;
  readonly status?: string;
  readonly statusReason?: string;
  readonly tag?: string;
  readonly chain?: string;
  readonly attr?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly endedSince?: string;
}

const actions = ["cancel", "retry", "pause", "resume", "fork", "delete"] as const;

/** The options that say which runs. */
export function filterOptions(command: Command): Command {
  return command
    .option("--workflow <name>", "runs of this workflow")
    .option("--status <list>", "with one of these statuses: failed,timedout")
    .option("--status-reason <list>", "for one of these reasons: poison,version_unavailable")
    .option("--tag <tag>", "with this tag")
    .option("--chain <run>", "the run with this id, and those it went on as")
    .option("--attr <condition>", "whose search attribute fits, such as total>=100; may be repeated", collect)
    .option("--since <time>", 'created at or after: a time, or "2h" for two hours ago')
    .option("--until <time>", "created before")
    .option("--ended-since <time>", "ended at or after");
}

/** The filter as query parameters. */
export function filterQuery(flags: FilterFlags): Record<string, string | number | undefined> {
  return {
    workflow: flags.workflow,
    status: flags.status,
    reason: flags.statusReason,
    tag: flags.tag,
    chain: flags.chain,
    attr: flags.attr?.join(","),
    from: timeOf(flags.since, "--since"),
    to: timeOf(flags.until, "--until"),
    endedFrom: timeOf(flags.endedSince, "--ended-since"),
  };
}

/** A time given as such, or as how long ago. */
export function timeOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{11,15}$/.test(text)) return Number(text);
  const parsed = Date.parse(text);
  if (/^\d{4}-/.test(text) && !Number.isNaN(parsed)) return parsed;
  try {
    return Date.now() - parseDuration(text);
  } catch {
    throw misused(
      `${flag} takes a time or a duration, not ${text}.`,
      'Such as 2026-01-31T08:00:00Z, or "2h" for two hours ago',
    );
  }
}

export function addBulkCommands(runs: Command, io: Io): void {
  const bulk = clientCommand(runs, {
    name: "bulk",
    description: "Do one thing to every run a filter matches",
    example: "sluice runs bulk retry --workflow order --status failed --dry-run",
  }).argument("<action>", actions.join(", "));
  filterOptions(bulk)
    .addOption(new Option("--all", "every run; needed where there is no filter"))
    .option("--reason <text>", "why; recorded with a cancellation")
    .option("--dry-run", "only count them")
    .action(
      async (
        action: string,
        flags: FilterFlags & { readonly all?: boolean; readonly reason?: string; readonly dryRun?: boolean },
      ) => {
        if (!actions.some((each) => each === action))
          throw misused(`There is no action ${action}.`, `One of ${actions.join(", ")}`);
        const given = Object.entries(filterQuery(flags)).filter(([, value]) => value !== undefined);
        if (given.length === 0 && flags.all !== true)
          throw misused("No filter is given.", "Add --workflow, --status, --tag, --since or another; or --all.");
        const filter: Record<string, unknown> = Object.fromEntries(
          given.map(([name, value]): [string, unknown] => {
            if (name === "attr") return ["attributes", flags.attr];
            return [name, name === "status" || name === "reason" ? String(value).split(",") : value];
          }),
        );
        const body = {
          action,
          filter,
          dryRun: flags.dryRun === true,
          ...(flags.reason === undefined ? {} : { reason: flags.reason }),
        };
        const answer = await apiOf(io, flags).json<Record<string, unknown>>("/api/v1/runs/bulk", {
          method: "POST",
          body,
        });
        show(io, flags, {
          json: answer,
          text: () => Object.entries(answer).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
        });
      },
    );
}
