// Signing in of CI jobs: the OpenID token that GitHub, GitLab or another service gives a job is exchanged for a token of this
// server, with what a rule of the settings allows and no secret kept at the service.
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { SluiceError } from "@sluice/protocol";
import type { Grant } from "@sluice/protocol";
import { matchesPattern } from "../../kernel/patterns.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { AccessBook } from "../access/access-book.ts";
import { normalizeGrants, normalizeLimits } from "../access/grants.ts";
import type { CallerInfo } from "../access/principal.ts";
import type { CiRule, Limits } from "../settings.ts";
import { isSecureUrl } from "../sign-in/provider-url.ts";
import type { Tokens } from "./tokens.ts";

/** Signatures by a key pair; a shared secret is none that a service could publish. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const hourMs = 3_600_000;
const timeoutMs = 5_000;
/** Keys of a service are read again after so long; sooner, but not more often than each half minute, for one not known. */
const keysKeptMs = 600_000;
const shellRole = "admin";
/** Length of a name of a token, as everywhere. */
const nameCharactersMax = 200;

export interface ExchangedToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: number;
  readonly grants: readonly Grant[];
}

export interface CiExchangeOptions {
  readonly rules: readonly CiRule[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly book: AccessBook;
  readonly tokens: Tokens;
  readonly limits: { readonly exchangedTokenMsMax: number };
}

export class CiExchange {
  readonly #options: CiExchangeOptions;
  readonly #services = new Map<string, Promise<JWTVerifyGetKey>>();

  /** Throws `invalid_config` for a rule that lets in more than anybody can have meant. */
  constructor(options: CiExchangeOptions) {
    for (const rule of options.rules) checkRule(rule);
    this.#options = options;
  }

  /** Refused as `unauthorized` when the token is not one of a service that a rule names, as `forbidden` when no rule fits it. */
  async exchange(p: { readonly token: string; readonly caller: CallerInfo }): Promise<Result<ExchangedToken>> {
    const claims = await this.#verified(p.token);
    if (!claims.ok) return claims;
    const rule = this.#options.rules.find((each) => fits(each, claims.value));
    if (rule === undefined) {
      return fail({ code: "forbidden", message: "No rule of this server fits the claims of the token." });
    }
    const limits = limitsOf(rule, claims.value);
    if (!limits.ok) return limits;
    const grants = await this.#grantsOf(rule);
    if (!grants.ok) return grants;
    const { address } = p.caller;
    const name = `${rule.name} ${claims.value.sub ?? ""}`.slice(0, nameCharactersMax);
    const expiresInMs = Math.min(rule.expiresInMs ?? hourMs, this.#options.limits.exchangedTokenMsMax);
    const by = { kind: "system", id: "ci", origin: { name, ...(address === undefined ? {} : { address }) } } as const;
    const made = await this.#options.tokens.insert(by, {
      name,
      owner: undefined,
      role: rule.role,
      grants: grants.value,
      limits: limits.value,
      expiresInMs,
    });
    return ok({ id: made.id, token: made.token, expiresAt: made.row.createdAt + expiresInMs, grants: grants.value });
  }

  async #grantsOf(rule: CiRule): Promise<Result<readonly Grant[]>> {
    if (rule.role === undefined) return normalizeGrants(rule.grants ?? []);
    const role = (await this.#options.book.roles()).get(rule.role);
    if (role !== undefined) return ok(role.grants);
    return fail({
      code: "role_not_found",
      message: `The rule ${rule.name} names the role ${rule.role}: there is none.`,
    });
  }

