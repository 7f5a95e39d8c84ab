// What starts the runs of a flow, as its builder notes it.
import { parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { StandardSchemaV1 } from "../standard-schema.ts";
import { schedule, webhook } from "../triggers.ts";
import type { Trigger } from "../triggers.ts";
import { refused } from "./flow.ts";
import { triggered } from "./trigger-input.ts";
import type { FlowTrigger, Loose } from "./types.ts";

/** A request on its way to a run, as middleware and conditions see it. */
export interface WebhookRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Path parameters. */
  readonly params: Readonly<Record<string, string>>;
  /** The parsed body. */
  readonly body: Loose;
  readonly rawBody: Uint8Array;
}

/** What the functions of a webhook are given. */
export interface WebhookContext {
  readonly payload: Loose;
  readonly trigger: FlowTrigger;
  readonly request: WebhookRequest;
  readonly workflowId: string;
}

export type WebhookMiddleware = (
  request: WebhookRequest,
  response: WebhookResponse,
  next: (error?: unknown) => void,
) => unknown;

/** The answer, for a middleware that gives one itself. */
export interface WebhookResponse {
  /** Sets the status of the answer; 200 without. */
  status(code: number): WebhookResponse;
  /** Answers with JSON. */
  json(body: unknown): WebhookResponse;
  /** The same as `json`. */
  send(body: unknown): WebhookResponse;
}

/** Takes a route of a framework to this handler, which understands the arguments of all of those named in `app`. */
export type RegisterRoute = (method: string, path: string, handler: (...args: Loose[]) => Promise<Loose>) => unknown;

export interface FlowWebhookOptions {
  /** Default `POST`. */
  readonly method?: "POST" | "GET" | "PUT" | "DELETE" | "PATCH";
  /** Any Standard Schema; the parsed value is the payload. */
  readonly schema?: StandardSchemaV1;
  /** False, or text that says what is wrong, refuses. */
  readonly validate?: (payload: Loose, ctx: WebhookContext) => boolean | string | Promise<boolean | string>;
  /** A second request with this key starts no second run. */
  readonly idempotencyKey?: (ctx: WebhookContext) => string | undefined;
  /** Keeps the body as it came in `ctx.trigger.rawBody`. */
  readonly parseRawBody?: boolean;
  readonly app?: "express" | "fastify" | "koa" | "hapi" | "nestjs" | "bun" | "nextjs";
  /** The application whose server takes the requests. */
  readonly appInstance?: Loose;
  readonly registerRoute?: RegisterRoute;
  readonly headers?: {
    /** Headers a request must have, and their values where these are not empty. */
    readonly required?: Readonly<Record<string, string>>;
    readonly validate?: (headers: Readonly<Record<string, string>>) => boolean | string;
  };
  /** Step of the flow that its runs begin with. */
  readonly trigger?: string;
  /** False starts nothing: 200 with `conditionMet: false`. */
  readonly condition?: (request: WebhookRequest) => boolean | Promise<boolean>;
  readonly middleware?: readonly WebhookMiddleware[];
  readonly onSuccess?: (ctx: WebhookContext, result: { readonly runId: string; readonly created: boolean }) => unknown;
  readonly onError?: (ctx: WebhookContext, error: Error) => unknown;
  /** Starts that fail are tried again, before the answer is 500. */
  readonly retry?: { readonly attempts?: number; readonly delay?: Duration };
}

export type PollFunction = (ctx: {
  readonly workflowId: string;
}) => Promise<readonly { readonly id: string; readonly payload: unknown }[]>;

export interface FlowScheduleOptions {
  /** IANA name; UTC without. */
  readonly timezone?: string;
  readonly catchUp?: "skip" | "one" | "all";
  readonly overlap?: "skip" | "queue" | "cancel" | "allow";
}

export type FlowTriggerNote =
  | { readonly type: "webhook"; readonly path: string; readonly options: FlowWebhookOptions }
  | { readonly type: "schedule"; readonly cron_expression: string; readonly options: FlowScheduleOptions }
  | { readonly type: "interval"; readonly interval: Duration }
  | { readonly type: "event"; readonly event: string; readonly schema: StandardSchemaV1 | undefined }
  | { readonly type: "poll"; readonly poll: PollFunction; readonly interval: Duration }
  | { readonly type: "manual" };

/** The method a webhook answers. */
export function methodOf({ options }: Extract<FlowTriggerNote, { readonly type: "webhook" }>): string {
  return options.method ?? "POST";
}

/** Refuses a trigger that could never fire. */
export function checkTrigger(trigger: FlowTriggerNote): void {
  switch (trigger.type) {
    case "webhook":
      if (typeof trigger.path !== "string" || !trigger.path.startsWith("/"))
        throw refused(`A webhook cannot have the path ${JSON.stringify(trigger.path)}.`, "It begins with /.");
      break;
    case "schedule":
      if (typeof trigger.cron_expression !== "string" || trigger.cron_expression.trim() === "")
        throw refused("A schedule has no expression.", 'onSchedule("0 2 * * *")');
      break;
    case "interval":
      if (parseDuration(trigger.interval) < 1) throw refused("An interval of nothing.", 'onInterval("15m")');
      break;
    case "event":
      if (typeof trigger.event !== "string" || trigger.event === "")
        throw refused("An event has no name.", 'onEvent("order.paid")');
      break;
    case "poll":
      if (typeof trigger.poll !== "function")
        throw refused("A poll has no function.", "onPoll(async () => [{ id, payload }])");
      parseDuration(trigger.interval);
      break;
    case "manual":
      break;
  }
}

/** Triggers the engine itself fires. A webhook that a framework takes, or whose functions would not be asked, is none of them. */
export function nativeTriggers(triggers: readonly FlowTriggerNote[]): Trigger[] {
  const native: Trigger[] = [];
  let schedules = 0;
  for (const trigger of triggers) {
    if (trigger.type === "schedule") {
      const { cron_expression: cron, options } = trigger;
      const name = `schedule-${++schedules}`;
      native.push(schedule(cron, { ...options, name, input: triggered({ type: "schedule", cron }, null) }));
    } else if (trigger.type === "webhook" && isPlain(trigger.options))
      native.push(webhook(trigger.path, { method: trigger.options.method ?? "POST" }));
  }
  return native;
}

/** True for a webhook that says nothing but its method: the server's own asks no more. */
function isPlain({ method: _method, app: _app, ...rest }: FlowWebhookOptions): boolean {
  return Object.values(rest).every((value) => value === undefined || value === null);
}

/** True for a webhook whose requests come by a server of the program. */
export function isTaken({ appInstance, registerRoute }: FlowWebhookOptions): boolean {
  return registerRoute !== undefined || (appInstance !== undefined && appInstance !== null);
}
