// What starts a workflow besides a call: times, and people by a form of its own. Webhooks and what is watched have files of
// their own.
import { formatDuration, parseDuration } from "@sluice/protocol";
import type { CatchUp, Duration, Overlap } from "@sluice/protocol";
import { checkInterval, checkManual, checkSchedule } from "./definition-checks.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";
import type { EventTrigger, FileTrigger, PollTrigger } from "./watching.ts";
import type { WebhookTrigger } from "./webhook.ts";

export interface ScheduleTrigger {
  readonly type: "schedule";
  readonly cron: string;
  readonly timezone: string;
  readonly input: unknown;
  readonly catchUp: CatchUp;
  readonly catchUpMax: number;
  readonly overlap: Overlap;
  readonly jitter: Duration;
  readonly name: string | undefined;
}

export type Trigger = WebhookTrigger | ScheduleTrigger | PollTrigger | EventTrigger | FileTrigger | ManualTrigger;

export interface ScheduleOptions {
  /** Input of the runs it starts. */
  readonly input?: unknown;
  /** IANA name; UTC without one. */
  readonly timezone?: string;
  /** What to do about times missed while nothing was running. Default `skip`. */
  readonly catchUp?: CatchUp;
  /** Most missed times to catch up with `all`. Default 100. */
  readonly catchUpMax?: number;
  /** What to do when the run before has not ended. Default `allow`. */
  readonly overlap?: Overlap;
  /** Starts are spread over up to this long. */
  readonly jitter?: Duration;
  /** Tells several schedules of one workflow apart. */
  readonly name?: string;
}

/** Starts a run at each time of a cron expression (five fields, or six with seconds first). Throws `invalid_workflow`. */
export function schedule(cron: string, options: ScheduleOptions = {}): ScheduleTrigger {
  const trigger: ScheduleTrigger = {
    type: "schedule",
    cron,
    timezone: options.timezone ?? "UTC",
    input: options.input,
    catchUp: options.catchUp ?? "skip",
    catchUpMax: options.catchUpMax ?? 100,
    overlap: options.overlap ?? "allow",
    jitter: options.jitter ?? 0,
    name: options.name,
  };
  checkSchedule(trigger);
  return trigger;
}

export interface IntervalOptions extends Omit<ScheduleOptions, "timezone"> {
  /** An instant from which the times are counted, in both directions. Default: 1970-01-01T00:00:00Z. */
  readonly from?: Date | string;
}

/**
 * Starts a run every so often, at whole multiples of the interval: a schedule, with everything schedules can. At least a
 * second. Throws `invalid_workflow` or `invalid_duration`.
 */
export function interval(every: Duration, options: IntervalOptions = {}): ScheduleTrigger {
  const { from, ...rest } = options;
  const everyMs = parseDuration(every);
  checkInterval(everyMs, from);
  const anchor = from === undefined ? "" : ` from ${new Date(from).toISOString()}`;
  return schedule(`@every ${exactText(everyMs)}${anchor}`, rest);
}

/** Short words where they say all of it. */
function exactText(ms: number): string {
  const words = formatDuration(ms);
  return parseDuration(words) === ms ? words : `${ms / 1_000}s`;
}

export interface ManualOptions {
  /** Default `manual`. */
  readonly name?: string;
  readonly title?: string;
  readonly description?: string;
  /** Of what is filled in; the form is made from it. Without one the workflow's own input schema is. */
  readonly schema?: StandardSchemaV1;
  /** What the run gets of what was filled in. Default: that. */
  readonly input?: (values: unknown) => unknown;
}

export interface ManualTrigger {
  readonly type: "manual";
  readonly name: string;
  readonly options: ManualOptions;
}

/** A way to start it by hand, with a form of its own. Throws `invalid_workflow`. */
export function manual(options: ManualOptions = {}): ManualTrigger {
  const trigger: ManualTrigger = { type: "manual", name: options.name ?? "manual", options };
  checkManual(trigger);
  return trigger;
}
