// The HTTP side as one function from request to response: who may come in, which route it is, and what a failure looks like.
import { createdAtOf } from "@sluice/core";
import type { Actor, Clock, Engine, Logger, Result, Store, SecretSource } from "@sluice/core";
import type { Identity, Principal } from "@sluice/core/identity";
import type { Vault } from "@sluice/core/secrets";
import { httpStatusOf, toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { Proxies } from "./address.ts";
import type { Passage } from "./address.ts";
import { arrivalOf, isRun, isStart, methodsAt } from "./arrival.ts";
import type { Arrival } from "./arrival.ts";
import { HostList, OriginList } from "./auth.ts";
import { ByteBudget } from "./byte-budget.ts";
import { Call, paramsOf } from "./call.ts";
import type { Connections, DeploymentState, Handler, HttpParts } from "./call.ts";
import { hookDeskOf } from "./hooks/desk-of.ts";
import { strictTransport } from "./hygiene.ts";
import { httpLimits, requestBytesMax } from "./limits.ts";
import type { HttpLimits } from "./limits.ts";
import type { LiveHub } from "./live/hub.ts";
import { HttpMetrics } from "./metrics.ts";
import { Gate } from "./principal.ts";
import { RefusalLog } from "./refusals.ts";
import type { Router } from "./router.ts";
import { handlers } from "./routes/table.ts";
import { socketHandler } from "./sockets.ts";
import type { SocketSession } from "./sockets.ts";
import { ValueJson } from "./value-json.ts";
import { failure } from "./wire.ts";

export interface HttpOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly identity: Identity;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the product. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** False: every request may do everything; for loopback only. */
  readonly authentication: boolean;
  /** Base of the URLs that people open, where it is set. */
  readonly publicUrl?: string | undefined;
  /** Names this server answers to besides those of the loopback: `name`, `name:port`, `*.name`, `*`. */
  readonly allowedHosts: readonly string[];
  /** Pages of other origins that may call, as `https://name:port`. */
  readonly allowedOrigins: readonly string[];
  /** Networks of the proxies whose word about address, host and protocol is taken. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly ready: HttpParts["ready"];
  readonly deployment: () => DeploymentState;
  readonly fleet?: HttpParts["fleet"];
  readonly logs?: HttpParts["logs"];
  readonly figures?: HttpParts["figures"];
  readonly terminals?: HttpParts["terminals"];
  readonly blobs?: HttpParts["blobs"];
  readonly cache?: HttpParts["cache"];
  readonly clusters?: HttpParts["clusters"];
  readonly backup?: HttpParts["backup"];
  readonly restore?: HttpParts["restore"];
  readonly disk?: HttpParts["disk"];
  readonly settings?: HttpParts["settings"];
  readonly payloads?: HttpParts["payloads"];
  /** Of webhooks; without it, variables of the environment and files below the working folder. */
  readonly secrets?: SecretSource | undefined;
  /** Where it is absent, rows are checked, and no checkpoints. */
  readonly verifyAudit?: HttpParts["verifyAudit"];
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** What `Bun.serve` needs, besides address and port. */
export interface Http {
  readonly fetch: (request: Request, connections?: Connections) => Promise<Response>;
  readonly idleTimeout: number;
  readonly maxRequestBodySize: number;
  readonly websocket: Bun.WebSocketHandler<SocketSession>;
  readonly metrics: HttpMetrics;
  /** Writes what it has counted and not written yet; to be called before the store is closed. */
  settle(): Promise<void>;
  /** Ends the streams of watchers and whatever waits for the end of a run; clients ask again. */
  close(): void;
}

const preflightSeconds = 600;

/** Makes the HTTP side of an engine. */
export function createHttp(options: HttpOptions): Http {
  return new HttpSide(options);
}

class HttpSide implements Http {
  readonly metrics = new HttpMetrics();
  readonly #parts: HttpParts;
  readonly #hosts: HostList;
  readonly #origins: OriginList;
  readonly #proxies: Proxies;
  readonly #gate: Gate;
  readonly #refusals: RefusalLog;
  /** Name and port of an https URL that people open: a proxy ends TLS for it. */
  readonly #securePublic: string | undefined;
  #router: Router | undefined;
  readonly #closing = new AbortController();
  #failures = 0;

  constructor(options: HttpOptions) {
    const { engine, store, identity, clock, log, authentication, publicUrl } = options;
    const limits = { ...httpLimits, ...options.limits };
    this.#parts = partsOf(options, { limits, metrics: this.metrics, closing: this.#closing.signal });
    engine.watchers.onEveryEnd(({ run }) => {
      const createdAt = createdAtOf(run);
      if (createdAt !== undefined) this.metrics.runs.record(clock.now() - createdAt);
    });
    this.#hosts = new HostList(options.allowedHosts);
    this.#origins = new OriginList(options.allowedOrigins, publicUrl);
    this.#proxies = new Proxies(options.trustedProxies ?? []);
    this.#securePublic = publicUrl?.startsWith("https:") === true ? new URL(publicUrl).host : undefined;
    const { builds, instance } = store;
    this.#gate = new Gate({ identity, builds, instance, authentication, origins: this.#origins, clock, limits });
    this.#refusals = new RefusalLog({
      trail: store.audit,
      clock,
      log,
      perMinuteMax: limits.refusalsAuditedPerMinuteMax,
      callersMax: limits.refusalAddressesMax,
    });
  }

  get idleTimeout(): number {
    return this.#parts.limits.idleTimeoutSeconds;
  }

  get maxRequestBodySize(): number {
    return requestBytesMax(this.#parts.limits);
  }

  get websocket(): Bun.WebSocketHandler<SocketSession> {
    return socketHandler(this.#parts.limits);
  }

  close(): void {
    this.#closing.abort();
  }

  async settle(): Promise<void> {
    await this.#refusals.close();
  }

  fetch = async (request: Request, connections?: Connections): Promise<Response> => {
    const startedMs = performance.now();
    const arrival = arrivalOf(request, connections, this.#passageOf);
    let response: Response;
    try {
      response = await this.#route(arrival);
    } catch (error) {
      response = this.#thrown(arrival, error);
    }
    if (response.status >= 400 && arrival.path.startsWith(foreignCaches))
      response = await this.#asForeign(arrival, response);
    if (arrival.secure) response.headers.set(...strictTransport);
    this.metrics.request(arrival.label, response.status, performance.now() - startedMs);
    return response;
  };

  /** Clients of other build tools have their own idea of what a failure looks like. */
  async #asForeign(arrival: Arrival, response: Response): Promise<Response> {
    return (await import("./cache/foreign-failure.ts")).foreignFailure(arrival, response);
  }

  #passageOf = (direct: Passage, headers: Headers): Passage => {
    const passage = this.#proxies.passageOf(direct, headers);
    return !passage.secure && passage.authority === this.#securePublic ? { ...passage, secure: true } : passage;
  };

  #route(arrival: Arrival): Response | Promise<Response> {
    const { request, authority, path } = arrival;
    const tooSoon = this.#gate.tooSoon(arrival);
    if (tooSoon !== undefined) return failure(tooSoon);
    if (!this.#hosts.allows(authority)) return this.#refuse(arrival, hostRefusal(authority));
    const { method } = request;
    // The routes that runs depend on skip the router and its objects.
    if (method === "POST" && isStart(path)) return this.#answer("startRun", arrival);
    if (method === "GET" && isRun(path)) return this.#answer("getRun", arrival);
    if (method === "GET" && path === "/health") return this.#answer("health", arrival);
    // A browser that opens this address wants the page about metrics.
    if (method === "GET" && path === metricsPath && wantsPage(request)) return this.#answer("console", arrival);
    if (method === "OPTIONS" && request.headers.get("access-control-request-method") !== null) {
      return this.#preflight(arrival);
    }
    return this.#router?.route(arrival) ?? this.#firstRouted(arrival);
  }

  async #firstRouted(arrival: Arrival): Promise<Response> {
    const { Router } = await import("./router.ts");
    this.#router ??= new Router({
      answer: (name, known) => this.#answer(name, known),
      unmatched: (unknown) => this.#unmatched(unknown),
    });
    return this.#router.route(arrival);
  }

  #answer(name: RouteName, arrival: Arrival): Response | Promise<Response> {
    arrival.label = name;
    const { request, authority } = arrival;
    const { headers } = request;
    const spec: RouteSpec = routes[name];
    const changes =
      name === "callHook" || spec.socket === true || (request.method !== "GET" && request.method !== "HEAD");
    const origin = this.#origins.check({
      authority,
      origin: headers.get("origin"),
      site: changes ? headers.get("sec-fetch-site") : null,
    });
    if (!origin.ok) return this.#refuse(arrival, origin.error);
    const admitted = this.#gate.admit(name, spec, arrival);
    return admitted instanceof Promise
      ? admitted.then((result) => this.#enter(name, arrival, { admitted: result, origin: origin.value }))
      : this.#enter(name, arrival, { admitted, origin: origin.value });
  }

  /** `origin`: the page of another origin that may read the answer. */
  #enter(
    name: RouteName,
    arrival: Arrival,
    { admitted, origin }: { readonly admitted: Result<Principal | undefined>; readonly origin: string | null },
  ): Response | Promise<Response> {
    if (!admitted.ok) {
      const response = this.#refuse(arrival, admitted.error);
      return origin === null ? response : shareWith(response, origin);
    }
    arrival.principal = admitted.value;
    const call = new Call(this.#parts, arrival, paramsOf(routes[name], arrival.path));
    const handler: Handler = handlers[name];
    return origin === null ? handler(call) : this.#shared(arrival, handler, { call, origin });
  }

  /** An answer that a listed page of another origin may read, failures included. */
  async #shared(
    arrival: Arrival,
    handler: Handler,
    { call, origin }: { readonly call: Call; readonly origin: string },
  ): Promise<Response> {
    try {
      return shareWith(await handler(call), origin);
    } catch (error) {
      return shareWith(this.#thrown(arrival, error), origin);
    }
  }

  #thrown(arrival: Arrival, error: unknown): Response {
    const wire = toWire(error);
    if (wire.code === "internal") return this.#bug(arrival, error);
    // What is refused while signing in is noted where that is done.
    return wire.code === "forbidden" && arrival.principal !== undefined ? this.#refuse(arrival, wire) : failure(wire);
  }

  /** A refusal at the door, which the audit trail remembers. */
  #refuse(arrival: Arrival, error: WireError): Response {
    const unauthorized = httpStatusOf(error.code) === 401;
    if (isAudited(error, arrival.request)) {
      const { permission } = (error.details ?? {}) as { readonly permission?: string };
      this.#refusals.note({
        by: actorOf(arrival),
        action: permission ?? (unauthorized ? "request:authenticate" : "request:accept"),
        target: `route:${arrival.label}`,
        reason: error.code,
      });
    }
    return failure(error, unauthorized ? { "www-authenticate": "Bearer" } : undefined);
  }

  #preflight(arrival: Arrival): Response {
    const { request, authority } = arrival;
    const origin = this.#origins.check({ authority, origin: request.headers.get("origin"), site: null });
    if (!origin.ok) return this.#refuse(arrival, origin.error);
    const response = new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers":
          "Authorization, content-type, accept, idempotency-key, if-match, if-none-match, last-event-id, x-sluice-signature",
        "access-control-max-age": String(preflightSeconds),
      },
    });
    return origin.value === null ? response : shareWith(response, origin.value);
  }

  #unmatched({ path, request }: Arrival): Response {
    const allow = methodsAt(path);
    if (allow.length === 0) {
      return failure({
        code: "not_found",
        message: "There is nothing at this URL.",
        hint: "GET /api/openapi.json lists every URL; the page /api/docs shows them.",
      });
    }
    const listed = allow.join(", ");
    return failure(
      { code: "method_not_allowed", message: `${request.method} is not possible here.`, hint: `Use ${listed}.` },
      { allow: listed },
    );
  }

  /** What nobody expected: the client learns a number, the log the rest. */
  #bug(arrival: Arrival, error: unknown): Response {
    if (this.#parts.engine.draining) {
      // The store may have been closed under the request: whoever asked asks the next server.
      this.#parts.log("warn", "a request was cut off by the stop of the server", {
        route: arrival.label,
        error: String(error),
      });
      return failure({ code: "draining", message: "The server is stopping." });
    }
    const requestId = `req_${this.#parts.startedAt.toString(36)}_${++this.#failures}`;
    this.#parts.log("error", "a request failed", {
      requestId,
      route: arrival.label,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return failure({
      code: "internal",
      message: "Something went wrong inside the server.",
      hint: `The server's log has the details under ${requestId}.`,
      details: { requestId },
    });
  }
}

