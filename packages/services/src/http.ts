// HTTP: requests whose failures are worth another attempt are tried again, and all others fail at once.
import { action, defineService, NonRetryableError, RetryAfterError } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import { z } from "zod";

/** Largest reply that is taken, unless the configuration says otherwise. */
const replyBytesMax = 8 * 1024 * 1024;
/** Of a reply that is an error, so much stands in the error's message. */
const shownCharsMax = 300;
/** Statuses after which another attempt may succeed. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);
const redirecting = new Set([301, 302, 303, 307, 308]);
/** As many as browsers follow. */
const redirectsMax = 20;
const ofBodies = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];
const credentials = ["authorization", "cookie", "proxy-authorization"];

const config = z
  .object({
    /** What relative URLs are relative to. */
    baseUrl: z.url().optional(),
    /** Sent with every request, but to the server of `baseUrl` alone where there is one. */
    headers: z.record(z.string(), z.string()).default({}),
    replyBytesMax: z.int().positive().default(replyBytesMax),
    /** Name of the header that carries the idempotency key of the step; "" for none. */
    idempotencyHeader: z.string().default("idempotency-key"),
  })
  .prefault({});
type Config = z.output<typeof config>;

/** `shown`: what failures call the server where its URL is a secret. */
type Settings = Config & { readonly shown?: string };

const request = z.object({
  url: z.string().min(1),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  headers: z.record(z.string(), z.string()).default({}),
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Sent as JSON. */
  json: z.unknown().optional(),
  /** Sent as it is. */
  body: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  /** Statuses that are no failure; those from 200 to 299 without. */
  accept: z.array(z.int()).optional(),
});

/** One request. */
export type HttpCall = z.input<typeof request>;

/** What came back: `json` where the reply says that it is JSON, `text` otherwise. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly json?: unknown;
}

/**
 * Requests over HTTP. A failed connection and the statuses 408, 425, 429 and 500 to 504 are worth another attempt (`Retry-After`
 * is kept to); others fail the step at once. The step's idempotency key goes along as a header.
 */
export const http = defineService({
  id: "http",
  name: "HTTP",
  version: "1.0.0",
  config,
  retry: { attempts: 4, delay: "500ms", maxDelay: "30s", jitter: 0.3 },
  timeout: "30s",
  setup: ({ config: settings }) => {
    const send = async (call: z.output<typeof request>, step: StepContext): Promise<HttpReply> =>
      exchange(settings, call, step);
    const verb = (method: HttpCall["method"]) =>
      action({
        input: request.omit({ method: true }),
        run: (call, step) => send({ ...call, json: call.json, method: method ?? "GET" }, step),
      });
    return {
      request: action({ input: request, run: (call, step) => send({ ...call, json: call.json }, step) }),
      get: verb("GET"),
      post: verb("POST"),
      put: verb("PUT"),
      patch: verb("PATCH"),
      delete: verb("DELETE"),
    };
  },
});

/** Sends one request. Throws `RetryAfterError`, `NonRetryableError`, or what the connection failed with. */
export async function exchange(
  settings: Settings,
  call: z.output<typeof request>,
  step: Pick<StepContext, "signal" | "idempotencyKey" | "traceparent">,
): Promise<HttpReply> {
  const url = urlOf(settings, call);
  // Keys of one server are for no other, wherever a URL that came with some input leads.
  const isOwn = settings.baseUrl === undefined || new URL(settings.baseUrl).origin === url.origin;
  const headers = new Headers({ ...(isOwn ? settings.headers : {}), ...call.headers });
  if (call.json !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  const { idempotencyHeader: name } = settings;
  if (name !== "" && call.method !== "GET" && !headers.has(name)) headers.set(name, step.idempotencyKey);
  if (step.traceparent !== undefined && !headers.has("traceparent")) headers.set("traceparent", step.traceparent);
  const body = call.json === undefined ? call.body : JSON.stringify(call.json);
  const what = settings.shown ?? `${call.method} ${url.origin}${url.pathname}`;
  const response = await followed(
    { url, method: call.method, headers, body, signal: step.signal },
    { what, accept: call.accept ?? [], configured: Object.keys(settings.headers) },
  );
  const text = await readText(response, settings.replyBytesMax);
  const accepted = call.accept === undefined ? response.ok : call.accept.includes(response.status);
  if (!accepted) throw refusal(response, { text, what });
  const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
  const shown = { status: response.status, headers: Object.fromEntries(response.headers) };
  if (!isJson || text === "") return { ...shown, text };
  try {
    return { ...shown, json: JSON.parse(text) as unknown };
  } catch (error) {
    throw new NonRetryableError(`${what} answered with JSON that is none.`, { cause: error });
  }
}

interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/**
 * Follows redirections as the Fetch standard does (section 4.4), except that what the configuration sends along does not go to
 * another server either.
 */
async function followed(
  first: Sent,
  p: { readonly what: string; readonly accept: readonly number[]; readonly configured: readonly string[] },
): Promise<Response> {
  let sent = first;
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    const { url, method, headers, body, signal } = sent;
    const response = await fetch(url, {
      method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> | string }),
    });
    const { status } = response;
    const location = response.headers.get("location");
    if (!redirecting.has(status) || location === null || p.accept.includes(status)) return response;
    await response.body?.cancel();
    sent = redirected(sent, { status, to: checkedUrl(location, url), configured: p.configured });
  }
  throw new NonRetryableError(`${p.what} led through more than ${redirectsMax} redirections.`);
}

function redirected(
  sent: Sent,
  p: { readonly status: number; readonly to: URL; readonly configured: readonly string[] },
): Sent {
  const { method, url } = sent;
  const headers = new Headers(sent.headers);
  const turns = p.status === 303 ? method !== "GET" && method !== "HEAD" : p.status < 303 && method === "POST";
  if (turns) for (const name of ofBodies) headers.delete(name);
  if (p.to.origin !== url.origin) for (const name of [...p.configured, ...credentials]) headers.delete(name);
  return { ...sent, url: p.to, headers, ...(turns ? { method: "GET", body: undefined } : {}) };
}

function urlOf({ baseUrl }: Config, { url, query }: z.output<typeof request>): URL {
  const whole = checkedUrl(url, baseUrl);
  for (const [name, value] of Object.entries(query)) whole.searchParams.append(name, String(value));
  return whole;
}

/** A URL of HTTP: `fetch` reads files too. */
function checkedUrl(text: string, base: string | URL | undefined): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch (error) {
    throw new NonRetryableError(`${JSON.stringify(text)} is no URL.`, { cause: error, code: "invalid_input" });
  }
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new NonRetryableError(`A URL of ${url.protocol} is not one of HTTP.`, { code: "invalid_input" });
}

/** The body of a reply that has none. */
const nothing: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

async function readText(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream: AsyncIterable<Uint8Array> = response.body ?? nothing;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new NonRetryableError(`The reply has more than ${bytesMax} bytes (replyBytesMax).`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refusal(response: Response, { text, what }: { readonly text: string; readonly what: string }): Error {
  const details = text === "" ? "" : `: ${text.slice(0, shownCharsMax)}`;
  const message = `${what} answered with ${response.status}${details}`;
  if (!passing.has(response.status)) return new NonRetryableError(message, { code: `http_${response.status}` });
  const afterMs = retryAfterMs(response.headers.get("retry-after"));
  if (afterMs !== undefined) return new RetryAfterError(afterMs, { message });
  return Object.assign(new Error(message), { code: `http_${response.status}` });
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
