// `sluice schedule`: what starts by itself.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import type { RunView } from "../views.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { describeRun } from "./run-text.ts";

export interface ScheduleView {
  readonly id: string;
  readonly workflow: string;
  readonly cron: string;
  readonly timezone: string;
  readonly catchUp: string;
  readonly overlap: string;
  readonly paused: boolean;
  readonly nextAt: number | null;
  readonly waiting: { readonly count: number; readonly retryAt: number } | null;
}

export function addScheduleCommands(program: Command, io: Io): void {
  const schedule = commandGroup(program, "schedule", "Look at schedules, pause them, run them now");
  clientCommand(schedule, {
    name: "list",
    description: "The schedules of the deployed workflows",
    example: "sluice schedule list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly schedules: readonly ScheduleView[] }>("/api/v1/schedules");
    show(io, flags, { json: answer, text: () => schedulesText(answer.schedules) });
  });
  clientCommand(schedule, {
    name: "show",
    description: "One schedule and its next times",
    example: "sluice schedule show report --next 10",
  })
    .argument("<schedule>", "id of the schedule")
    .option("--next <n>", "how many of the coming times (default: 5)")
    .action(async (id: string, flags: TargetFlags & { readonly next?: string }) => {
      const answer = await apiOf(io, flags).json<{ readonly schedule: ScheduleView; readonly next: readonly number[] }>(
        `/api/v1/schedules/${segment(id)}`,
        { query: { next: flags.next } },
      );
      show(io, flags, {
        json: answer,
        text: () => [...schedulesText([answer.schedule]), ...answer.next.map((at) => `  next ${time(at)}`)],
      });
    });
  for (const [verb, description] of [
    ["pause", "Start no runs until it is resumed"],
    ["resume", "Go on from now; times missed while paused are not caught up"],
  ] as const) {
    clientCommand(schedule, { name: verb, description, example: `sluice schedule ${verb} report` })
      .argument("<schedule>", "id of the schedule")
      .action(async (id: string, flags: TargetFlags) => {
        const path = `/api/v1/schedules/${segment(id)}/${verb}`;
        const answer = await apiOf(io, flags).json<{ readonly schedule: ScheduleView }>(path, {
          method: "POST",
          body: {},
        });
        show(io, flags, { json: answer, text: () => schedulesText([answer.schedule]) });
      });
  }
  clientCommand(schedule, {
    name: "run",
    description: "Start one run of the schedule now",
    example: "sluice schedule run report",
  })
    .argument("<schedule>", "id of the schedule")
    .action(async (id: string, flags: TargetFlags) => {
      const path = `/api/v1/schedules/${segment(id)}/run`;
      const answer = await apiOf(io, flags).json<{ readonly run: RunView }>(path, { method: "POST", body: {} });
      show(io, flags, { json: answer, text: () => describeRun(answer.run) });
    });
}

/** A table with a line for each. */
export function schedulesText(schedules: readonly ScheduleView[]): readonly string[] {
  if (schedules.length === 0) return ["No schedules."];
  const rows = schedules.map((each) => [
    each.id,
    each.workflow,
    each.cron,
    each.timezone,
    each.paused ? "paused" : time(each.nextAt),
    each.waiting === null ? "-" : String(each.waiting.count),
    each.catchUp,
    each.overlap,
  ]);
  return table(["SCHEDULE", "WORKFLOW", "CRON", "TIMEZONE", "NEXT", "WAIT", "CATCH-UP", "OVERLAP"], rows);
}
