// What a worker tells the engine about triggers: their data, and whether they have functions that a worker has to be asked.
import { encodeValue, parseDuration } from "@sluice/protocol";
import type {
  GenericSignature,
  TriggerDebounce,
  TriggerManifest,
  WebhookManifest,
  WebhookScheme,
} from "@sluice/protocol";
import { toJsonSchema } from "@sluice/sdk";
import type {
  DebounceOptions,
  EventTrigger,
  FileTrigger,
  ManualTrigger,
  PollTrigger,
  ScheduleTrigger,
  Trigger,
  WebhookTrigger,
} from "@sluice/sdk";

const toleranceMsDefault = 300_000;
const pollTimeoutMsDefault = 30_000;
const pollBackoffMsMaxDefault = 900_000;
const settleMsDefault = 500;
const headerPattern = /^:[^/]+$|^\*$/;

export function describeTrigger(trigger: Trigger): TriggerManifest {
  switch (trigger.type) {
    case "webhook":
      return describeWebhook(trigger);
    case "schedule":
      return describeSchedule(trigger);
    case "poll":
      return describePoll(trigger);
    case "event":
      return describeEvent(trigger);
    case "file":
      return describeFiles(trigger);
    default:
      return describeManual(trigger);
  }
}

/** A value under a key, or nothing where there is none. */
function given<K extends string, V>(key: K, value: V | undefined): { readonly [Key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [Key in K]: V });
}

function describeWebhook({ path, method, secret, secretRef, options }: WebhookTrigger): WebhookManifest {
  const { schema, condition, middleware, input, idempotencyKey, rateLimit, reply, headers } = options;
  const whole = path.startsWith("/") ? path : `/${path}`;
  const calls =
    schema !== undefined ||
    condition !== undefined ||
    (middleware?.length ?? 0) > 0 ||
    typeof input === "function" ||
    typeof idempotencyKey === "function";
  const rules = Object.entries(headers ?? {}).map(([name, rule]) => ({
    name: name.toLowerCase(),
    ...(rule === true ? {} : { values: typeof rule === "string" ? [rule] : rule }),
  }));
  const kind = typeof input === "string" ? input : hasParameters(whole) ? "request" : undefined;
  return {
    type: "webhook",
    path: whole,
    method,
    ...given("secret", secret),
    ...given("secretRef", secretRef),
    ...given("name", options.name),
    ...signing(options),
    ...(rules.length === 0 ? {} : { headers: rules }),
    ...(typeof idempotencyKey === "string" ? { keyHeader: idempotencyKey.toLowerCase() } : {}),
    ...given("input", kind),
    ...(typeof reply === "object" ? { wait: parseDuration(reply.wait) } : {}),
    ...(rateLimit === undefined ? {} : { rate: { count: rateLimit.count, per: parseDuration(rateLimit.per) } }),
    ...(calls ? { calls } : {}),
  };
}

function hasParameters(path: string): boolean {
  return path.split("/").some((segment) => headerPattern.test(segment));
}

function signing({ verify, tolerance }: WebhookTrigger["options"]): Partial<WebhookManifest> {
  const toleranceMs = tolerance === undefined ? toleranceMsDefault : parseDuration(tolerance);
  if (verify === undefined) return {};
  if (typeof verify === "string") return { scheme: verify satisfies WebhookScheme, tolerance: toleranceMs };
  const generic: GenericSignature = {
    header: verify.header.toLowerCase(),
    prefix: verify.prefix ?? "",
    encoding: verify.encoding ?? "hex",
    separator: verify.separator ?? ".",
    ...given("timestamp", verify.timestamp?.toLowerCase()),
  };
  return { scheme: "generic", generic, tolerance: toleranceMs };
}

function describeSchedule(trigger: ScheduleTrigger): TriggerManifest {
  return {
    type: "schedule",
    cron: trigger.cron,
    timezone: trigger.timezone,
    input: encodeValue(trigger.input),
    catchUp: trigger.catchUp,
    catchUpMax: trigger.catchUpMax,
    overlap: trigger.overlap,
    jitter: parseDuration(trigger.jitter),
    ...given("name", trigger.name),
  };
}

function describePoll({ name, options }: PollTrigger): TriggerManifest {
  const { every, timeout, backoffMax } = options;
  return {
    type: "poll",
    name,
    every: parseDuration(every),
    timeout: timeout === undefined ? pollTimeoutMsDefault : parseDuration(timeout),
    backoffMax: backoffMax === undefined ? pollBackoffMsMaxDefault : parseDuration(backoffMax),
  };
}

function describeEvent({ event, name, options, debounce }: EventTrigger): TriggerManifest {
  const { match, key, schema, condition, input } = options;
  return {
    type: "event",
    name,
    event,
    ...(match === undefined ? {} : { match: encodeValue(match) }),
    ...given("key", key),
    ...given("debounce", debounceOf(debounce)),
    ...(schema === undefined && condition === undefined && input === undefined ? {} : { calls: true }),
  };
}

function describeFiles({ pattern, name, options, debounce }: FileTrigger): TriggerManifest {
  const { folder = ".", changes = ["created", "changed"], settle, existing = false } = options;
  const settleMs = settle === undefined ? settleMsDefault : parseDuration(settle);
  return {
    type: "source",
    source: "file",
    name,
    config: encodeValue({ pattern, folder, changes, settleMs, existing }),
    ...given("debounce", debounceOf(debounce)),
  };
}

function describeManual({ name, options }: ManualTrigger): TriggerManifest {
  const { title, description, schema, input } = options;
  return {
    type: "manual",
    name,
    ...given("title", title),
    ...given("description", description),
    ...given("schema", schema === undefined ? undefined : toJsonSchema(schema)),
    ...(schema === undefined && input === undefined ? {} : { calls: true }),
  };
}

function debounceOf(debounce: DebounceOptions | undefined): TriggerDebounce | undefined {
  if (debounce === undefined) return undefined;
  return {
    wait: parseDuration(debounce.wait),
    ...given("max", debounce.maxWait === undefined ? undefined : parseDuration(debounce.maxWait)),
    ...given("key", debounce.key),
  };
}
