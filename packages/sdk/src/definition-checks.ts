// Options that make no sense are refused where they are written, with that place in the stack: not when the first run meets them.
import {
  attributesMax,
  attributeTypes,
  catchUpModes,
  isAttributeName,
  normalizeRetry,
  overlapModes,
  parseDuration,
} from "@sluice/protocol";
import { isService } from "./service.ts";
import { checkFlow } from "./flow.ts";
import { refuse } from "./refusal.ts";
import { isStandardSchema } from "./standard-schema.ts";
import type { ManualTrigger, ScheduleTrigger, Trigger } from "./triggers.ts";
import { checkWebhookOptions } from "./webhook-checks.ts";
import type { WebhookTrigger } from "./webhook.ts";
import type { WorkflowOptions } from "./workflow.ts";

const triggerTypes = ["webhook", "schedule", "poll", "event", "file", "manual"] as const satisfies Trigger["type"][];
const methods: readonly string[] = ["POST", "PUT", "GET", "DELETE", "PATCH"] satisfies WebhookTrigger["method"][];

/** Throws `invalid_workflow`, `invalid_duration` or `invalid_retry` for options of a workflow that make no sense. */
export function checkWorkflow({ name, ...options }: WorkflowOptions): void {
  const { attributes, description, encrypt, input, triggers, services, timeout, retry, retention } = options;
  const of = `Workflow ${name}`;
  if (description !== undefined && typeof description !== "string") refuse(of, "description", "text");
  if (encrypt !== undefined && typeof encrypt !== "boolean") refuse(of, "encrypt", "true or false");
  if (input !== undefined && !isStandardSchema(input)) {
    refuse(of, "input", "a Standard Schema, such as one of zod 4, Valibot or ArkType");
  }
  if (triggers !== undefined && !(Array.isArray(triggers) && triggers.every(isTrigger))) {
    refuse(of, "triggers", "a list of what webhook(), schedule() and their like make");
  }
  if (services !== undefined && !(typeof services === "object" && Object.values(services).every(isService))) {
    refuse(
      of,
      "services",
      "such as { slack: slack.withConfig({ … }) }: services that defineService() made, configured",
    );
  }
  if (timeout !== undefined) parseDuration(timeout);
  if (retry !== undefined) {
    if (typeof retry !== "object" || retry === null) refuse(of, "retry", "a policy such as { attempts: 5 }");
    const { when, ...policy } = retry;
    if (when !== undefined && typeof when !== "function") refuse(of, "retry.when", "a function");
    normalizeRetry(policy);
  }
  if (attributes !== undefined) checkAttributes(of, attributes);
  checkFlow(of, options);
  if (retention === undefined) return;
  if (typeof retention !== "object" || retention === null)
    refuse(of, "retention", 'such as { age: "30 days", count: 100 }');
  if (retention.age !== undefined) parseDuration(retention.age);
  if (retention.count !== undefined && !isCount(retention.count))
    refuse(of, "retention.count", "a whole number from 0");
}

function checkAttributes(of: string, attributes: NonNullable<WorkflowOptions["attributes"]>): void {
  const declared = typeof attributes === "object" && attributes !== null ? Object.entries(attributes) : undefined;
  if (declared === undefined || declared.length > attributesMax)
    refuse(of, "attributes", `up to ${attributesMax} names with their types, such as { total: "number" }`);
  for (const [name, type] of declared) {
    if (!isAttributeName(name)) refuse(of, `attributes.${name}`, "named by letters, digits, '-' and '_', at most 64");
    if (!attributeTypes.includes(type)) refuse(of, `attributes.${name}`, `one of ${attributeTypes.join(", ")}`);
  }
}

/** Throws `invalid_workflow` for a webhook that could not be called. */
export function checkWebhook({ path, method, secret, options }: WebhookTrigger): void {
  if (typeof path !== "string" || path === "") refuse("A webhook", "path", 'text such as "/orders"');
  const of = `The webhook ${path}`;
  if (!methods.includes(method)) refuse(of, "method", `one of ${methods.join(", ")}`);
  if (secret !== undefined && (typeof secret !== "string" || secret === ""))
    refuse(of, "secret", "text that is not empty");
  checkWebhookOptions(of, options);
}

/** Times more often than this would be a loop. */
const intervalMsMin = 1_000;

export function checkInterval(everyMs: number, from: Date | string | undefined): void {
  const of = "An interval";
  if (everyMs < intervalMsMin || everyMs % 1_000 !== 0) refuse(of, "every", "a whole number of seconds, at least one");
  if (from !== undefined && Number.isNaN(new Date(from).getTime()))
    refuse(of, "from", "a time such as 2026-01-01T06:00Z");
}

export function checkManual({ name, options }: ManualTrigger): void {
  const of = "A manual trigger";
  if (typeof name !== "string" || name === "") refuse(of, "name", "text");
  for (const field of ["title", "description"] as const)
    if (options[field] !== undefined && typeof options[field] !== "string") refuse(of, field, "text");
  if (options.schema !== undefined && !isStandardSchema(options.schema)) refuse(of, "schema", "a Standard Schema");
  if (options.input !== undefined && typeof options.input !== "function") refuse(of, "input", "a function");
}

/** Throws `invalid_workflow` or `invalid_duration` for a schedule that makes no sense; its cron expression is the engine's to read. */
export function checkSchedule(schedule: ScheduleTrigger): void {
  if (typeof schedule.cron !== "string") refuse("A schedule", "expression", 'text such as "0 2 * * *"');
  const of = `The schedule ${schedule.cron}`;
  if (typeof schedule.timezone !== "string") refuse(of, "timezone", 'a name such as "Europe/Lisbon"');
  if (schedule.name !== undefined && typeof schedule.name !== "string") refuse(of, "name", "text");
  if (!catchUpModes.includes(schedule.catchUp)) refuse(of, "catchUp", `one of ${catchUpModes.join(", ")}`);
  if (!isCount(schedule.catchUpMax)) refuse(of, "catchUpMax", "a whole number from 0");
  if (!overlapModes.includes(schedule.overlap)) refuse(of, "overlap", `one of ${overlapModes.join(", ")}`);
  parseDuration(schedule.jitter);
}

function isTrigger(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    triggerTypes.includes(value.type as Trigger["type"])
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
