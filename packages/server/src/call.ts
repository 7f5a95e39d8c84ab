// One request on its way through the routes, and what routes have at hand.
import type { Actor, Clock, Engine, Logger } from "@sluice/core";
import type { WireError } from "@sluice/protocol";
import { readBody } from "./body.ts";
import type { ReadBody } from "./body.ts";
import { refuse } from "./fields.ts";
import type { HttpLimits } from "./limits.ts";
import type { HttpMetrics } from "./metrics.ts";
import { Query } from "./query.ts";
import { wireOf } from "./wire.ts";
import type { Wire } from "./wire.ts";

/** A worker process that the server supervises. */
export interface WorkerProcess {
  readonly id: string;
  readonly pid: number;
  readonly status: "starting" | "serving" | "stalled" | "leaving";
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Runs in its memory. */
  readonly runs: number;
  /** The step in which its thread is blocked. */
  readonly stalledIn?: { readonly run: string; readonly step: string } | undefined;
}

/** What is deployed, as the composition knows it. */
export interface DeploymentState {
  readonly version: string;
  /** Why the newest code is not the one that serves. */
  readonly error?: WireError | undefined;
  /** Milliseconds since 1970. */
  readonly deployedAt: number | undefined;
  readonly workers?: readonly WorkerProcess[] | undefined;
}

/** A backup on its way in. */
export interface IncomingBackup {
  readonly archive: AsyncIterable<Uint8Array>;
  /** As far as the sender says. */
  readonly bytes: number | undefined;
}

/** What was put into the place of the data before. */
export interface Restored {
  /** When the backup was made; milliseconds since 1970. */
  readonly createdAt: number;
  readonly runs: number;
  readonly blobs: number;
  /** The folder with the data before; undefined when there was none. */
  readonly before: string | undefined;
}

/** What every route may use. */
export interface HttpParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: HttpLimits;
  readonly metrics: HttpMetrics;
  /** Of the product. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly ready: () => { readonly ready: boolean; readonly reason?: string | undefined };
  readonly deployment: () => DeploymentState;
  /** Makes an archive of everything but the keys. */
  readonly backup: (() => Promise<ReadableStream<Uint8Array>>) | undefined;
  /** Replaces the data by that of a backup; the archive is read to its end before anything happens. */
  readonly restore: ((backup: IncomingBackup) => Promise<Restored>) | undefined;
  /** Aborted when what waits for an answer has to end. */
  readonly closing: AbortSignal;
}

/** The part of Bun's server that a request may need. */
export interface Connections {
  /** Changes how long this request's connection may be idle; 0 is forever. */
  timeout(request: Request, seconds: number): void;
}

const idleMarginSeconds = 30;

/** A request with its parameters. */
export class Call {
  readonly parts: HttpParts;
  readonly request: Request;
  readonly actor: Actor;
  /** Values of the path's parameters, in order; `*` is the last one. */
  readonly params: readonly string[];
  readonly #queryText: string;
  readonly #connections: Connections | undefined;

  constructor(p: {
    readonly parts: HttpParts;
    readonly request: Request;
    readonly actor: Actor;
    readonly params: readonly string[];
    readonly query: string;
    readonly connections: Connections | undefined;
  }) {
    this.parts = p.parts;
    this.request = p.request;
    this.actor = p.actor;
    this.params = p.params;
    this.#queryText = p.query;
    this.#connections = p.connections;
  }

  get engine(): Engine {
    return this.parts.engine;
  }

  /** What the client reads. */
  get wire(): Wire {
    return wireOf(this.request.headers.get("accept"));
  }

  /** The n-th parameter of the path. */
  param(index: number): string {
    return this.params[index] ?? "";
  }

  query(): Query {
    return new Query(this.#queryText);
  }

  get hasQuery(): boolean {
    return this.#queryText !== "";
  }

  get queryText(): string {
    return this.#queryText;
  }

  async body(): Promise<ReadBody> {
    return readBody(this.request, this.parts.limits);
  }

  /** Keeps the connection open while nothing moves for this long. */
  mayIdle(ms: number): void {
    this.#connections?.timeout(this.request, Math.ceil(ms / 1_000) + idleMarginSeconds);
  }

  /** Keeps the connection open however long the answer takes. */
  mayIdleForever(): void {
    this.#connections?.timeout(this.request, 0);
  }
}

export type Handler = (call: Call) => Response | Promise<Response>;

/** Decodes the values that a pattern's parameters have in a path. The pattern is known to match. */
export function paramsOf(pattern: string, path: string): readonly string[] {
  const params: string[] = [];
  const segments = path.split("/");
  for (const [index, part] of pattern.split("/").entries()) {
    if (part === "*") params.push(decodeSegment(segments.slice(index).join("/")));
    else if (part.startsWith(":")) params.push(decodeSegment(segments[index] ?? ""));
  }
  return params;
}

/** A percent-encoded part of a path. Throws `bad_request` for what is not UTF-8 or holds NUL. */
function decodeSegment(text: string): string {
  if (!text.includes("%")) return text;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return refuse(
      "bad_request",
      "The path is not percent-encoded UTF-8.",
      "Encode each segment with encodeURIComponent.",
    );
  }
  if (decoded.includes("\0")) refuse("bad_request", "The path holds a NUL.", "Take it out.");
  return decoded;
}
