// Tasks that last for ever and that others wait for: begun when one that needs them is executed, ended with the build. None of them is
// a step of the run: after a crash they are begun again by whoever needs them.
import type { TaskNode } from "../graph/task-graph.ts";
import type { BuildLimits } from "../limits.ts";
import type { Probes } from "../ports.ts";
import type { Readiness } from "../workspace/package.ts";
import type { Executed } from "./script-runner.ts";

interface ServicesParts {
  readonly probes: Probes;
  readonly limits: BuildLimits;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** Undefined where it is no service. */
  readonly serviceOf: (id: string) => TaskNode | undefined;
  readonly run: (node: TaskNode, signal: AbortSignal, told: (bytes: Uint8Array) => void) => Promise<Executed>;
  readonly started: (node: TaskNode) => void;
  readonly output: (node: TaskNode, bytes: Uint8Array) => void;
}

interface Begun {
  readonly stop: AbortController;
  /** Undefined when it is there; else why it is not. */
  readonly ready: Promise<string | undefined>;
  readonly ended: Promise<unknown>;
}

// eslint-disable-next-line no-control-regex -- colours are made of them
const colours = /\u001b\[[\d;:]*m/g;
/** Of a line that does not end. */
const lineCharactersMax = 64 * 1024;

/** Looks for a line in what comes in pieces. */
export class LineWatch {
  readonly #wanted: RegExp;
  readonly #decoder = new TextDecoder();
  #rest = "";
  isSeen = false;

  constructor(wanted: string) {
    this.#wanted = new RegExp(wanted);
  }

  add(bytes: Uint8Array): void {
    if (this.isSeen) return;
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.isSeen = lines.some((line) => this.#wanted.test(line.replaceAll(colours, "").replace(/\r$/, "")));
    this.#rest = (lines.at(-1) ?? "").slice(-lineCharactersMax);
  }
}

export class Services {
  readonly #parts: ServicesParts;
  readonly #begun = new Map<string, Begun>();
  #isClosed = false;

  constructor(parts: ServicesParts) {
    this.#parts = parts;
  }

  /** Waits until all services that a task depends on are there. Answers why one is not; undefined when all are. */
  async needed(node: TaskNode): Promise<string | undefined> {
    for (const id of node.dependencies) {
      const service = this.#parts.serviceOf(id);
      if (service === undefined) continue;
      const why = await this.#ensure(service);
      if (why !== undefined) return `${id}, which it depends on, ${why}`;
    }
    return undefined;
  }

  async #ensure(service: TaskNode): Promise<string | undefined> {
    let begun = this.#begun.get(service.id);
    if (begun === undefined) this.#begun.set(service.id, (begun = this.#begin(service)));
    return begun.ready;
  }

  /** Ends one that is not what it should be any more: whoever needs it begins it anew. */
  async forget(id: string): Promise<void> {
    const begun = this.#begun.get(id);
    this.#begun.delete(id);
    begun?.stop.abort();
    await begun?.ended;
  }

  #begin(service: TaskNode): Begun {
    const stop = new AbortController();
    const ended = Promise.withResolvers<void>();
    const begin = async (): Promise<string | undefined> => {
      try {
        return await this.#begunAndReady(service, { ended: ended.resolve, signal: stop.signal });
      } catch (error) {
        ended.resolve();
        throw error;
      }
    };
    return { ready: begin(), ended: ended.promise, stop };
  }

  async #begunAndReady(
    service: TaskNode,
    { ended, signal }: { readonly ended: () => void; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    const { probes, run, started, output } = this.#parts;
    const ready = service.definition.readyWhen ?? {};
    const missing = await this.needed(service);
    const isTaken = missing === undefined && ready.port !== undefined && (await probes.port(ready.port));
    if (missing !== undefined || isTaken || signal.aborted || this.#isClosed) {
      ended();
      return missing ?? (isTaken ? `cannot begin: somebody else listens on port ${ready.port}` : "was not begun");
    }
    started(service);
    const line = ready.line === undefined ? undefined : new LineWatch(ready.line);
    let gone: string | undefined;
    void run(service, signal, (bytes) => {
      line?.add(bytes);
      output(service, bytes);
    }).then(({ why }) => {
      gone = why === null ? "ended before it was there" : `was not there: ${why}`;
      ended();
    });
    return this.#untilReady(ready, { line, signal, gone: () => gone });
  }

  async #untilReady(
    ready: Readiness,
    {
      line,
      signal,
      gone,
    }: { readonly line: LineWatch | undefined; readonly signal: AbortSignal; readonly gone: () => string | undefined },
  ): Promise<string | undefined> {
    const { probes, limits, after } = this.#parts;
    const timeoutMs = ready.timeoutMs ?? limits.buildReadyMs;
    let isLate = false;
    const cancel = after(timeoutMs, () => (isLate = true));
    try {
      for (;;) {
        const why = gone();
        if (why !== undefined) return why;
        const isThere =
          line?.isSeen !== false &&
          (ready.port === undefined || (await probes.port(ready.port))) &&
          (ready.url === undefined || (await probes.url(ready.url)));
        if (isThere) return gone();
        if (isLate) return `was not there after ${timeoutMs} ms`;
        if (signal.aborted) return "was ended";
        await new Promise<void>((resolve) => void after(limits.buildReadyLookMs, resolve));
      }
    } finally {
      cancel();
    }
  }

  /** Ends all of them, and waits until they have. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { stop } of this.#begun.values()) stop.abort();
    await Promise.all([...this.#begun.values()].map(({ ended }) => ended));
  }
}
