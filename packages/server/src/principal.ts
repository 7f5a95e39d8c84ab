// The door: who is asking, by what a request carries, and whether they may call the route at all.
import { fail, ok } from "@sluice/core";
import type { BuildStore, Clock, Result } from "@sluice/core";
import type { Credential, Identity, Principal } from "@sluice/core/identity";
import type { WireError } from "@sluice/protocol";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { callerOf } from "./address.ts";
import type { Arrival } from "./arrival.ts";
import type { OriginList } from "./auth.ts";
import { cookieIn, cookieName } from "./cookies.ts";
import { parametersOf } from "./fields.ts";
import type { HttpLimits } from "./limits.ts";
import { Rates } from "./rate-limit.ts";

export interface GateOptions {
  readonly identity: Identity;
  /** Knows the credentials of workers. */
  readonly builds: BuildStore;
  /** Name of the data, in the names of cookies. */
  readonly instance: string;
  /** False: everybody may do everything. */
  readonly authentication: boolean;
  readonly origins: OriginList;
  readonly clock: Clock;
  readonly limits: HttpLimits;
}

/** Nobody known, on a route that is open to all. */
type Admitted = Principal | undefined;

/** Open routes on which it matters who is asking, if somebody is. */
const namedIfKnown: ReadonlySet<RouteName> = new Set([
  "getApproval",
  "decideApproval",
  "delegateApproval",
  "commentApproval",
  "completeCallback",
]);
/** Routes that look at a password or a code, or make sessions: each costs much, and guessing must be slow. */
const guessable: ReadonlySet<RouteName> = new Set([
  "signIn",
  "setUp",
  "refreshSession",
  "changePassword",
  "beginTotp",
  "confirmTotp",
  "removeTotp",
  "beginPasskey",
  "beginPasskeySignIn",
  "passkeySignIn",
  "openidSignIn",
  "openidReturn",
  "exchangeToken",
]);

/** Seconds' worth that may come at once. */
const burstSeconds = 2;
const bearerScheme = "bearer ";
/** That of a worker: what is given for a token. */
const credentialShape = /^sluice_wc_[0-9a-f]{64}$/;

export class Gate {
  readonly #options: GateOptions;
  readonly #addresses: Rates;
  readonly #tokens: Rates;
  readonly #signIns: Rates;

  constructor(options: GateOptions) {
    this.#options = options;
    const { clock, limits } = options;
    const { addressRequestsPerSecondMax, tokenRequestsPerSecondMax, signInsPerMinuteMax } = limits;
    const entriesMax = limits.rateEntriesMax;
    const rates = (perSecond: number, seconds: number): Rates =>
      new Rates({ clock, perSecond, capacity: Math.max(1, perSecond * seconds), entriesMax });
    this.#addresses = rates(addressRequestsPerSecondMax, burstSeconds);
    this.#tokens = rates(tokenRequestsPerSecondMax, burstSeconds);
    this.#signIns = rates(signInsPerMinuteMax / 60, 60);
  }

  /** The refusal of a request that comes too soon after others from its address. */
  tooSoon({ address }: Arrival): WireError | undefined {
    if (address === undefined) return undefined;
    const retryAfterMs = this.#addresses.take(callerOf(address));
    return retryAfterMs === 0 ? undefined : tooMany("this address", retryAfterMs);
  }

  /** Who may come in by this route. Not a promise when they were known already. */
  admit(name: RouteName, spec: RouteSpec, arrival: Arrival): Result<Admitted> | Promise<Result<Admitted>> {
    if (guessable.has(name)) {
      const retryAfterMs = this.#signIns.take(arrival.address === undefined ? "" : callerOf(arrival.address));
      if (retryAfterMs > 0) return fail(tooMany("signing in from this address", retryAfterMs));
    }
    if (!this.#options.authentication) return ok(this.#options.identity.everyone({ address: arrival.address }));
    if (spec.permission === "open" && !namedIfKnown.has(name)) return ok(undefined);
    const found = this.#credentialOf(spec, arrival);
    if (!found.ok) return spec.permission === "open" ? ok(undefined) : found;
    if (found.value === undefined) return spec.permission === "open" ? ok(undefined) : fail(nobody);
    const known = this.#identify(found.value, arrival);
    return known instanceof Promise
      ? known.then((result) => this.#judge(spec, arrival, result))
      : this.#judge(spec, arrival, known);
  }

  #identify(credential: Credential, { address }: Arrival): Result<Principal> | Promise<Result<Principal>> {
    const known = this.#options.identity.authenticate(credential, { address });
    if (known instanceof Promise || known.ok || credential.kind !== "bearer") return known;
    return credentialShape.test(credential.value) ? this.#workerWith(credential.value, address) : known;
  }

  async #workerWith(credential: string, address: string | undefined): Promise<Result<Principal>> {
    const { holderOfCredential } = await import("./worker-credential.ts");
    return holderOfCredential(this.#options, credential, address);
  }

  #judge(spec: RouteSpec, arrival: Arrival, known: Result<Principal>): Result<Admitted> {
    const { permission } = spec;
    if (!known.ok) return permission === "open" ? ok(undefined) : known;
    const principal = known.value;
    const retryAfterMs = this.#tokens.take(principal.token ?? principal.session ?? principal.kind);
    if (retryAfterMs > 0) return fail(tooMany("this token or session", retryAfterMs));
    arrival.principal = principal;
    if (permission === "open" || permission === "signed-in" || principal.may(permission)) return known;
    return fail(forbidden(permission));
  }

