// A run on a server, as its callers hold it.
import { decodeErrorValue, decodeValue, encodeValue, isFinalStatus, SluiceError, wireErrorOf } from "@sluice/protocol";
import type { JoinReason, RunStatus, WireError } from "@sluice/protocol";
import type { ForkOptions, RetryOptions, Run, RunHandle, RunUpdate, Step, StreamChunk } from "./client.ts";
import { decodeError } from "./errors.ts";
import { pause } from "./http-link.ts";
import type { HttpLink } from "./http-link.ts";
import { readServerEvents } from "./sse.ts";

type Fields = Readonly<Record<string, unknown>>;

/** How long one request waits for the end of a run; then the next one does. */
const waitMs = 60_000;
/** The server says something at least every 15 seconds; a connection that is silent for three times as long is dead. */
const silentMsMax = 45_000;
/** A stream that ended early is asked for again after this long. */
const resumeDelayMs = 50;
const stepsPageMax = 200;
const updateTypes: ReadonlySet<string> = new Set(["run", "step", "log", "progress"]);

/** A value as it came: null where there is none. */
function decoded(bytes: unknown): unknown {
  return bytes instanceof Uint8Array ? decodeValue(bytes) : null;
}

function errorOf(bytes: unknown): WireError | null {
  return bytes instanceof Uint8Array ? wireErrorOf(decodeErrorValue(bytes)) : null;
}

/** A run with its values decoded. */
export function runOf(fields: unknown): Run {
  const run = fields as Fields;
  return {
    ...(run as unknown as Run),
    input: decoded(run["input"]),
    output: decoded(run["output"]),
    error: errorOf(run["error"]),
    progress: decoded(run["progress"]),
  };
}

function stepOf(fields: unknown): Step {
  const step = fields as Fields;
  return { ...(step as unknown as Step), output: decoded(step["output"]), error: errorOf(step["error"]) };
}

/** What a start has led to. */
interface StartedAs {
  readonly id: string;
  readonly created: boolean;
  readonly joined?: JoinReason | undefined;
}

export class ConnectedRun<O = unknown> implements RunHandle<O> {
  readonly id: string;
  readonly created: boolean;
  readonly joined: JoinReason | undefined;
  readonly #link: HttpLink;

  constructor(link: HttpLink, run: StartedAs) {
    this.#link = link;
    this.id = run.id;
    this.created = run.created;
    this.joined = run.joined;
  }

  async #get(
    id: string,
    query: Readonly<Record<string, string>>,
    options: { readonly waitMs?: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Fields> {
    const answer = await this.#link.send({
      method: "GET",
      path: ["runs", id],
      query,
      repeatable: true,
      ...options,
    });
    return answer["run"] as Fields;
  }

  async result(options: { readonly signal?: AbortSignal } = {}): Promise<O> {
    let id = this.id;
    for (;;) {
      const run = await this.#get(id, { wait: `${waitMs}ms` }, { waitMs, signal: options.signal });
      const status = run["status"] as RunStatus;
      if (!isFinalStatus(status)) continue;
      const next = run["continuedTo"];
      if (typeof next === "string") {
        id = next;
        continue;
      }
      const { output, error } = run;
      if (status === "completed") return (output instanceof Uint8Array ? decodeValue(output) : undefined) as O;
      if (error instanceof Uint8Array) throw decodeError(error);
      throw new SluiceError({ code: "workflow_failed", message: `Run ${this.id} ended as ${status}.` });
    }
  }

  async get(): Promise<Run<unknown, O>> {
    return runOf(await this.#get(this.id, {}, {})) as Run<unknown, O>;
  }

  async steps(): Promise<readonly Step[]> {
    const steps: Step[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#link.send({
        method: "GET",
        path: ["runs", this.id, "steps"],
        query: { limit: stepsPageMax, cursor },
        repeatable: true,
      });
      steps.push(...(page["steps"] as readonly unknown[]).map(stepOf));
      cursor = (page["nextCursor"] as string | null) ?? undefined;
    } while (cursor !== undefined);
    return steps;
  }

  /** Goes on behind the last piece after a broken connection. */
  async *stream(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncGenerator<StreamChunk> {
    const { signal } = options;
    let after = options.after ?? 0;
    for (;;) {
      const body = await this.#link.stream({
        method: "GET",
        path: ["runs", this.id, "stream"],
        headers: after === 0 ? {} : { "last-event-id": String(after) },
        repeatable: true,
        signal,
      });
      try {
        for await (const { event, data, id } of readServerEvents(body, { signal, idleMs: silentMsMax })) {
          if (event === "end") return;
          if (id !== undefined) after = Number(id);
          if (event === "chunk") yield { id: after, ...(JSON.parse(data) as Omit<StreamChunk, "id">) };
        }
      } catch (error) {
        if (error instanceof SyntaxError) throw error;
      }
      if (signal?.aborted === true) return;
      await pause(resumeDelayMs, signal);
    }
  }

  /** Goes on behind the last update after a broken connection; what is not journaled may be missing then. */
  async *events(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncGenerator<RunUpdate> {
    const { signal } = options;
    let after = options.after ?? 0;
    for (;;) {
      const body = await this.#link.stream({
        method: "GET",
        path: ["runs", this.id, "events"],
        headers: after === 0 ? {} : { "last-event-id": String(after) },
        repeatable: true,
        signal,
      });
      try {
        for await (const { event, data, id } of readServerEvents(body, { signal, idleMs: silentMsMax })) {
          if (event === "end") return;
          const number = id === undefined ? 0 : Number(id);
          const journaled = number > after;
          if (journaled) after = number;
          if (updateTypes.has(event)) yield updateOf(event, data, journaled ? number : null);
        }
      } catch (error) {
        if (error instanceof SyntaxError) throw error;
      }
      if (signal?.aborted === true) return;
      await pause(resumeDelayMs, signal);
    }
  }

  async #act(verb: string, body: Readonly<Record<string, unknown>> = {}): Promise<Fields> {
    return this.#link.send({ method: "POST", path: ["runs", this.id, verb], body, repeatable: false });
  }

  async cancel(reason?: string): Promise<void> {
    await this.#act("cancel", reason === undefined ? {} : { reason });
  }

  async pause(): Promise<void> {
    await this.#act("pause");
  }

  async resume(): Promise<void> {
    await this.#act("resume");
  }

  async retry({ code, takenBack }: RetryOptions = {}): Promise<void> {
    await this.#act("retry", {
      ...(code === undefined ? {} : { code }),
      ...(takenBack === undefined ? {} : { takenBack }),
    });
  }

  async fork(options: ForkOptions = {}): Promise<RunHandle<O>> {
    const { run } = await this.#act("fork", {
      ...(options.from === undefined ? {} : { from: options.from }),
      ...("input" in options ? { input: encodeValue(options.input) } : {}),
      ...(options.trustImported === undefined ? {} : { trustImported: options.trustImported }),
    });
    return new ConnectedRun<O>(this.#link, { id: (run as { id: string }).id, created: true });
  }

  async delete(): Promise<void> {
    await this.#link.send({ method: "DELETE", path: ["runs", this.id], repeatable: false });
  }
}

function updateOf(type: string, text: string, id: number | null): RunUpdate {
  const { at, data } = JSON.parse(text) as Pick<RunUpdate, "at" | "data">;
  return { id, type: type as RunUpdate["type"], at, data };
}
