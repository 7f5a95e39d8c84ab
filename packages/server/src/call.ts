// One request on its way through the routes, and what routes have at hand.
import type { AccessFilter, Actor, Clock, Engine, Logger, Store } from "@sluice/core";
import type { AuditReport, CallerInfo, EndedReason, Identity, Principal } from "@sluice/core/identity";
import type { PayloadVault, Vault } from "@sluice/core/secrets";
import type { Cache } from "@sluice/core/builds/cache";
import type { Clusters } from "@sluice/core/cluster";
import type { Terminals } from "@sluice/core/terminals";
import type { Fleet } from "@sluice/core/workers";
import { SluiceError } from "@sluice/protocol";
import type { Permission, WireError } from "@sluice/protocol";
import { routes } from "@sluice/protocol/http";
import type { RouteSpec } from "@sluice/protocol/http";
import { callerInfo } from "./arrival.ts";
import type { Arrival } from "./arrival.ts";
import type { ScopedBlobs } from "./blobs/scoped-blobs.ts";
import { readBody } from "./body.ts";
import type { ReadBody } from "./body.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { SettingsReport } from "./config-report.ts";
import type { DiskUse } from "./disk-use.ts";
import { refuse } from "./fields.ts";
import type { HookDesk } from "./hooks/hook-desk.ts";
import type { HttpLimits } from "./limits.ts";
import type { LiveHub } from "./live/hub.ts";
import type { LogDesk } from "./logs/log-desk.ts";
import type { HttpMetrics } from "./metrics.ts";
import type { MetricPart } from "./metrics/first-use.ts";
import { forbidden } from "./principal.ts";
import { Query } from "./query.ts";
import type { SocketSession } from "./sockets.ts";
import type { ValueJson } from "./value-json.ts";
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
  readonly by: Actor;
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
  /** Everything durable: that of the engine, users and the audit trail. */
  readonly store: Store;
  readonly identity: Identity;
  readonly vault: Vault;
  /** Keys of encrypted payloads. */
  readonly payloads: PayloadVault | undefined;
  /** False: everybody may do everything (`--no-auth`). */
  readonly authentication: boolean;
  /** Base of the URLs that people open, where it is set; without a trailing slash. */
  readonly publicUrl: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: HttpLimits;
  /** Memory for bodies that came compressed. */
  readonly budget: ByteBudget;
  readonly metrics: HttpMetrics;
  /** Whom changes are told; there from its first use on. */
  readonly live: () => Promise<LiveHub>;
  /** What webhooks need; there from its first use on. */
  readonly hooks: () => Promise<HookDesk>;
  /** Of the product. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly ready: () => { readonly ready: boolean; readonly reason?: string | undefined };
  readonly deployment: () => DeploymentState;
  /** What the data takes of the disk; nothing until it has been measured. */
  readonly disk: (() => Promise<DiskUse | undefined>) | undefined;
  /** The settings that hold, without secrets. */
  readonly settings: (() => Promise<SettingsReport>) | undefined;
  readonly valueJson: ValueJson;
  /** Workers on other machines; there from its first use on. */
  readonly fleet: (() => Promise<Fleet>) | undefined;
  /** Logs; there from their first use on. */
  readonly logs: (() => Promise<LogDesk>) | undefined;
  /** What programs record and others send; there from its first use on. */
  readonly figures: MetricPart | undefined;
  /** Programs on terminals of this machine; there from its first use on. */
  readonly terminals: (() => Promise<Terminals>) | undefined;
  /** Blobs as scopes hold them; there from its first use on. */
  readonly blobs: (() => Promise<ScopedBlobs>) | undefined;
  /** Results of builds, of our own and of other tools; there from its first use on. */
  readonly cache: (() => Promise<Cache>) | undefined;
  /** Clusters and what is in them; there from its first use on. */
  readonly clusters: (() => Promise<Clusters>) | undefined;
  /** Makes an archive of everything but the keys. */
  readonly backup: (() => Promise<ReadableStream<Uint8Array>>) | undefined;
  /** Replaces the data by that of a backup; the archive is read to its end before anything happens. */
  readonly restore: ((backup: IncomingBackup) => Promise<Restored>) | undefined;
  /** Checks every row of the audit trail, and the checkpoints that left. */
  readonly verifyAudit: () => Promise<AuditReport>;
  /** Aborted when what waits for an answer has to end. */
  readonly closing: AbortSignal;
}

/** The part of Bun's server that a request may need. */
export interface Connections {
  /** Changes how long this request's connection may be idle; 0 is forever. */
  timeout(request: Request, seconds: number): void;
  /** Where the socket of a request comes from; null once it is closed. */
  requestIP(request: Request): { readonly address: string } | null;
  /** Makes the connection of a request a WebSocket; false when the request is not for one. */
  upgrade?(request: Request, options: { readonly data: SocketSession }): boolean;
}

const idleMarginSeconds = 30;

/** On whose behalf something is done that nobody has to be known for. */
const anonymous = { kind: "user", id: "anonymous" } as const;

