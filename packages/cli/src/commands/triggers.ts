// `sluice triggers`: what starts by itself besides schedules, and the deliveries of webhooks.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { readInput } from "../input.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { collect } from "./repeated-option.ts";
import { pairsOf } from "./trigger-options.ts";

interface TriggerView {
  readonly id: string;
  readonly workflow: string;
  readonly kind: string;
  readonly paused: boolean;
  readonly fired: number;
  readonly firedAt: number | null;
  readonly nextAt: number | null;
  readonly failures: number;
  readonly error: { readonly message: string } | null;
  readonly waiting: { readonly count: number; readonly retryAt: number } | null;
}
interface DeliveryView {
  readonly id: string;
  readonly trigger: string;
  readonly at: number;
  readonly kind: string;
  readonly status: string;
  readonly code: number;
  readonly run: string | null;
  readonly error: { readonly message: string } | null;
}
interface Delivered {
  readonly status: string;
  readonly runId: string | null;
  readonly delivery: string | null;
  readonly reason: string | null;
  readonly input: unknown;
}

export function addTriggerCommands(program: Command, io: Io): void {
  const triggers = commandGroup(program, "triggers", "Look at triggers, pause, fire and test them, deliver again");
  addLooking(triggers, io);
  addControl(triggers, io);
  addTest(triggers, io);
  addDeliveries(triggers, io);
}

function addLooking(triggers: Command, io: Io): void {
  clientCommand(triggers, {
    name: "list",
    description: "The triggers of the deployed workflows; `sluice schedule list` has the schedules",
    example: "sluice triggers list",
  })
    .option("--workflow <name>", "those of this workflow")
    .action(async (flags: TargetFlags & { readonly workflow?: string }) => {
      const query = { workflow: flags.workflow };
      const answer = await apiOf(io, flags).json<{ readonly triggers: readonly TriggerView[] }>("/api/v1/triggers", {
        query,
      });
      show(io, flags, { json: answer, text: () => triggersText(answer.triggers) });
    });
  clientCommand(triggers, {
    name: "show",
    description: "One trigger, how far it has got, and why it fails if it does",
    example: 'sluice triggers show "orders:POST /orders"',
  })
    .argument("<trigger>", "id of the trigger")
    .action(async (id: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{ readonly trigger: TriggerView }>(pathOf(id));
      show(io, flags, { json: answer, text: () => oneText(answer.trigger) });
    });
}

function addControl(triggers: Command, io: Io): void {
  for (const [verb, description] of [
    ["pause", "Start no runs until it is resumed; a webhook answers 503"],
    ["resume", "Go on where it was paused"],
  ] as const) {
    clientCommand(triggers, { name: verb, description, example: `sluice triggers ${verb} feed:items` })
      .argument("<trigger>", "id of the trigger")
      .action(async (id: string, flags: TargetFlags) => {
        const api = apiOf(io, flags);
        const answer = await api.json<{ readonly trigger: TriggerView }>(`${pathOf(id)}/${verb}`, {
          method: "POST",
          body: {},
        });
        show(io, flags, { json: answer, text: () => oneText(answer.trigger) });
      });
  }
  clientCommand(triggers, {
    name: "run",
    description: "Poll now, or start a run through the form of a manual trigger",
    example: "sluice triggers run refund:manual --values '{\"order\": 7}'",
  })
    .argument("<trigger>", "id of the trigger")
    .option("--values <json>", "what is filled in, for a manual trigger: JSON, @file, or -")
    .option("--key <key>", "idempotency key")
    .action(async (id: string, flags: TargetFlags & { readonly values?: string; readonly key?: string }) => {
      const values = await readInput(io, flags.values, "--values");
      const body = { values, ...(flags.key === undefined ? {} : { idempotencyKey: flags.key }) };
      const answer = await apiOf(io, flags).json<{
        readonly trigger: TriggerView;
        readonly runId: string | null;
        readonly created: boolean;
      }>(`${pathOf(id)}/run`, { method: "POST", body });
      const text = (): readonly string[] =>
        answer.runId === null
          ? oneText(answer.trigger)
          : [`Run ${answer.runId}${answer.created ? "" : " (was there)"}`];
      show(io, flags, { json: answer, text });
    });
}

interface TestFlags extends TargetFlags {
  readonly body?: string;
  readonly header?: readonly string[];
  readonly param?: readonly string[];
  readonly query?: string;
  readonly dryRun?: boolean;
}

