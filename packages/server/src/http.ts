// The HTTP side as one function from request to response: who may come in, which route it is, and what a failure looks like.
import { createdAtOf } from "@sluice/core";
import type { Clock, Engine, Logger } from "@sluice/core";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { Hono } from "hono/tiny";
import { anonymous, carriesToken, HostList, OriginList, tokenActor } from "./auth.ts";
import { Call, paramsOf } from "./call.ts";
import type { Connections, DeploymentState, Handler, HttpParts } from "./call.ts";
import { httpLimits } from "./limits.ts";
import type { HttpLimits } from "./limits.ts";
import { HttpMetrics } from "./metrics.ts";
import type { RouteLabel } from "./metrics.ts";
import { handlers } from "./routes/table.ts";
import { failure, thrownFailure } from "./wire.ts";

export interface HttpOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the product. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Without a token every request may do everything: for loopback only. */
  readonly auth: { readonly token: string | undefined };
  /** Names this server answers to besides those of the loopback: `name`, `name:port`, `*.name`, `*`. */
  readonly allowedHosts: readonly string[];
  /** Pages of other origins that may call, as `https://name:port`. */
  readonly allowedOrigins: readonly string[];
  readonly ready: HttpParts["ready"];
  readonly deployment: () => DeploymentState;
  readonly backup?: HttpParts["backup"];
  readonly restore?: HttpParts["restore"];
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** What `Bun.serve` needs, besides address and port. */
export interface Http {
  readonly fetch: (request: Request, connections?: Connections) => Promise<Response>;
  readonly idleTimeout: number;
  readonly maxRequestBodySize: number;
  readonly metrics: HttpMetrics;
  /** Method and path of every route that is answered. */
  readonly routes: readonly (readonly [method: string, path: string])[];
  /** Ends the streams of watchers and whatever waits for the end of a run; clients ask again. */
  close(): void;
}

/** A request taken apart. `authority` is what `Host` said. */
interface Arrival {
  readonly request: Request;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly connections: Connections | undefined;
  /** The route it led to, for the figures. */
  label: RouteLabel;
}

const preflightSeconds = 600;

/** Makes the HTTP side of an engine. */
export function createHttp(options: HttpOptions): Http {
  return new HttpSide(options);
}

class HttpSide implements Http {
  readonly metrics = new HttpMetrics();
  readonly #parts: HttpParts;
  readonly #token: string | undefined;
  readonly #hosts: HostList;
  readonly #origins: OriginList;
  readonly #hono = new Hono<{ Bindings: Arrival }>();
  readonly #closing = new AbortController();
  #failures = 0;

  constructor(options: HttpOptions) {
    const { engine, clock, log, version, startedAt, ready, deployment, backup, restore } = options;
    const limits = { ...httpLimits, ...options.limits };
    const { signal: closing } = this.#closing;
    // prettier-ignore
    this.#parts = { engine, clock, log, version, startedAt, ready, deployment, backup, restore, limits, closing,
      metrics: this.metrics };
    engine.watchers.onEveryEnd(({ run }) => {
      const createdAt = createdAtOf(run);
      if (createdAt !== undefined) this.metrics.runs.record(clock.now() - createdAt);
    });
    this.#token = options.auth.token;
    this.#hosts = new HostList(options.allowedHosts);
    this.#origins = new OriginList(options.allowedOrigins);
    for (const [name, spec] of Object.entries(routes) as [RouteName, RouteSpec][]) {
      this.#hono.on([...spec.methods], [spec.path], async ({ env }) => this.#answer(name, env));
    }
    this.#hono.notFound(({ env }) => this.#unmatched(env));
    // Failures have one place: `fetch`.
    this.#hono.onError((error) => {
      throw error;
    });
  }

  get idleTimeout(): number {
    return this.#parts.limits.idleTimeoutSeconds;
  }

  /** More than the limits for bodies, so that a body over them gets our own answer. */
  get maxRequestBodySize(): number {
    const { bodyBytesMax, restoreBytesMax } = this.#parts.limits;
    return Math.max(bodyBytesMax * 4, restoreBytesMax + 1);
  }

  close(): void {
    this.#closing.abort();
  }

  get routes(): readonly (readonly [method: string, path: string])[] {
    return this.#hono.routes.map(({ method, path }) => [method, path] as const);
  }

  fetch = async (request: Request, connections?: Connections): Promise<Response> => {
    const startedMs = performance.now();
    const arrival = arrivalOf(request, connections);
    let response: Response;
    try {
      response = await this.#route(arrival);
    } catch (error) {
      response = thrownFailure(error) ?? this.#bug(arrival, error);
    }
    this.metrics.request(arrival.label, response.status, performance.now() - startedMs);
    return response;
  };

  #route(arrival: Arrival): Response | Promise<Response> {
    const { request, authority, path } = arrival;
    if (!this.#hosts.allows(authority)) return refusedHost(authority);
    const { method } = request;
    // The routes that runs depend on skip the router and its objects.
    if (method === "POST" && isStart(path)) return this.#answer("startRun", arrival);
    if (method === "GET" && isRun(path)) return this.#answer("getRun", arrival);
    if (method === "GET" && path === "/health") return this.#answer("health", arrival);
    if (method === "OPTIONS" && request.headers.get("access-control-request-method") !== null) {
      return this.#preflight(arrival);
    }
    return this.#hono.fetch(request, arrival);
  }

  #answer(name: RouteName, arrival: Arrival): Response | Promise<Response> {
    arrival.label = name;
    const { request, authority, path, query, connections } = arrival;
    const { headers } = request;
    const spec: RouteSpec = routes[name];
    const changes = name === "callHook" || (request.method !== "GET" && request.method !== "HEAD");
    const origin = this.#origins.check({
      authority,
      origin: headers.get("origin"),
      site: changes ? headers.get("sec-fetch-site") : null,
    });
    if (!origin.ok) return failure(origin.error);
    const known = this.#token !== undefined && carriesToken(headers.get("authorization"), this.#token);
    if (this.#token !== undefined && !known && spec.auth === "token") return unauthorized(origin.value);
    const call = new Call({
      parts: this.#parts,
      request,
      actor: known ? tokenActor : anonymous,
      params: paramsOf(spec.path, path),
      query,
      connections,
    });
    const handler: Handler = handlers[name];
    return origin.value === null ? handler(call) : this.#shared(arrival, handler, { call, origin: origin.value });
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
      return shareWith(thrownFailure(error) ?? this.#bug(arrival, error), origin);
    }
  }

  #preflight({ request, authority }: Arrival): Response {
    const origin = this.#origins.check({ authority, origin: request.headers.get("origin"), site: null });
    if (!origin.ok) return failure(origin.error);
    const response = new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers":
          "authorization, content-type, accept, idempotency-key, if-match, if-none-match, last-event-id, x-sluice-signature",
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

