// Options that make no sense are refused where they are written, with that place in the stack: not when the first run meets them.
import {
  attributesMax,
  attributeTypes,
  catchUpModes,
  isAttributeName,
  normalizeRetry,
  overlapModes,
  parseDuration,
  SluiceError,
} from "@sluice/protocol";
import { isStandardSchema } from "./standard-schema.ts";
import type { ScheduleTrigger, WebhookTrigger } from "./triggers.ts";
import type { WorkflowOptions } from "./workflow.ts";

const methods: readonly string[] = ["POST", "PUT", "GET", "DELETE", "PATCH"] satisfies WebhookTrigger["method"][];

/** Throws `invalid_workflow`, `invalid_duration` or `invalid_retry` for options of a workflow that make no sense. */
export function checkWorkflow({ name, ...options }: WorkflowOptions): void {
  const { attributes, description, input, triggers, timeout, retry, retention } = options;
  const of = `Workflow ${name}`;
  if (description !== undefined && typeof description !== "string") refuse(of, "description", "text");
  if (input !== undefined && !isStandardSchema(input)) {
    refuse(of, "input", "a Standard Schema, such as one of zod 4, Valibot or ArkType");
  }
  if (triggers !== undefined && !(Array.isArray(triggers) && triggers.every(isTrigger))) {
    refuse(of, "triggers", "a list of what webhook() and schedule() make");
  }
  if (timeout !== undefined) parseDuration(timeout);
  if (retry !== undefined) {
    if (typeof retry !== "object" || retry === null) refuse(of, "retry", "a policy such as { attempts: 5 }");
    const { when, ...policy } = retry;
    if (when !== undefined && typeof when !== "function") refuse(of, "retry.when", "a function");
    normalizeRetry(policy);
  }
  if (attributes !== undefined) checkAttributes(of, attributes);
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
export function checkWebhook({ path, method, secret }: WebhookTrigger): void {
  if (typeof path !== "string" || path === "") refuse("A webhook", "path", 'text such as "/orders"');
  const of = `The webhook ${path}`;
  if (!methods.includes(method)) refuse(of, "method", `one of ${methods.join(", ")}`);
  if (secret !== undefined && (typeof secret !== "string" || secret === ""))
    refuse(of, "secret", "text that is not empty");
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
    (value.type === "webhook" || value.type === "schedule")
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function refuse(of: string, field: string, allowed: string): never {
  throw new SluiceError({
    code: "invalid_workflow",
    message: `${of}: ${field} makes no sense.`,
    hint: `The ${field} is ${allowed}.`,
  });
}
