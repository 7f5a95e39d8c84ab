// What starts the runs of a flow, as its builder notes it.
import { parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { StandardSchemaV1 } from "../standard-schema.ts";
import { interval, schedule } from "../triggers.ts";
import type { Trigger } from "../triggers.ts";
import { onEvent, poll } from "../watching.ts";
import { webhook } from "../webhook.ts";
import type { WebhookRequest } from "../webhook.ts";
import { refused } from "./flow.ts";
import { triggered } from "./trigger-input.ts";
import type { FlowTrigger, Loose } from "./types.ts";

/** A request on its way to a run, as middleware and conditions see it. */
export interface FlowRequest {
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
export interface FlowRequestContext {
  readonly payload: Loose;
  readonly trigger: FlowTrigger;
  readonly request: FlowRequest;
  readonly workflowId: string;
}

export type FlowMiddleware = (request: FlowRequest, response: FlowResponse, next: (error?: unknown) => void) => unknown;

/** The answer, for a middleware that gives one itself. */
export interface FlowResponse {
  /** Sets the status of the answer; 200 without. */
  status(code: number): FlowResponse;
  /** Answers with JSON. */
  json(body: unknown): FlowResponse;
  /** The same as `json`. */
  send(body: unknown): FlowResponse;
}

/** Takes a route of a framework to this handler, which understands the arguments of all of those named in `app`. */
export type RegisterRoute = (method: string, path: string, handler: (...args: Loose[]) => Promise<Loose>) => unknown;

export interface FlowWebhookOptions {
  /** Default `POST`. */
  readonly method?: "POST" | "GET" | "PUT" | "DELETE" | "PATCH";
  /** Any Standard Schema; the parsed value is the payload. */
  readonly schema?: StandardSchemaV1;
  /** False, or text that says what is wrong, refuses. */
  readonly validate?: (payload: Loose, ctx: FlowRequestContext) => boolean | string | Promise<boolean | string>;
  /** A second request with this key starts no second run. */
  readonly idempotencyKey?: (ctx: FlowRequestContext) => string | undefined;
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
  readonly condition?: (request: FlowRequest) => boolean | Promise<boolean>;
  readonly middleware?: readonly FlowMiddleware[];
  readonly onSuccess?: (
    ctx: FlowRequestContext,
    result: { readonly runId: string; readonly created: boolean },
  ) => unknown;
  readonly onError?: (ctx: FlowRequestContext, error: Error) => unknown;
  /** Starts that fail are tried again, before the answer is 500. */
  readonly retry?: { readonly attempts?: number; readonly delay?: Duration };
}

/** Something that was found: each id starts one run, which gets the payload. */
interface PolledItem {
  readonly id: string;
  readonly payload: unknown;
}

export type PollFunction = (ctx: {
  readonly workflowId: string;
}) => readonly PolledItem[] | Promise<readonly PolledItem[]>;

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
export function methodOf({
  options,
}: Extract<FlowTriggerNote, { readonly type: "webhook" }>): NonNullable<FlowWebhookOptions["method"]> {
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
export function nativeTriggers(workflowId: string, triggers: readonly FlowTriggerNote[]): Trigger[] {
  const counts = new Map<string, number>();
  return triggers.flatMap((trigger) => {
    const count = (counts.get(trigger.type) ?? 0) + 1;
    counts.set(trigger.type, count);
    return nativeTrigger(workflowId, trigger, `${trigger.type}-${count}`);
  });
}

function nativeTrigger(workflowId: string, trigger: FlowTriggerNote, name: string): Trigger[] {
  switch (trigger.type) {
    case "schedule": {
      const { cron_expression: cron, options } = trigger;
      return [schedule(cron, { ...options, name, input: triggered({ type: "schedule", cron }, null) })];
    }
    case "interval":
      return [interval(trigger.interval, { name, input: triggered({ type: "interval" }, null) })];
    case "poll": {
      const fetch = async (): Promise<readonly PolledItem[]> => trigger.poll({ workflowId });
      const input = (item: { readonly payload: unknown }): unknown => triggered({ type: "poll" }, item.payload);
      return [poll(name, { every: trigger.interval, fetch, id: ({ id }) => id, input })];
    }
    case "event": {
      const { event, schema } = trigger;
      const input = (payload: unknown): unknown => triggered({ type: "event", event }, payload);
      return [onEvent(event, { name, input, ...(schema === undefined ? {} : { schema }) })];
    }
    case "webhook":
      return isPlain(trigger.options) ? [webhook(trigger.path, { method: methodOf(trigger), input: flowInput })] : [];
    default:
      return [];
  }
}

/** Header fields that are no one else's business are left out before a request becomes an input. */
const unkeptHeaders: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** The headers of a request that are kept with the run. */
export function keptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !unkeptHeaders.has(name.toLowerCase())));
}

/** What a run is given of a request to the server's own webhook. */
function flowInput({ path, headers, query, body }: WebhookRequest): unknown {
  const flat = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return triggered({ type: "webhook", headers: keptHeaders(headers), path, query: flat }, body);
}

/** True for a webhook that says nothing but its method: the server's own asks no more. */
function isPlain({ method: _method, app: _app, ...rest }: FlowWebhookOptions): boolean {
  return Object.values(rest).every((value) => value === undefined || value === null);
}

/** True for a webhook whose requests come by a server of the program. */
export function isTaken({ appInstance, registerRoute }: FlowWebhookOptions): boolean {
  return registerRoute !== undefined || (appInstance !== undefined && appInstance !== null);
}