function shareWith(response: Response, origin: string): Response {
  response.headers.set("access-control-allow-origin", origin);
  response.headers.set("access-control-expose-headers", "etag, retry-after");
  response.headers.append("vary", "origin");
  return response;
}

/** Where the protocols of other build tools are. */
const foreignCaches = "/cache/";
const metricsPath = routes.metrics.path;

function wantsPage({ headers }: Request): boolean {
  return headers.get("accept")?.includes("text/html") === true;
}

function hostRefusal(authority: string): WireError {
  return {
    code: "host_not_allowed",
    message: `This server does not answer to the name ${JSON.stringify(authority.slice(0, 200))}.`,
    hint: "Add the name to the setting http.allowedHosts.",
  };
}

/** Whether the audit trail has to know: that nobody has signed in yet, or too long ago, is no news. */
function isAudited({ code }: WireError, { headers, url }: Request): boolean {
  if (code === "session_ended") return false;
  if (httpStatusOf(code) !== 401) return true;
  return headers.has("authorization") || headers.has("cookie") || /[?&](?:ticket|token)=/.test(url);
}

/** On whose behalf a request was made that was turned away. */
function actorOf({ principal, address }: Arrival): Actor {
  if (principal !== undefined) return principal.actor;
  return { kind: "user", id: "anonymous", origin: address === undefined ? {} : { address } };
}

