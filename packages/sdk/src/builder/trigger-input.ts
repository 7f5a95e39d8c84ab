// What started a run travels in its input, beside the payload: headers and raw bodies of webhooks, the expression of a
// schedule, the name of an event. An input without it is the payload itself, whoever started the run.
import type { RunInfo } from "../context.ts";
import type { FlowTrigger } from "./types.ts";

/** How a run was started, as it is stored. */
export interface TriggerNote {
  readonly type: "webhook" | "schedule" | "interval" | "poll" | "event" | "manual";
  readonly headers?: Readonly<Record<string, string>>;
  readonly rawBody?: Uint8Array;
  readonly query?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** Expression of a schedule. */
  readonly cron?: string;
  /** Milliseconds since 1970 of an event. */
  readonly at?: number;
  /** Name of an event. */
  readonly event?: string;
  /** Steps that something else stands in for, as long as the process that said so lives. */
  readonly mocked?: readonly string[];
  /** The step of the flow to begin with (`trigger` of a webhook). */
  readonly from?: string;
}

export interface TriggeredInput {
  readonly $trigger: TriggerNote;
  readonly payload: unknown;
}

/** The input of a run that something else than a plain start has started. */
export function triggered($trigger: TriggerNote, payload: unknown): TriggeredInput {
  return { $trigger, payload };
}

export interface ReadInput {
  readonly payload: unknown;
  readonly trigger: FlowTrigger;
  readonly note: TriggerNote;
}

const manual: TriggerNote = { type: "manual" };

/** Takes the input of a run apart. */
export function readInput(input: unknown, run: Pick<RunInfo, "workflow" | "createdAt">): ReadInput {
  const note = isTriggered(input) ? input.$trigger : manual;
  const { type, rawBody, query, path } = note;
  const trigger: FlowTrigger = {
    type,
    headers: note.headers ?? {},
    ...(rawBody === undefined ? {} : { rawBody }),
    ...(query === undefined ? {} : { query }),
    ...(path === undefined ? {} : { path }),
  };
  return { payload: payloadOf(input, note, run), trigger, note };
}

function payloadOf(input: unknown, note: TriggerNote, run: Pick<RunInfo, "workflow" | "createdAt">): unknown {
  if (!isTriggered(input)) return input;
  if (note.type === "schedule") {
    return {
      trigger_type: "schedule",
      cron_expression: note.cron,
      scheduled_at: new Date(run.createdAt).toISOString(),
      workflow_id: run.workflow,
    };
  }
  if (note.type !== "event") return input.payload;
  const { payload } = input;
  const event = { name: note.event, payload, timestamp: note.at ?? run.createdAt };
  return typeof payload === "object" && payload !== null && !Array.isArray(payload) ? { event, ...payload } : { event };
}

function isTriggered(input: unknown): input is TriggeredInput {
  if (typeof input !== "object" || input === null || !("$trigger" in input) || !("payload" in input)) return false;
  const { $trigger } = input;
  return typeof $trigger === "object" && $trigger !== null && "type" in $trigger;
}
