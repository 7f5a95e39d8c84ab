// What starts a workflow besides a call: webhooks and schedules.
import type { CatchUp, Duration, Overlap } from "@sluice/protocol";
import { checkSchedule, checkWebhook } from "./definition-checks.ts";

export interface WebhookTrigger {
  readonly type: "webhook";
  readonly path: string;
  readonly method: "POST" | "PUT" | "GET" | "DELETE" | "PATCH";
  readonly secret: string | undefined;
}

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

export type Trigger = WebhookTrigger | ScheduleTrigger;

export interface WebhookOptions {
  readonly method?: WebhookTrigger["method"];
  /** With it, requests need `X-Sluice-Signature: sha256=<hex HMAC of the body>`. */
  readonly secret?: string;
}

/** Starts a run for each request to `/hooks` + path; the body is the input. Throws `invalid_workflow`. */
export function webhook(path: string, options: WebhookOptions = {}): WebhookTrigger {
  const trigger: WebhookTrigger = { type: "webhook", path, method: options.method ?? "POST", secret: options.secret };
  checkWebhook(trigger);
  return trigger;
}

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