function arrivalOf(request: Request, connections: Connections | undefined): Arrival {
  const { url } = request;
  // HTTP/1.0 may come without a host, and the URL is a path then: no part of it must pass for one.
  const authorityAt = url.startsWith("/") ? 0 : url.indexOf("//") + 2;
  const pathAt = url.indexOf("/", authorityAt);
  const queryAt = url.indexOf("?", pathAt);
  return {
    request,
    connections,
    authority: url.slice(authorityAt, pathAt),
    path: queryAt === -1 ? url.slice(pathAt) : url.slice(pathAt, queryAt),
    query: queryAt === -1 ? "" : url.slice(queryAt + 1),
    label: "unmatched",
  };
}

const workflowsAt = "/api/v1/workflows/";
const runsAt = "/api/v1/runs/";

function isStart(path: string): boolean {
  return (
    path.startsWith(workflowsAt) &&
    path.endsWith("/runs") &&
    path.indexOf("/", workflowsAt.length) === path.length - "/runs".length
  );
}

function isRun(path: string): boolean {
  return path.length > runsAt.length && path.startsWith(runsAt) && !path.includes("/", runsAt.length);
}

/** The methods of the routes that have this path. */
function methodsAt(path: string): readonly string[] {
  const segments = path.split("/");
  const methods = new Set<string>();
  for (const spec of Object.values<RouteSpec>(routes)) {
    const pattern = spec.path.split("/");
    const length = pattern.at(-1) === "*" ? pattern.length - 1 : pattern.length;
    if (length === pattern.length ? segments.length !== length : segments.length < length) continue;
    const fits = pattern.every(
      (part, index) => part === "*" || part === segments[index] || (part.startsWith(":") && segments[index] !== ""),
    );
    if (fits) for (const method of spec.methods) methods.add(method);
  }
  return [...methods];
}

function shareWith(response: Response, origin: string): Response {
  response.headers.set("access-control-allow-origin", origin);
  response.headers.set("access-control-expose-headers", "etag, retry-after");
  response.headers.append("vary", "origin");
  return response;
}

function refusedHost(authority: string): Response {
  return failure({
    code: "host_not_allowed",
    message: `This server does not answer to the name ${JSON.stringify(authority.slice(0, 200))}.`,
    hint: "Add the name to the setting http.allowedHosts.",
  });
}

function unauthorized(origin: string | null): Response {
  const response = failure(
    {
      code: "unauthorized",
      message: "The request carries no valid token.",
      hint: "Send Authorization: Bearer <token>; the token is SLUICE_TOKEN, or keys/token in the data folder.",
    },
    { "www-authenticate": "Bearer" },
  );
  return origin === null ? response : shareWith(response, origin);
}
