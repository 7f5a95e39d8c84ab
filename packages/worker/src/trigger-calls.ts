// Calls the functions and schemas of triggers: user code, which runs here and nowhere else.
import { decodeValue, encodeError, encodeValue, SluiceError } from "@sluice/protocol";
import type {
  HookAnswer,
  HookRequest,
  InvokedMessage,
  InvokeMessage,
  PollFound,
  TriggerVerdict,
} from "@sluice/protocol";
import { validateWithSchema } from "@sluice/sdk";
import type { EventTrigger, ManualTrigger, PollTrigger, StandardSchemaV1, Trigger, WebhookTrigger } from "@sluice/sdk";
import type { StepRecorder } from "./calls.ts";
import type { WorkerClock } from "./clock.ts";

/** Items of one poll; with more, the function says `more: true`. */
const pollItemsMax = 1_000;
const idCharsMax = 512;

type Answer = Pick<InvokedMessage, "verdict" | "found" | "error">;

interface Call {
  readonly message: InvokeMessage;
  /** Undefined where this version of the code has no such trigger. */
  readonly trigger: Trigger | undefined;
  readonly clock: WorkerClock;
  readonly recorder: StepRecorder | undefined;
}

/** What the trigger's functions say. Never rejects: what they throw is the answer's error. */
export async function invokeTrigger({ message, trigger, clock, recorder }: Call): Promise<Answer> {
  const slot = recorder?.begin(`trigger of ${message.workflow}`, String(message.trigger));
  const stop = new AbortController();
  let cancel: (() => void) | undefined;
  const late = new Promise<Answer>((resolve) => {
    cancel = clock.after(message.ms, () => {
      const error = new SluiceError({
        code: "timeout",
        message: `The trigger's function did not answer within ${message.ms} ms.`,
        hint: "Give it a longer timeout, or let it do less.",
      });
      stop.abort(error);
      resolve({ error: encodeError(error) });
    });
  });
  try {
    return await Promise.race([answerOf(trigger, decodeValue(message.value), stop.signal), late]);
  } catch (error) {
    return { error: encodeError(error) };
  } finally {
    cancel?.();
    if (slot !== undefined) recorder?.end(slot);
  }
}

async function answerOf(trigger: Trigger | undefined, value: unknown, signal: AbortSignal): Promise<Answer> {
  switch (trigger?.type) {
    case "webhook":
      return { verdict: await hook(trigger, value as HookRequest) };
    case "poll":
      return { found: await pollOnce(trigger, (value as { readonly cursor?: unknown }).cursor, signal) };
    case "event":
      return { verdict: await event(trigger, value) };
    case "manual":
      return { verdict: await byHand(trigger, value) };
    default:
      throw new SluiceError({ code: "trigger_not_found", message: "This version of the code has no such trigger." });
  }
}

async function hook({ options }: WebhookTrigger, sent: HookRequest): Promise<TriggerVerdict> {
  const { middleware = [], schema, condition, idempotencyKey, input } = options;
  let request = sent;
  for (const each of middleware) {
    const said = await each(request);
    if (said === undefined) continue;
    if (typeof said !== "object" || said === null)
      throw new TypeError("a middleware returns nothing, a request, or an answer with a status");
    if ("status" in said) return { verdict: "answer", answer: checkedAnswer(said) };
    request = said;
  }
  if (schema !== undefined) {
    const checked = await validateWithSchema(schema, request.body);
    if (!checked.ok) return { verdict: "invalid", issues: checked.issues };
    request = { ...request, body: checked.value };
  }
  if (condition !== undefined && !(await condition(request)))
    return { verdict: "ignore", reason: "its condition does not hold" };
  const key = typeof idempotencyKey === "function" ? await idempotencyKey(request) : undefined;
  return { verdict: "start", input: encodeValue(await inputOf(input, request)), ...(key === undefined ? {} : { key }) };
}

async function inputOf(input: WebhookTrigger["options"]["input"], request: HookRequest): Promise<unknown> {
  if (typeof input === "function") return input(request);
  if (input === "raw") return request.rawBody;
  const asked = input === undefined && Object.keys(request.params).length > 0 ? "request" : input;
  return asked === "request" ? request : request.body;
}

function checkedAnswer(said: HookAnswer): HookAnswer {
  const { status, headers, body } = said;
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`a middleware answers with a status from 200 to 599, not ${String(status)}`);
  // Encoded here, so that what cannot travel is the function's failure.
  return { status, ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { body }) };
}

async function parsed(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
): Promise<{ value: unknown } | TriggerVerdict> {
  if (schema === undefined) return { value };
  const result = await validateWithSchema(schema, value);
  return result.ok ? { value: result.value } : { verdict: "invalid", issues: result.issues };
}

async function event({ options }: EventTrigger, payload: unknown): Promise<TriggerVerdict> {
  const { schema, condition, input } = options;
  const read = await parsed(schema, payload);
  if ("verdict" in read) return read;
  const { value } = read;
  if (condition !== undefined && !(await condition(value)))
    return { verdict: "ignore", reason: "its condition does not hold" };
  return { verdict: "start", input: encodeValue(input === undefined ? value : await input(value)) };
}

async function byHand({ options }: ManualTrigger, values: unknown): Promise<TriggerVerdict> {
  const read = await parsed(options.schema, values);
  if ("verdict" in read) return read;
  const { input } = options;
  return { verdict: "start", input: encodeValue(input === undefined ? read.value : await input(read.value)) };
}

async function pollOnce({ name, options }: PollTrigger, cursor: unknown, signal: AbortSignal): Promise<PollFound> {
  const returned = await options.fetch({ cursor, signal });
  const found = Array.isArray(returned) ? { items: returned as readonly unknown[] } : (returned as PollShape);
  if (!Array.isArray(found?.items))
    throw new TypeError(`the poll ${name} returned neither items nor { items, cursor }`);
  if (found.items.length > pollItemsMax) {
    throw new TypeError(
      `the poll ${name} returned ${found.items.length} items; at most ${pollItemsMax} (pollItemsMax)`,
    );
  }
  const items = found.items.map((item) => ({
    id: idOf(name, options, item),
    input: encodeValue(options.input === undefined ? item : options.input(item)),
  }));
  // A list alone has no cursor: the one before stays.
  const moved = "cursor" in found ? found.cursor : cursor;
  return {
    items,
    ...(moved === undefined ? {} : { cursor: encodeValue(moved) }),
    ...(found.more === true ? { more: true } : {}),
  };
}

interface PollShape {
  readonly items: readonly unknown[];
  readonly cursor?: unknown;
  readonly more?: boolean;
}

function idOf(name: string, options: PollTrigger["options"], item: unknown): string {
  const id: unknown = options.id === undefined ? (item as { readonly id?: unknown } | null)?.id : options.id(item);
  const text = typeof id === "string" || typeof id === "number" || typeof id === "bigint" ? String(id) : "";
  if (text === "" || text.length > idCharsMax)
    throw new TypeError(`an item of the poll ${name} has no id (text or number of 1 to ${idCharsMax} characters)`);
  return text;
}
