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
  readonly approver: string | null;
  readonly need: number;
  readonly of: number;
}

interface ShownApproval extends ApprovalView {
  readonly status: string;
  readonly delegatedBy: string | null;
  readonly problem: string | null;
  readonly comments: readonly {
    readonly no: number;
    readonly by: string;
    readonly at: number;
    readonly text: string;
  }[];
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
        each.approver ?? "anybody",
        `${each.need} of ${each.of}`,
        each.description ?? (each.data === null ? "-" : short(each.data)),
        time(each.expiresAt),
      ]);
      show(io, flags, {
        json: answer,
        text: () =>
          rows.length === 0
            ? ["Nothing waits for approval."]
            : table(["TOKEN", "WORKFLOW", "NAME", "ASKED", "NEEDED", "ABOUT", "EXPIRES"], rows),
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
      const answer = await apiOf(io, flags).json<{ readonly runId: string }>(pathOf(token), {
        method: "POST",
        body,
      });
      show(io, flags, {
        json: { ...answer, approved },
        text: () => [`${approved ? "Approved" : "Denied"}; run ${answer.runId} goes on.`],
      });
    });
  addApprovalShow(approve, io);
  addApprovalTalk(approve, io);
}

function addApprovalShow(approve: Command, io: Io): void {
  clientCommand(approve, {
    name: "show",
    description: "What there is to decide, and what was written beside it",
    example: "sluice approve show tok_…",
  })
    .argument("<token>", "token of the approval")
    .action(async (token: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{ readonly approval: ShownApproval }>(pathOf(token), {});
      show(io, flags, { json: answer, text: () => approvalLines(answer.approval) });
    });
}

function approvalLines(approval: ShownApproval): string[] {
  const { name, workflow, run, status, approver, need, of, description, data, problem } = approval;
  return [
    `${name} of ${workflow}, run ${run}: ${status}`,
    `Asked of ${approver ?? "anybody"}; ${need} of ${of} needed.`,
    ...(approval.delegatedBy === null ? [] : [`Handed on by ${approval.delegatedBy}.`]),
    ...(description === null ? [] : [description]),
    ...(data === null ? [] : [short(data)]),
    ...(problem === null ? [] : [`What was filled in before was not good: ${problem}`]),
    ...approval.comments.map(({ by, at, text }) => `  ${time(at)}  ${by}: ${text}`),
  ];
}

function addApprovalTalk(approve: Command, io: Io): void {
  clientCommand(approve, {
    name: "delegate",
    description: "Hand a decision on to somebody else",
    example: 'sluice approve delegate tok_… user:bob --reason "on holiday"',
  })
    .argument("<token>", "token of the approval")
    .argument("<to>", "user:NAME, role:NAME or an address")
    .option("--reason <text>", "why")
    .action(async (token: string, to: string, flags: TargetFlags & { readonly reason?: string }) => {
      const body = { to, ...(flags.reason === undefined ? {} : { reason: flags.reason }) };
      const answer = await apiOf(io, flags).json<object>(`${pathOf(token)}/delegate`, { method: "POST", body });
      show(io, flags, { json: answer, text: () => [`${to} is asked instead.`] });
    });
  clientCommand(approve, {
    name: "comment",
    description: "Write beside an approval, for whoever else decides",
    example: 'sluice approve comment tok_… "who ordered this?"',
  })
    .argument("<token>", "token of the approval")
    .argument("<text>", "what to write")
    .action(async (token: string, text: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<object>(`${pathOf(token)}/comments`, {
        method: "POST",
        body: { text },
      });
      show(io, flags, { json: answer, text: () => ["Written."] });
    });
}

const pathOf = (token: string): string => `/api/v1/approvals/${segment(token)}`;
