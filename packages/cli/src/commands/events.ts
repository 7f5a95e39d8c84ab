// `sluice events`: publishing events that workflows wait for.
import type { Command } from "commander";
import type { TargetFlags } from "../api.ts";
import { readInput } from "../input.ts";
import type { Io } from "../io.ts";
import { short, table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface SendFlags extends TargetFlags {
  readonly payload?: string;
  readonly key?: string;
  readonly id?: string;
}

interface EventView {
  readonly id: number;
  readonly name: string;
  readonly key: string | null;
  readonly payload: unknown;
  readonly at: number;
}

export function addEventsCommands(program: Command, io: Io): void {
  const events = commandGroup(program, "events", "Publish events and look at those that are kept");
  clientCommand(events, {
    name: "send",
    description: "Publish an event; it is stored when this returns",
    example: `sluice events send paid --payload '{"amount":12}' --key o-17`,
  })
    .argument("<name>", "name of the event")
    .option("--payload <json>", "payload: JSON, @file, or - for standard input")
    .option("--key <key>", "only waits for this key take it")
    .option("--id <id>", "a second event with this id is ignored")
    .action(async (name: string, flags: SendFlags) => {
      const payload = await readInput(io, flags.payload, "--payload");
      const body = { name, ...(payload === undefined ? {} : { payload }), key: flags.key, id: flags.id };
      const answer = await apiOf(io, flags).json<{ readonly event: number; readonly duplicate: boolean }>(
        "/api/v1/events",
        {
          method: "POST",
          body,
        },
      );
      show(io, flags, {
        json: answer,
        text: () => [
          answer.duplicate ? `Event ${answer.event} was there already.` : `Event ${answer.event} is stored.`,
        ],
      });
    });
  clientCommand(events, {
    name: "list",
    description: "Stored events, oldest first",
    example: "sluice events list --name paid",
  })
    .option("--name <name>", "only events of this name")
    .option("--after <n>", "only events after this number")
    .option("--limit <n>", "how many (default: 50)")
    .action(
      async (flags: TargetFlags & { readonly name?: string; readonly after?: string; readonly limit?: string }) => {
        const page = await apiOf(io, flags).json<{
          readonly events: readonly EventView[];
          readonly next: number | null;
        }>("/api/v1/events", {
          query: { name: flags.name, after: flags.after, limit: flags.limit },
        });
        const rows = page.events.map((event) => [
          String(event.id),
          event.name,
          event.key ?? "-",
          time(event.at),
          short(event.payload),
        ]);
        show(io, flags, {
          json: page,
          text: () => (rows.length === 0 ? ["No events."] : table(["EVENT", "NAME", "KEY", "AT", "PAYLOAD"], rows)),
        });
      },
    );
}
