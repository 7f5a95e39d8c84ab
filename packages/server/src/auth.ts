// Which names this server answers to, and which pages may call it.
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";

/** Compares in time that depends on the length of `given` only. */
export function isSame(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length;
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ secret.charCodeAt(secret.length === 0 ? 0 : i % secret.length);
  }
  return difference === 0;
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The host of a `Host` header or URL authority without its port, in lower case. */
function hostOf(authority: string): string {
  const lower = authority.toLowerCase();
  const port = lower.lastIndexOf(":");
  return port > lower.lastIndexOf("]") && port !== -1 ? lower.slice(0, port) : lower;
}

const verdictsMax = 64;

/**
 * The names this server answers to. A page whose name was pointed at this machine (DNS rebinding) calls with its own name
 * in `Host` and is refused. Entries are `name`, `name:port`, `*.name`, or `*` for every name.
 */
export class HostList {
  readonly #allowed: readonly string[];
  readonly #verdicts = new Map<string, boolean>();

  constructor(allowed: readonly string[]) {
    this.#allowed = allowed.map((entry) => entry.toLowerCase());
  }

  allows(authority: string): boolean {
    const known = this.#verdicts.get(authority);
    if (known !== undefined) return known;
    const verdict = this.#judge(authority.toLowerCase());
    if (this.#verdicts.size < verdictsMax) this.#verdicts.set(authority, verdict);
    return verdict;
  }

  #judge(authority: string): boolean {
    const host = hostOf(authority);
    if (loopback.test(host)) return true;
    return this.#allowed.some(
      (entry) =>
        entry === "*" ||
        entry === host ||
        entry === authority ||
        (entry.startsWith("*.") && host.endsWith(entry.slice(1))),
    );
  }
}

/** What is known of where a request comes from. */
export interface Caller {
  readonly authority: string;
  readonly origin: string | null;
  /** `Sec-Fetch-Site`, for requests that browsers make without an `Origin`. */
  readonly site: string | null;
}

/** The pages that may call this server: its own, and those that were listed. Programs send no `Origin`. */
export class OriginList {
  readonly #allowed: ReadonlySet<string>;
  readonly #public: string | undefined;

  /** `publicUrl`: where people open this server, if it is elsewhere than where it listens. */
  constructor(allowed: readonly string[], publicUrl?: string) {
    this.#allowed = new Set(allowed.map((entry) => entry.toLowerCase().replace(/\/$/, "")));
    this.#public = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  }

  /** Whether it is this server's own page, to the letter: scheme, name and port. */
  isOwn(origin: string, { authority, secure }: { readonly authority: string; readonly secure: boolean }): boolean {
    return origin === `${secure ? "https" : "http"}://${authority.toLowerCase()}` || origin === this.#public;
  }

  /** The origin to name in the answer when it may read it; null where there is none. */
  check({ authority, origin, site }: Caller): Result<string | null> {
    if (origin === null) {
      if (site === null || site === "same-origin" || site === "none") return ok(null);
      return refusedOrigin("A page of another site");
    }
    const lower = origin.toLowerCase();
    if (lower === this.#public) return ok(null);
    if (this.#allowed.has(lower) || this.#allowed.has("*")) return ok(origin);
    const own = lower.slice(lower.indexOf("://") + 3) === authority.toLowerCase();
    return own && /^https?:\/\//.test(lower)
      ? ok(null)
      : refusedOrigin(`Origin ${JSON.stringify(origin.slice(0, 200))}`);
  }
}

function refusedOrigin(what: string): Result<never> {
  return fail({
    code: "origin_not_allowed",
    message: `${what} may not call this server.`,
    hint: "Add the page's origin to the setting http.allowedOrigins.",
  });
}