  async #verified(token: string): Promise<Result<JWTPayload>> {
    const { clock, log, rules } = this.#options;
    const { decodeJwt, errors, jwtVerify } = await import("jose");
    try {
      const issuer = decodeJwt(token).iss;
      const ofIssuer = rules.filter((rule) => rule.issuer === issuer);
      if (issuer === undefined || ofIssuer.length === 0) return notKnown();
      const { payload } = await jwtVerify(token, await this.#keysOf(issuer), {
        algorithms,
        issuer,
        audience: ofIssuer.map((rule) => rule.audience),
        currentDate: new Date(clock.now()),
        requiredClaims: ["sub", "iat", "exp"],
      });
      return ok(payload);
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
        if (!(error instanceof Error)) throw error;
        log("warn", "The keys of a CI service could not be read.", { error: error.message });
        return fail({ code: "unavailable", message: "The keys of the CI service cannot be read.", hint: "Try again." });
      }
      return notKnown();
    }
  }

  async #keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    let service = this.#services.get(issuer);
    if (service === undefined) {
      service = discoverKeys(issuer);
      this.#services.set(issuer, service);
    }
    try {
      return await service;
    } catch (error) {
      this.#services.delete(issuer);
      throw error;
    }
  }
}

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet } = await import("jose");
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
  const { issuer: named, jwks_uri: keys } = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new Error(`${url} describes another issuer.`);
  if (typeof keys !== "string" || !isSecureUrl(keys)) throw new Error(`${url} names no keys that could be trusted.`);
  return createRemoteJWKSet(new URL(keys), { timeoutDuration: timeoutMs, cacheMaxAge: keysKeptMs });
}

function checkRule(rule: CiRule): void {
  const problem = ruleProblem(rule);
  if (problem === undefined) return;
  throw new SluiceError({ code: "invalid_config", message: `The CI rule ${JSON.stringify(rule.name)} ${problem}.` });
}

function ruleProblem(rule: CiRule): string | undefined {
  const patterns = Object.values(rule.claims).flat();
  if (!isSecureUrl(rule.issuer)) return "needs an issuer that is an https URL";
  if (rule.audience === "") return "needs an audience";
  // Everybody can get a token of a public service: without a claim the rule would let in every repository there is.
  if (patterns.every((pattern) => /^\**$/.test(pattern))) return "needs a claim that says whose job it is";
  if ((rule.role === undefined) === (rule.grants === undefined)) return "needs a role or grants, and not both";
  if (rule.role === shellRole) return "gives the role admin, which leads to a shell of the server";
  const grants = normalizeGrants(rule.grants ?? []);
  return grants.ok ? undefined : `has a grant that is not right: ${grants.error.message}`;
}

function fits(rule: CiRule, claims: JWTPayload): boolean {
  const audiences = typeof claims.aud === "string" ? [claims.aud] : (claims.aud ?? []);
  if (rule.issuer !== claims.iss || !audiences.includes(rule.audience)) return false;
  return Object.entries(rule.claims).every(([name, wanted]) => {
    const given = textOf(claims[name]);
    return given !== undefined && [wanted].flat().some((pattern) => matchesPattern(pattern, given));
  });
}

/** A claim as text; lists and objects are no text. */
function textOf(claim: unknown): string | undefined {
  return typeof claim === "string" || typeof claim === "number" || typeof claim === "boolean"
    ? String(claim)
    : undefined;
}

/** The limits of a rule with the claims of this token put in. */
function limitsOf(rule: CiRule, claims: JWTPayload): Result<Limits> {
  const entries: [string, readonly string[]][] = [];
  const limits = normalizeLimits(rule.limits ?? {});
  if (!limits.ok) return limits;
  for (const [selector, patterns] of Object.entries(limits.value)) {
    const filled: string[] = [];
    for (const pattern of patterns) {
      const text = fill(pattern, claims);
      if (text === undefined) {
        return fail({ code: "forbidden", message: `The token lacks a claim that the rule ${rule.name} needs.` });
      }
      filled.push(text);
    }
    entries.push([selector, filled]);
  }
  return ok(Object.fromEntries(entries) as Limits);
}

function fill(pattern: string, claims: JWTPayload): string | undefined {
  let complete = true;
  const text = pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = textOf(claims[name]);
    // A star in a claim would widen what was meant to be one thing: a branch can be called so by whoever opens it.
    if (value === undefined || value === "" || value.includes("*")) complete = false;
    return value ?? "";
  });
  return complete ? text : undefined;
}

function notKnown(): Result<never> {
  return fail({ code: "unauthorized", message: "The token is not one that a rule of this server lets in." });
}
