// `sluice approve`: what waits for a decision, and deciding it.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { readInput } from "../input.ts";
import type { Io } from "../io.ts";
import { short, table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface ApprovalView {
  /** Null for who may not decide. */
  readonly token: string | null;
  readonly run: string;
  readonly workflow: string;
  readonly name: string;
  readonly description: string | null;
  readonly data: unknown;
  readonly expiresAt: number | null;
}

interface DecideFlags extends TargetFlags {
  readonly deny?: boolean;
  readonly reason?: string;
  readonly payload?: string;
}

export function addApproveCommands(program: Command, io: Io): void {
  const approve = commandGroup(program, "approve", "Decide what waits for somebody's approval");
  clientCommand(approve, {
    name: "list",
    description: "Approvals that wait for a decision",
    example: "sluice approve list",
  })
    .option("--run <run>", "of this run only")
    .action(async (flags: TargetFlags & { readonly run?: string }) => {
      const answer = await apiOf(io, flags).json<{ readonly approvals: readonly ApprovalView[] }>("/api/v1/approvals", {
        query: { run: flags.run },
      });
      const rows = answer.approvals.map((each) => [
        each.token ?? "-",
        each.workflow,
        each.name,
        each.description ?? short(each.data),
        time(each.expiresAt),
      ]);
      show(io, flags, {
        json: answer,
        text: () =>
          rows.length === 0
            ? ["Nothing waits for approval."]
            : table(["TOKEN", "WORKFLOW", "NAME", "ABOUT", "EXPIRES"], rows),
      });
    });
  const decide = clientCommand(approve, {
    name: "decide",
    description: "Approve, or deny with --deny; once",
    example: 'sluice approve decide tok_… --deny --reason "too expensive"',
  });
  decide
    .argument("<token>", "token of the approval")
    .option("--deny", "deny it")
    .option("--reason <text>", "why; the workflow sees it")
    .option("--payload <json>", "something for the workflow: JSON, @file, or - for standard input")
    .action(async (token: string, flags: DecideFlags) => {
      const payload = await readInput(io, flags.payload, "--payload");
      const approved = flags.deny !== true;
      const body = {
        approved,
        ...(flags.reason === undefined ? {} : { reason: flags.reason }),
        ...(payload === undefined ? {} : { payload }),
      };
      const answer = await apiOf(io, flags).json<{ readonly runId: string }>(`/api/v1/approvals/${segment(token)}`, {
        method: "POST",
        body,
      });
      show(io, flags, {
        json: { ...answer, approved },
        text: () => [`${approved ? "Approved" : "Denied"}; run ${answer.runId} goes on.`],
      });
    });
}
