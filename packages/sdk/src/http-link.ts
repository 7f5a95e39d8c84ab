// One server reached over HTTP: encodes requests, tells failures of the server from failures of the way, and tries again
// where that cannot do harm.
import { decodeValue, encodeValue, errorCodes, httpStatusOf, SluiceError } from "@sluice/protocol";
import type { ErrorCode } from "@sluice/protocol";
import { valueMediaType } from "@sluice/protocol/http";

/** The part of `fetch` that is used; every runtime has it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface LinkOptions {
  /** Of the server, with or without a path in front of `/api`. */
  readonly url: string;
  readonly token: string | undefined;
  readonly fetch: Fetch;
  /** Longest time for one request, its waiting on the server aside. */
  readonly timeoutMs: number;
  /** How long a request that may be repeated is repeated while the server cannot be reached. */
  readonly reconnectMs: number;
}

export interface LinkRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Segments behind `/api/v1`; they are encoded here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** An object whose values are encoded already, or the bytes of one value. */
  readonly body?: Readonly<Record<string, unknown>> | Uint8Array;
  /** In place of `body`: plain data that is no value of a workflow. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Repeating it changes nothing. */
  readonly repeatable: boolean;
  /** Time the server may take on purpose. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const firstDelayMs = 50;
const delayMsMax = 1_000;
/** Answers of what stands between, or of a server that starts or stops. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class HttpLink {
  readonly #options: LinkOptions;
  readonly #base: string;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#base = baseOf(options.url);
  }

  /** The answer's body, decoded; values in it are bytes. Throws `SluiceError`. */
  async send(request: LinkRequest): Promise<Record<string, unknown>> {
    const call = this.#prepare(request, valueMediaType);
    return this.#repeat(request, async (signal) => {
      const response = await call(signal);
      if (response.status === 204) return {};
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (response.ok) return decodeBody(response, bytes);
      throw failureOf(response, bytes);
    });
  }

  /** A response whose body is a stream of events. The time limit is for its beginning only. */
  async stream(request: LinkRequest): Promise<ReadableStream<Uint8Array>> {
    const call = this.#prepare(request, "text/event-stream");
    return this.#repeat(request, async (signal) => {
      const response = await call(signal);
      if (!response.ok) throw failureOf(response, new Uint8Array(await response.arrayBuffer()));
      if (response.body === null) throw new LostConnection("The answer has no body.");
      return response.body;
    });
  }

  /** Encodes a request once; what cannot be encoded is refused before anything is sent. */
  #prepare(
    { method, path, query, body, json, headers }: LinkRequest,
    accept: string,
  ): (signal: AbortSignal) => Promise<Response> {
    const { token, fetch } = this.#options;
    const sent: Record<string, string> = { accept, ...headers };
    if (token !== undefined) sent["authorization"] = `Bearer ${token}`;
    if (body !== undefined) sent["content-type"] = valueMediaType;
    if (json !== undefined) sent["content-type"] = "application/json";
    const plain = json === undefined ? undefined : new TextEncoder().encode(JSON.stringify(json));
    const bytes = plain ?? (body === undefined || body instanceof Uint8Array ? body : encodeValue(body));
    const url = this.#base + path.map(encodeURIComponent).join("/") + queryText(query);
    const init = { method, headers: sent, ...(bytes === undefined ? {} : { body: bytes as Uint8Array<ArrayBuffer> }) };
    return async (signal) => fetch(url, { ...init, signal });
  }

  async #repeat<T>(request: LinkRequest, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { timeoutMs, reconnectMs } = this.#options;
    let failingSince: number | undefined;
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMsMax, delayMs * 2)) {
      const limit = new TimeLimit(timeoutMs + (request.waitMs ?? 0), request.signal);
      try {
        return await body(limit.signal);
      } catch (error) {
        if (request.signal?.aborted === true) throw abortReason(request.signal);
        if (!isPassing(error)) throw error;
        const now = performance.now();
        failingSince ??= now;
        if (!request.repeatable || now - failingSince >= reconnectMs) throw this.#unreachable(error);
      } finally {
        limit.clear();
      }
      await pause(delayMs, request.signal);
    }
  }

  #unreachable(error: unknown): Error {
    if (error instanceof SluiceError) return error;
    const why = error instanceof Error ? error.message : String(error);
    return new SluiceError(
      {
        code: "unavailable",
        message: `The server at ${this.#options.url} cannot be reached: ${why}`,
        hint: "Is `sluice up` running there? Whether a request that was under way was carried out is not known.",
      },
      { cause: error },
    );
  }
}

/** Something answers that is not the server, and will go on doing so. */
class ForeignAnswer extends SluiceError {}

/** The connection broke, or the answer is not one of this server. */
class LostConnection extends Error {}

function baseOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new SluiceError({
      code: "invalid_config",
      message: `${JSON.stringify(url)} is not a URL.`,
      hint: 'Pass the address of a server, such as "http://127.0.0.1:7890".',
    });
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}/api/v1/`;
}

function queryText(query: LinkRequest["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function decodeBody(response: Response, bytes: Uint8Array): Record<string, unknown> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith(valueMediaType)) return decodeValue(bytes) as Record<string, unknown>;
  if (type.startsWith("application/json"))
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  throw new LostConnection(`something answered with ${type === "" ? "a body of no type" : type}`);
}

/** The server's own error, or a lost connection when something else has answered. */
function failureOf(response: Response, bytes: Uint8Array): Error {
  let error: unknown;
  try {
    ({ error } = JSON.parse(new TextDecoder().decode(bytes)) as { error?: unknown });
  } catch {
    error = undefined;
  }
  const { code, message, hint, details } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof code === "string" && code in errorCodes && typeof message === "string") {
    return new SluiceError({
      code: code as ErrorCode,
      message,
      ...(typeof hint === "string" ? { hint } : {}),
      ...(details === undefined ? {} : { details }),
    });
  }
  const text = `something answered with status ${response.status}`;
  if (passing.has(response.status)) return new LostConnection(text);
  return new ForeignAnswer({
    code: "unavailable",
    message: `At this URL ${text}.`,
    hint: "Is it the address of a Sluice server?",
  });
}

/** What may be over in a moment: no connection, a time limit, a server that is not ready. */
function isPassing(error: unknown): boolean {
  if (error instanceof ForeignAnswer) return false;
  return error instanceof SluiceError ? passing.has(httpStatusOf(error.code)) : true;
}

/** A signal that is aborted after a while, or with another one. */
class TimeLimit {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`no answer within ${ms} ms`)), ms);
    if (outer?.aborted === true) this.#abort();
    outer?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted");
}

/** Waits; rejects when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      if (signal !== undefined) reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
  });
}