/** A request with its parameters, and who is asking. */
export class Call {
  readonly parts: HttpParts;
  /** Values of the path's parameters, in order; `*` is the last one. */
  readonly params: readonly string[];
  readonly #arrival: Arrival;

  constructor(parts: HttpParts, arrival: Arrival, params: readonly string[]) {
    this.parts = parts;
    this.#arrival = arrival;
    this.params = params;
  }

  get request(): Request {
    return this.#arrival.request;
  }

  /** Who is asking. Routes that are open to all use `known`. */
  get principal(): Principal {
    const { principal } = this.#arrival;
    if (principal === undefined) throw new Error("An open route asked for somebody who need not be known.");
    return principal;
  }

  /** Who is asking, if that is known. */
  get known(): Principal | undefined {
    return this.#arrival.principal;
  }

  /** On whose behalf changes are made; with an origin, so that they are audited. */
  get actor(): Actor {
    const { principal, address } = this.#arrival;
    return principal?.actor ?? { ...anonymous, origin: address === undefined ? {} : { address } };
  }

  /** Where the request comes from. */
  get caller(): CallerInfo {
    return callerInfo(this.#arrival);
  }

  /** How the request reached this server. */
  get passage(): Pick<Arrival, "address" | "authority" | "secure" | "path"> {
    return this.#arrival;
  }

  /** What may be seen or done of what belongs to workflows; undefined is everything. */
  access(permission: Permission): AccessFilter | undefined {
    const workflows = this.principal.patterns(permission);
    return workflows === undefined ? undefined : { workflows };
  }

  /** What may be seen or done: undefined is everything, otherwise one of the patterns has to fit. */
  patterns(permission: Permission): readonly string[] | undefined {
    return this.principal.patterns(permission);
  }

  /** Whether it may be done at all; with `value`, whether on this workflow, event or state key. */
  may(permission: Permission, value?: string): boolean {
    return value === undefined ? this.principal.may(permission) : this.principal.allows(permission, value);
  }

  /** Throws `forbidden`, which names the permission. */
  require(permission: Permission, value?: string): void {
    if (!this.may(permission, value)) throw new SluiceError(forbidden(permission));
  }

  /**
   * Throws `forbidden` when something that belongs to this workflow may not be done but may be seen, and what `missing` makes
   * when it may not even be seen.
   */
  requireOn(permission: Permission, workflow: string, p: { seenBy: Permission; missing: () => SluiceError }): void {
    if (this.principal.allows(permission, workflow)) return;
    throw this.principal.allows(p.seenBy, workflow) ? new SluiceError(forbidden(permission)) : p.missing();
  }

  /**
   * Hears once when whoever asks is no longer let in, or may do something else than before: what is still being sent to them
   * has to end. Answers how to stop listening.
   */
  onEnded(listener: (why: EndedReason) => void): () => void {
    return this.parts.identity.onEnded(this.principal, listener);
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
    return new Query(this.#arrival.query);
  }

  get hasQuery(): boolean {
    return this.#arrival.query !== "";
  }

  get queryText(): string {
    return this.#arrival.query;
  }

  async body(): Promise<ReadBody> {
    return readBody(this.request, this.parts.limits);
  }

  /** Keeps the connection open while nothing moves for this long. */
  mayIdle(ms: number): void {
    this.#arrival.connections?.timeout(this.request, Math.ceil(ms / 1_000) + idleMarginSeconds);
  }

  /** Makes the connection a WebSocket. Throws `bad_request` for a request that is not for one. */
  upgrade(begin: () => SocketSession): Response {
    const { connections, request } = this.#arrival;
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket" && connections?.upgrade !== undefined) {
      const session = begin();
      // What a client offers is agreed to by itself.
      if (session.compressed !== true) request.headers.delete("sec-websocket-extensions");
      if (connections.upgrade(request, { data: session })) return new Response(null, { status: 101 });
      session.closed();
    }
    return refuse("bad_request", "This URL speaks WebSocket.", "Open it with a WebSocket client.");
  }

  /** Keeps the connection open however long the answer takes. */
  mayIdleForever(): void {
    this.#arrival.connections?.timeout(this.request, 0);
  }
}

export type Handler = (call: Call) => Response | Promise<Response>;

/** Where the parameters of each route's path are, by its segments; a `*` takes the rest. */
const places: ReadonlyMap<string, readonly { readonly at: number; readonly rest: boolean }[]> = new Map(
  Object.values<RouteSpec>(routes).map(({ path }) => [
    path,
    path.split("/").flatMap((part, at) => (part === "*" || part.startsWith(":") ? [{ at, rest: part === "*" }] : [])),
  ]),
);
const noParams: readonly string[] = [];

/** Decodes the values that the parameters of a route have in a path. Its pattern is known to match. */
export function paramsOf({ path: pattern }: RouteSpec, path: string): readonly string[] {
  const wanted = places.get(pattern) ?? [];
  if (wanted.length === 0) return noParams;
  const segments = path.split("/");
  return wanted.map(({ at, rest }) => decodeSegment(rest ? segments.slice(at).join("/") : (segments[at] ?? "")));
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
