// `sluice queue`: what waits in which queue, and pausing them.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import { table } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface QueueView {
  readonly name: string;
  readonly paused: boolean;
  readonly workflows: readonly string[];
  readonly held: number;
}

export function addQueueCommands(program: Command, io: Io): void {
  const queue = commandGroup(program, "queue", "Look at queues, pause and resume them");
  clientCommand(queue, {
    name: "list",
    description: "The queues that workflows name",
    example: "sluice queue list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly queues: readonly QueueView[] }>("/api/v1/queues");
    show(io, flags, { json: answer, text: () => queuesText(answer.queues) });
  });
  for (const [verb, description] of [
    ["pause", "Begin no runs of it until it is resumed; what has begun goes on"],
    ["resume", "Begin runs of it again"],
  ] as const) {
    clientCommand(queue, { name: verb, description, example: `sluice queue ${verb} mails` })
      .argument("<queue>", "name of the queue")
      .action(async (name: string, flags: TargetFlags) => {
        const path = `/api/v1/queues/${segment(name)}/${verb}`;
        const answer = await apiOf(io, flags).json<{ readonly queue: QueueView }>(path, { method: "POST", body: {} });
        show(io, flags, { json: answer, text: () => queuesText([answer.queue]) });
      });
  }
}

function queuesText(queues: readonly QueueView[]): readonly string[] {
  if (queues.length === 0) return ["No queues."];
  const rows = queues.map(({ name, paused, held, workflows }) => [
    name,
    paused ? "paused" : "open",
    String(held),
    workflows.join(", "),
  ]);
  return table(["QUEUE", "STATE", "HELD", "WORKFLOWS"], rows);
}
