// One request to a webhook, from whatever server it came: middleware, then schema, `validate`, headers and condition, then the
// run. The answers are those of cronflow's documentation.
import { parseDuration, SluiceError } from "@sluice/protocol";
import { keptHeaders, triggered, validateWithSchema } from "@sluice/sdk";
import type {
  FlowTriggerNote,
  FlowWebhookOptions,
  TriggerNote,
  FlowRequestContext,
  FlowRequest,
  FlowResponse,
} from "@sluice/sdk";
import type { Program } from "./program.ts";

export type WebhookTriggerNote = Extract<FlowTriggerNote, { readonly type: "webhook" }>;

export interface WebhookAnswer {
  readonly status: number;
  readonly body: unknown;
}

const retryDelayDefault = "100ms";

interface Handling {
  readonly program: Program;
  readonly workflowId: string;
  readonly options: FlowWebhookOptions;
}

/** A request that starts nothing, as the answer says. */
class Refusal extends Error {
  readonly answer: WebhookAnswer;
  constructor(message: string, answer: WebhookAnswer) {
    super(message);
    this.answer = answer;
  }
}

/** Answers a request. Never rejects: what goes wrong is the answer, and `onError` is told. */
export async function handleWebhook(
  program: Program,
  { workflowId, trigger }: { readonly workflowId: string; readonly trigger: WebhookTriggerNote },
  request: FlowRequest,
): Promise<WebhookAnswer> {
  const { options } = trigger;
  const handling = { program, workflowId, options };
  let ctx = contextOf(workflowId, request, options);
  try {
    const answered = await runMiddleware(options, request);
    if (answered !== undefined) return answered;
    ctx = { ...ctx, payload: await checked(handling, ctx) };
    if (options.condition !== undefined && !(await options.condition(request))) return conditionNotMet;
    const { runId, created } = await started(handling, ctx);
    await options.onSuccess?.(ctx, { runId, created });
    const message = created ? "Webhook processed successfully" : "Webhook was processed before";
    return { status: 200, body: { status: "success", message, workflow_triggered: created, run_id: runId, runId } };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return answerOf(error, await tellError(options, ctx, error));
  }
}

const conditionNotMet: WebhookAnswer = {
  status: 200,
  body: { status: "success", message: "Webhook condition not met", conditionMet: false, workflow_triggered: false },
};

function answerOf(error: Error, second: Error | undefined): WebhookAnswer {
  if (error instanceof Refusal && second === undefined) return error.answer;
  const { message } = second ?? error;
  return { status: 500, body: { status: "error", message, workflow_triggered: false } };
}

/** Tells whoever wants to know; what that throws is the answer instead. */
async function tellError(
  options: FlowWebhookOptions,
  ctx: FlowRequestContext,
  error: Error,
): Promise<Error | undefined> {
  try {
    await options.onError?.(ctx, error);
    return undefined;
  } catch (second) {
    return second instanceof Error ? second : new Error(String(second));
  }
}

function contextOf(workflowId: string, request: FlowRequest, options: FlowWebhookOptions): FlowRequestContext {
  const note = noteOf(request, options, request.headers);
  return {
    payload: request.body as unknown,
    trigger: { ...note, type: "webhook", headers: request.headers, rawBody: request.rawBody },
    request,
    workflowId,
  };
}

function noteOf(
  { query, path, rawBody }: FlowRequest,
  options: FlowWebhookOptions,
  headers: Readonly<Record<string, string>>,
): TriggerNote {
  return {
    type: "webhook",
    headers,
    query,
    path,
    ...(options.parseRawBody === true ? { rawBody } : {}),
    ...(options.trigger === undefined ? {} : { from: options.trigger }),
  };
}