  /** What a request carries: a bearer, else a ticket, else a cookie. */
  #credentialOf(spec: RouteSpec, arrival: Arrival): Result<Credential | undefined> {
    const { headers, method } = arrival.request;
    const authorization = headers.get("authorization");
    // Of other schemes something in between speaks, as a proxy that asks for a password of its own.
    if (authorization !== null && authorization.slice(0, bearerScheme.length).toLowerCase() === bearerScheme) {
      return ok({ kind: "bearer", value: authorization.slice(bearerScheme.length).trim() });
    }
    const foreign = spec.anyToken === true ? foreignToken(headers) : undefined;
    if (foreign !== undefined) return ok({ kind: "bearer", value: foreign });
    if (spec.queryToken === true && arrival.query.includes("token=")) {
      const token = takeParameter(arrival, "token");
      if (token !== undefined) return ok({ kind: "bearer", value: token });
    }
    if (arrival.query.includes("ticket=") && method === "GET") {
      const ticket = takeParameter(arrival, "ticket");
      const origin = headers.get("origin") ?? this.#sameOrigin(arrival);
      if (ticket !== undefined) return ok({ kind: "ticket", value: ticket, route: arrival.path, origin });
    }
    const { instance } = this.#options;
    const value = cookieIn(headers.get("cookie"), cookieName("session", { instance, secure: arrival.secure }));
    if (value === undefined || value === "") return ok(undefined);
    const problem = this.#cookieProblem(spec, arrival);
    return problem === undefined ? ok({ kind: "cookie", value }) : fail(problem);
  }

  /**
   * A cookie comes along with whatever a page makes the browser send, and pages on other ports of one machine count as the
   * same site: what changes something, and every socket, needs the origin itself, and other pages do not read with it.
   */
  #cookieProblem(spec: RouteSpec, arrival: Arrival): WireError | undefined {
    const { headers, method } = arrival.request;
    const origin = headers.get("origin");
    const site = headers.get("sec-fetch-site");
    const own = origin !== null && this.#options.origins.isOwn(origin, arrival);
    if (spec.socket === true) return own ? undefined : foreignCookie(origin);
    if (method !== "GET" && method !== "HEAD") {
      return own || (origin === null && site === "same-origin") ? undefined : foreignCookie(origin);
    }
    const allowed = spec.needsTicket === true ? ticketNeeded : undefined;
    if (origin !== null) return own ? allowed : foreignCookie(origin);
    const asked = site === null || site === "same-origin" || site === "none";
    return asked || headers.get("sec-fetch-mode") === "navigate" ? allowed : foreignCookie(null);
  }

  /** Browsers name no origin when they download from the page's own: they say that it is its own. */
  #sameOrigin(arrival: Arrival): string | undefined {
    if (arrival.request.headers.get("sec-fetch-site") !== "same-origin") return undefined;
    return originOf(arrival);
  }
}

/**
 * A token as shippers of other products send theirs: as password of Basic, behind `Splunk` or `ApiKey` (of which Elastic's
 * clients send base64 of `id:key`), or in the header of Datadog.
 */
function foreignToken(headers: Headers): string | undefined {
  const [scheme = "", value = ""] = (headers.get("authorization") ?? "").trim().split(/\s+/, 2);
  const own = headers.get("dd-api-key") ?? undefined;
  if (value === "") return own;
  switch (scheme.toLowerCase()) {
    case "splunk":
      return value;
    case "apikey":
      return afterColon(atobOf(value)) ?? value;
    case "basic":
      return afterColon(atobOf(value));
    default:
      return own;
  }
}

function afterColon(text: string): string | undefined {
  const at = text.indexOf(":");
  return at === -1 ? undefined : text.slice(at + 1);
}

/** Empty for what is no base64. */
function atobOf(text: string): string {
  return Buffer.from(text, "base64").toString();
}

/** The origin that a request was sent to. */
export function originOf({ secure, authority }: Pick<Arrival, "secure" | "authority">): string {
  return `${secure ? "https" : "http"}://${authority.toLowerCase()}`;
}

/** Takes a ticket or token out of the query, so that routes see what is theirs. */
function takeParameter(arrival: Arrival, name: "ticket" | "token"): string | undefined {
  const parameters = parametersOf(arrival.query, "invalid_filter");
  const values = parameters.getAll(name);
  parameters.delete(name);
  arrival.query = parameters.toString();
  return values.length === 1 ? values[0] : undefined;
}

const nobody: WireError = {
  code: "unauthorized",
  message: "The request carries no valid token.",
  hint: "Sign in, or send Authorization: Bearer <token>; `sluice token create` makes one.",
};

const ticketNeeded: WireError = {
  code: "unauthorized",
  message: "A session in a cookie is not enough for this: any link could set it off.",
  hint: "POST /api/v1/auth/tickets makes a ticket for it; programs send Authorization: Bearer <token>.",
};

/** What somebody lacks who is known. */
export function forbidden(permission: string): WireError {
  return {
    code: "forbidden",
    message: `This needs the permission ${permission}.`,
    hint: "Ask somebody who may change roles; GET /api/v1/auth/me says what you may do.",
    details: { permission },
  };
}

function foreignCookie(origin: string | null): WireError {
  const from = origin === null ? "another page" : `Origin ${JSON.stringify(origin.slice(0, 200))}`;
  return {
    code: "origin_not_allowed",
    message: `A session in a cookie is good for the console's own page, not for ${from}.`,
    hint: "Behind a proxy set --public-url, or --trusted-proxy; programs send a token instead of a cookie.",
  };
}

function tooMany(what: string, retryAfterMs: number): WireError {
  return {
    code: "too_many_requests",
    message: `Too many requests for ${what}.`,
    hint: "Wait as long as Retry-After says; the limits are settings.",
    details: { retryAfterMs },
  };
}