function addTest(triggers: Command, io: Io): void {
  clientCommand(triggers, {
    name: "test",
    description: "Deliver a made-up request to a webhook, without its signature",
    example: 'sluice triggers test "orders:POST /orders" --body \'{"id": 7}\' --dry-run',
  })
    .argument("<trigger>", "id of the webhook")
    .option("--body <json>", "the body: JSON, @file, or - for standard input")
    .option("--header <name: value>", "a header; may be repeated", collect)
    .option("--param <name=value>", "value of a parameter in the webhook's path; may be repeated", collect)
    .option("--query <text>", "query of the URL, such as a=1&b=2")
    .option("--dry-run", "only say what would become of it")
    .action(async (id: string, flags: TestFlags) => {
      const body = {
        body: await readInput(io, flags.body, "--body"),
        headers: pairsOf(flags.header, ":", "--header"),
        params: pairsOf(flags.param, "=", "--param"),
        ...(flags.query === undefined ? {} : { query: flags.query }),
        dryRun: flags.dryRun === true,
      };
      const answer = await apiOf(io, flags).json<Delivered>(`${pathOf(id)}/test`, { method: "POST", body });
      show(io, flags, { json: answer, text: () => deliveredText(answer) });
    });
}

interface DeliveryFlags extends TargetFlags {
  readonly trigger?: string;
  readonly workflow?: string;
  readonly status?: string;
  readonly limit?: string;
}

function addDeliveries(triggers: Command, io: Io): void {
  clientCommand(triggers, {
    name: "deliveries",
    description: "Requests to webhooks and what became of them, newest first",
    example: "sluice triggers deliveries --status failed",
  })
    .option("--trigger <id>", "those to this webhook")
    .option("--workflow <name>", "those to webhooks of this workflow")
    .option("--status <status>", "started, duplicate, ignored, answered, refused or failed")
    .option("--limit <n>", "how many (default: 50)")
    .action(async (flags: DeliveryFlags) => {
      const { trigger, workflow, status, limit } = flags;
      const answer = await apiOf(io, flags).json<{ readonly deliveries: readonly DeliveryView[] }>(
        "/api/v1/deliveries",
        { query: { trigger, workflow, status, limit } },
      );
      show(io, flags, { json: answer, text: () => deliveriesText(answer.deliveries) });
    });
  clientCommand(triggers, {
    name: "delivery",
    description: "One delivery with its headers and body",
    example: "sluice triggers delivery dlv_0mhx2k3a",
  })
    .argument("<delivery>", "id of the delivery")
    .action(async (id: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{
        readonly delivery: DeliveryView & {
          readonly headers: Readonly<Record<string, string>>;
          readonly body: string | null;
        };
      }>(`/api/v1/deliveries/${segment(id)}`);
      const { delivery } = answer;
      const headers = Object.entries(delivery.headers).map(([name, value]) => `  ${name}: ${value}`);
      const body = delivery.body === null ? "(not kept, or no text)" : delivery.body;
      show(io, flags, { json: answer, text: () => [...deliveriesText([delivery]), ...headers, "", body] });
    });
  clientCommand(triggers, {
    name: "redeliver",
    description: "Deliver it once more: a new run, whatever became of the first",
    example: "sluice triggers redeliver dlv_0mhx2k3a",
  })
    .argument("<delivery>", "id of the delivery")
    .action(async (id: string, flags: TargetFlags) => {
      const path = `/api/v1/deliveries/${segment(id)}/redeliver`;
      const answer = await apiOf(io, flags).json<Delivered>(path, { method: "POST", body: {} });
      show(io, flags, { json: answer, text: () => deliveredText(answer) });
    });
}

function pathOf(id: string): string {
  return `/api/v1/triggers/${segment(id)}`;
}

function triggersText(triggers: readonly TriggerView[]): readonly string[] {
  if (triggers.length === 0) return ["No triggers."];
  const rows = triggers.map((each) => [
    each.id,
    each.kind,
    stateOf(each),
    String(each.fired),
    time(each.firedAt),
    each.paused ? "" : time(each.nextAt),
  ]);
  return table(["TRIGGER", "KIND", "STATE", "STARTED", "LAST", "NEXT"], rows);
}

function stateOf({ paused, failures, waiting }: TriggerView): string {
  if (paused) return "paused";
  if (failures > 0) return `failing (${failures})`;
  return waiting === null ? "active" : `${waiting.count} wait`;
}

function oneText(trigger: TriggerView): readonly string[] {
  return [...triggersText([trigger]), ...(trigger.error === null ? [] : [`  ${trigger.error.message}`])];
}

function deliveriesText(deliveries: readonly DeliveryView[]): readonly string[] {
  if (deliveries.length === 0) return ["No deliveries."];
  const rows = deliveries.map((each) => [
    each.id,
    time(each.at),
    each.trigger,
    each.kind,
    each.status,
    String(each.code),
    each.run ?? each.error?.message ?? "",
  ]);
  return table(["DELIVERY", "AT", "TRIGGER", "KIND", "STATUS", "CODE", "RUN"], rows);
}

function deliveredText({ status, runId, delivery, reason, input }: Delivered): readonly string[] {
  const about = runId === null ? status : `${status}: run ${runId}`;
  if (delivery !== null) return [reason === null ? about : `${about} (${reason})`];
  if (status === "started") return [`would start a run with ${JSON.stringify(input)}`];
  return [reason === null ? `would be ${status}` : `would be ${status}: ${reason}`];
}
