// Speaks to one cluster over HTTPS: every request has a deadline, every failure a code, and what the server had no time for is
// asked again. Source of the API's rules: the Kubernetes API reference (API concepts, server-side apply).
import type { WireError } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { ClusterLimits } from "../limits.ts";
import type { Files, HttpTransport, ProcessRunner, TransportAnswer, TransportRequest } from "../ports.ts";
import { Credentials } from "./credentials.ts";
import type { ClusterAccess } from "./kubeconfig.ts";
import { refusalOf, timedOut, unreachable } from "./refusals.ts";

export interface ClientOptions {
  readonly access: ClusterAccess;
  readonly transport: HttpTransport;
  readonly files: Files;
  readonly processes: ProcessRunner;
  readonly clock: Clock;
  readonly limits: ClusterLimits;
}

export interface Asked {
  readonly method?: TransportRequest["method"];
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What came back, and with it the clock of the cluster. */
export interface Answered {
  readonly body: unknown;
  readonly status: number;
}

/** One cluster. Nothing is sent before it is asked to. */
export class ClusterClient {
  readonly access: ClusterAccess;
  readonly limits: ClusterLimits;
  readonly clock: Clock;
  readonly #transport: HttpTransport;
  readonly #credentials: Credentials;
  /** The cluster's clock minus ours in milliseconds, as of its last answer; undefined before that. */
  clockSkewMs: number | undefined;

  constructor(options: ClientOptions) {
    const { access, files, processes, clock, limits } = options;
    this.access = access;
    this.limits = limits;
    this.clock = clock;
    this.#transport = options.transport;
    this.#credentials = new Credentials({ access, files, processes, clock, timeoutMs: limits.credentialsTimeoutMs });
  }

  /** Asks for JSON. A refusal of the cluster is a failure. */
  async json(asked: Asked): Promise<Result<Answered>> {
    return this.#answered(asked, async (answer) => {
      const text = await answer.text();
      if (text.length > this.limits.answerBytesMax) return fail(tooLarge(text.length, this.limits.answerBytesMax));
      return ok({ body: parsed(text), status: answer.status });
    });
  }

  /** Asks for text, such as a log. */
  async text(asked: Asked): Promise<Result<string>> {
    return this.#answered(asked, async (answer) => ok(await answer.text()));
  }

  /** Lines of an answer that does not end by itself. Ends with `signal`, or with the answer. */
  async lines(asked: Asked & { readonly signal: AbortSignal }, take: (line: string) => void): Promise<Result<null>> {
    return this.#answered({ ...asked, timeoutMs: 0 }, async (answer) => {
      const decoder = new TextDecoder();
      let rest = "";
      const chunks = answer.chunks()[Symbol.asyncIterator]();
      for (;;) {
        const next = await unlessAborted(chunks.next(), asked.signal);
        if (next.done === true) break;
        rest += decoder.decode(next.value, { stream: true });
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") take(line);
        if (rest.length > this.limits.answerBytesMax) return fail(tooLarge(rest.length, this.limits.answerBytesMax));
      }
      return ok(null);
    });
  }

  /** Sends until it is answered, refused for good, or its attempts are used up. */
  async #answered<T>(asked: Asked, read: (answer: TransportAnswer) => Promise<Result<T>>): Promise<Result<T>> {
    const { retriesMax, retryDelayMs, retryDelayMsMax } = this.limits;
    let signedAnew = false;
    for (let attempt = 0; ; attempt++) {
      const sent = await this.#once(asked, read);
      if (sent.kind === "value") return sent.result;
      if (sent.status === 401 && !signedAnew && this.#credentials.refused()) {
        signedAnew = true;
        continue;
      }
      // 429 is said before anything is done; a 503 of what only reads can be asked again too.
      const again = sent.status === 429 || (sent.status === 503 && (asked.method ?? "GET") === "GET");
      if (!again || attempt >= retriesMax) return fail(sent.error);
      const delayMs = Math.min(retryDelayMsMax, sent.retryAfterMs ?? retryDelayMs * 2 ** attempt);
      if (!(await this.pause(delayMs, asked.signal))) return fail(sent.error);
    }
  }

  async #once<T>(asked: Asked, read: (answer: TransportAnswer) => Promise<Result<T>>): Promise<Sent<T>> {
    const signing = await this.#credentials.signing();
    if (!signing.ok) return { kind: "value", result: signing };
    const { headers, cert, key } = signing.value;
    const { endpoint } = this.access;
    const timeoutMs = asked.timeoutMs ?? this.limits.requestTimeoutMs;
    const deadline = new AbortController();
    const cancel = timeoutMs === 0 ? () => undefined : this.clock.after(timeoutMs, () => deadline.abort());
    const given = (): void => deadline.abort();
    asked.signal?.addEventListener("abort", given, { once: true });
    try {
      if (asked.signal?.aborted === true) deadline.abort();
      const sending = this.#transport.send(cert === undefined ? endpoint : { ...endpoint, cert, key }, {
        method: asked.method ?? "GET",
        path: pathOf(asked),
        headers: {
          accept: "application/json",
          ...(asked.body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
          ...asked.headers,
        },
        ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
        signal: deadline.signal,
      });
      const answer = await unlessAborted(sending, deadline.signal);
      this.#lookAtClock(answer);
      if (answer.status < 400) return { kind: "value", result: await unlessAborted(read(answer), deadline.signal) };
      const error = refusalOf(answer.status, parsed(await unlessAborted(answer.text(), deadline.signal)));
      return { kind: "refused", status: answer.status, error, retryAfterMs: retryAfterOf(answer) };
    } catch (cause) {
      const late = deadline.signal.aborted && asked.signal?.aborted !== true;
      const error = late ? timedOut(endpoint.server, timeoutMs) : unreachable(endpoint.server, cause);
      return { kind: "value", result: fail(error) };
    } finally {
      cancel();
      asked.signal?.removeEventListener("abort", given);
    }
  }

  #lookAtClock(answer: TransportAnswer): void {
    const theirs = Date.parse(answer.header("date") ?? "");
    if (!Number.isNaN(theirs)) this.clockSkewMs = theirs - this.clock.now();
  }

  /** False when the signal came first. */
  async pause(delayMs: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted === true) return false;
    return new Promise((resolve) => {
      const stop = (): void => {
        cancel();
        resolve(false);
      };
      const cancel = this.clock.after(delayMs, () => {
        signal?.removeEventListener("abort", stop);
        resolve(true);
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}

type Sent<T> =
  | { readonly kind: "value"; readonly result: Result<T> }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly error: WireError;
      readonly retryAfterMs: number | undefined;
    };

/** The deadline holds whatever the transport makes of an abort. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new Error("aborted"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    // What comes later is nobody's any more.
    work.catch(() => undefined);
  }
}

function pathOf({ path, query = {} }: Asked): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return given.length === 0 ? path : `${path}?${given.join("&")}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text === "" ? undefined : { message: text.slice(0, 200) };
  }
}

function retryAfterOf(answer: TransportAnswer): number | undefined {
  const seconds = Number(answer.header("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

function tooLarge(bytes: number, bytesMax: number): WireError {
  return {
    code: "payload_too_large",
    message: `The cluster answered with ${bytes} bytes; at most ${bytesMax} are read (answerBytesMax).`,
    hint: "Ask for less, with a selector for one.",
  };
}