function partsOf(options: HttpOptions, own: Pick<HttpParts, "limits" | "metrics" | "closing">): HttpParts {
  const { engine, store, identity, vault, authentication, publicUrl, clock, log, version, startedAt } = options;
  const { ready, fleet, clusters, logs, terminals, blobs, cache, backup, restore, disk, settings, payloads } = options;
  const kept = { ready, fleet, clusters, logs, terminals, blobs, cache, backup, restore, disk, settings, payloads };
  const others = { ...kept, figures: options.figures };
  const valueJson = new ValueJson(own);
  const verifyAudit =
    options.verifyAudit ??
    (async () => (await import("@sluice/core/identity/audit")).verifyAudit({ chain: store.audit }));
  const known = { authentication, publicUrl, clock, log, version, startedAt, deployment: options.deployment };
  const given = { engine, store, identity, vault, ...known };
  let hub: LiveHub | undefined;
  const live: HttpParts["live"] = async () => {
    const { LiveHub } = await import("./live/hub.ts");
    return (hub ??= new LiveHub({ ...given, ...own }));
  };
  return {
    ...given,
    ...others,
    valueJson,
    verifyAudit,
    ...own,
    budget: new ByteBudget(own.limits.decompressedBytesMax),
    live,
    hooks: hookDeskOf({ engine, store, clock, limits: own.limits, secrets: options.secrets }),
  };
}
