// The context of a flow's functions. Every function gets copies: what it changes in its payload or in the output of another
// step is gone with it, as it would be after a replay.
import { decodeValue, encodeValue, SluiceError } from "@sluice/protocol";
import type { Context, StepContext } from "../context.ts";
import { NonRetryableError } from "../errors.ts";
import { servicesWithin } from "./flow-services.ts";
import type { FlowCall, FlowHost } from "./host.ts";
import type { ReadInput } from "./trigger-input.ts";
import type { CronflowContext, DefineOptions, FlowMeta, FlowState, Loose } from "./types.ts";

/** What has happened so far, as the functions of one flow (or of one item of a loop) see it. */
export interface FlowView {
  readonly outputs: Map<string, unknown>;
  last: unknown;
  token: string | undefined;
}

/** What a function is told besides. */
export interface CallNotes {
  readonly step: StepContext;
  readonly error?: Error | undefined;
  readonly token?: string | undefined;
  readonly named?: string | undefined;
  readonly result?: unknown;
  readonly status?: "completed" | "failed" | undefined;
}

/** Code of the error by which a function ends its run. */
export const cancelCode = "flow_cancelled";

export class FlowContexts {
  readonly #definition: DefineOptions;
  readonly #host: FlowHost;
  readonly #input: ReadInput;
  readonly #meta: FlowMeta;

  constructor(definition: DefineOptions, host: FlowHost, [ctx, input]: readonly [Context, ReadInput]) {
    this.#definition = definition;
    this.#host = host;
    this.#input = input;
    this.#meta = metaOf(definition, ctx);
  }

  make(view: FlowView, notes: CallNotes): CronflowContext {
    const { payload, trigger } = this.#input;
    const { id, services } = this.#definition;
    const meta = this.#meta;
    const { step, error, result } = notes;
    const host = this.#host;
    const once = onceEach();
    return {
      get payload(): Loose {
        return once("payload", () => copyOf(payload));
      },
      get steps(): Record<string, { readonly output: Loose }> {
        return once("steps", () => outputsOf(view.outputs)) as Record<string, { readonly output: Loose }>;
      },
      get last(): Loose {
        return once("last", () => copyOf(view.last));
      },
      run: { id: this.#meta.runId, runId: this.#meta.runId, workflowId: id },
      meta: this.#meta,
      get services(): Readonly<Record<string, Loose>> {
        return once("services", () => servicesWithin(services, step)) as Readonly<Record<string, Loose>>;
      },
      secrets: { get: (name) => this.#secret(name, step) },
      get state(): FlowState {
        return once("state", () => host.state(id, callOf(meta, notes))) as FlowState;
      },
      trigger,
      cancel: cancelRun,
      error,
      token: notes.token ?? view.token,
      idempotencyKey: step.idempotencyKey,
      attempt: step.attempt,
      get signal(): AbortSignal {
        return step.signal;
      },
      step_name: notes.named,
      get step_result(): Loose {
        return once("result", () => copyOf(result));
      },
      step_status: notes.status,
      step_error: error?.message,
    };
  }

  async #secret(name: string, step: StepContext): Promise<string> {
    const spec = this.#definition.secrets?.[name];
    if (spec !== undefined) return this.#host.secret(name, spec, step.secret);
    throw new SluiceError({
      code: "not_found",
      message: `Workflow ${this.#definition.id} has no secret ${JSON.stringify(name)}.`,
      hint: 'define({ secrets: { NAME: { env: "NAME" } } })',
    });
  }
}

function metaOf({ id, name, version, tags }: DefineOptions, { run, attempt }: Context): FlowMeta {
  const startTime = new Date(run.createdAt).toISOString();
  return { id, workflowId: id, name: name ?? id, version, tags: tags ?? [], runId: run.id, startTime, attempt };
}

/** The same for an attempt that a crash cut off and the one in its place, another for every other. */
function callOf({ runId, attempt }: FlowMeta, { step, named = "" }: CallNotes): FlowCall {
  return { run: runId, id: `${step.idempotencyKey} ${attempt} ${step.attempt} ${named}` };
}

function cancelRun(reason?: string | { readonly reason?: string }): never {
  const text = typeof reason === "object" ? reason.reason : reason;
  throw new NonRetryableError(text ?? "The workflow cancelled its run.", { code: cancelCode });
}

/** Remembers what each maker has made. */
function onceEach(): (key: string, make: () => unknown) => unknown {
  const made = new Map<string, unknown>();
  return (key, make) => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key);
  };
}

/** Outputs by name, each copied when it is looked at. */
function outputsOf(outputs: ReadonlyMap<string, unknown>): object {
  const steps: Record<string, object> = {};
  for (const [name, output] of outputs) {
    const once = onceEach();
    const step = Object.defineProperty({}, "output", {
      enumerable: true,
      get: () => once("output", () => copyOf(output)),
    });
    Object.defineProperty(steps, name, { value: step, enumerable: true, configurable: true, writable: true });
  }
  return steps;
}

/** The same value in other objects, as a replay would make it. */
function copyOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? decodeValue(encodeValue(value)) : value;
}