/** Calls the middleware one after the other; the answer of the one that gave one. */
async function runMiddleware(
  { middleware = [] }: FlowWebhookOptions,
  request: FlowRequest,
): Promise<WebhookAnswer | undefined> {
  for (const call of middleware) {
    const response = new Answering();
    await new Promise<void>((resolve, reject) => {
      const next = (error?: unknown): void => (error === undefined ? resolve() : reject(asError(error)));
      response.whenGiven = resolve;
      // One that takes no `next` has let the request pass when it returns.
      const returned: unknown = call(request, response, next);
      Promise.resolve(returned).then(() => {
        if (call.length < 3 || returned instanceof Promise) resolve();
      }, reject);
    });
    if (response.answer !== undefined) return response.answer;
  }
  return undefined;
}

class Answering implements FlowResponse {
  answer: WebhookAnswer | undefined;
  whenGiven: () => void = () => undefined;
  #status = 200;

  status(code: number): FlowResponse {
    this.#status = code;
    return this;
  }

  json(body: unknown): FlowResponse {
    this.answer = { status: this.#status, body };
    this.whenGiven();
    return this;
  }

  send(body: unknown): FlowResponse {
    return this.json(body);
  }
}

/** The payload, once schema, `validate` and headers agree. */
async function checked({ options }: Handling, ctx: FlowRequestContext): Promise<unknown> {
  let payload: unknown = ctx.payload;
  if (options.schema !== undefined) {
    const outcome = await validateWithSchema(options.schema, payload);
    if (!outcome.ok) throw invalid(outcome.issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; "));
    payload = outcome.value;
  }
  const verdict = (await options.validate?.(payload, { ...ctx, payload })) ?? true;
  if (verdict !== true) throw invalid(typeof verdict === "string" ? verdict : "The payload was not accepted.");
  checkHeaders(options, ctx.request.headers);
  return payload;
}

function invalid(error: string): Refusal {
  const message = "Payload validation failed";
  return new Refusal(error, { status: 400, body: { status: "error", message, error, workflow_triggered: false } });
}

function checkHeaders({ headers: rules }: FlowWebhookOptions, headers: Readonly<Record<string, string>>): void {
  for (const [name, expected] of Object.entries(rules?.required ?? {})) {
    const actual = headers[name.toLowerCase()];
    if (actual === undefined || actual === "") throw wrongHeader(`Missing required header: ${name}`, rules?.required);
    if (expected !== "" && actual !== expected) throw wrongHeader(`Invalid header value for ${name}`, rules?.required);
  }
  const verdict = rules?.validate?.(headers) ?? true;
  if (verdict === true) return;
  throw wrongHeader(typeof verdict === "string" ? verdict : "Header validation failed", rules?.required);
}

function wrongHeader(error: string, required: Readonly<Record<string, string>> | undefined): Refusal {
  // Names alone: what a header has to be is often what proves who sends it.
  const rules = required === undefined ? {} : { required_headers: Object.keys(required) };
  return new Refusal(error, {
    status: 400,
    body: { status: "error", error, message: error, ...rules, workflow_triggered: false },
  });
}

interface StartedRun {
  readonly runId: string;
  readonly created: boolean;
}

async function started(handling: Handling, ctx: FlowRequestContext): Promise<StartedRun> {
  const { retry } = handling.options;
  const attempts = retry?.attempts ?? 1;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(handling, ctx);
    } catch (error) {
      if (attempt >= attempts) throw error;
      await new Promise((resolve) => void setTimeout(resolve, parseDuration(retry?.delay ?? retryDelayDefault)));
    }
  }
}

async function startOnce({ program, workflowId, options }: Handling, ctx: FlowRequestContext): Promise<StartedRun> {
  const { client } = await program.deployed();
  const key = options.idempotencyKey?.(ctx);
  try {
    const run = await client.start(
      workflowId,
      triggered(noteOf(ctx.request, options, keptHeaders(ctx.request.headers)), ctx.payload),
      key === undefined ? {} : { idempotencyKey: key },
    );
    return { runId: run.id, created: run.created };
  } catch (error) {
    // The same delivery with other headers: it is the key that tells what is the same.
    const run = error instanceof SluiceError && error.code === "idempotency_conflict" ? error.details : undefined;
    if (typeof run === "object" && run !== null && "run" in run) return { runId: String(run.run), created: false };
    throw error;
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
