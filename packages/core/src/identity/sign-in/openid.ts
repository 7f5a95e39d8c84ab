// Signing in at an identity provider (OpenID Connect): authorization code with PKCE, state and nonce. An account is known by
// issuer and subject; an e-mail address or a name alone is never taken for somebody.
import type { Configuration, UserInfoResponse } from "openid-client";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Seal } from "../keys/seal.ts";
import { SealedNotes } from "../keys/sealed-note.ts";
import type { IdentityLimits } from "../limits.ts";
import type { OpenIdSettings } from "../settings.ts";
import { isLoopbackUrl, isSecureUrl } from "./provider-url.ts";

/** What the provider says of somebody. */
export interface ProviderAccount {
  readonly issuer: string;
  readonly subject: string;
  /** As the provider calls them; in the characters that names have here. */
  readonly name: string;
  readonly email: string | undefined;
  readonly groups: readonly string[];
  /** Page of the console to come back to. */
  readonly returnTo: string;
}

interface Begun {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
}

type Claims = Readonly<Record<string, unknown>>;

const groupsClaimDefault = "groups";
const scopesDefault = ["profile", "email"];
const nameCharactersMax = 120;
const timeoutSeconds = 10;

export interface OpenIdOptions {
  readonly settings: OpenIdSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly seal: Seal;
  readonly limits: IdentityLimits;
}

export class OpenId {
  readonly #options: OpenIdOptions;
  readonly #begun: SealedNotes<Begun>;
  #configuration: Promise<Configuration> | undefined;

  constructor(options: OpenIdOptions) {
    this.#options = options;
    this.#begun = new SealedNotes({ ...options, purpose: "openid" });
  }

  /** Where to send the browser, and what it has to carry in a cookie, so that nobody else's answer is taken for its own. */
  async start(
    returnTo: string,
  ): Promise<Result<{ readonly url: string; readonly binding: string; readonly expiresAt: number }>> {
    const { settings } = this.#options;
    const configuration = await this.#discovered();
    if (!configuration.ok) return configuration;
    const client = await import("openid-client");
    const state = client.randomState();
    const nonce = client.randomNonce();
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(configuration.value, {
      redirect_uri: settings.redirectUri,
      scope: ["openid", ...(settings.scopes ?? scopesDefault)].join(" "),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const note = await this.#begun.write({ state, nonce, verifier, returnTo: safePage(returnTo) });
    return ok({ url: url.href, binding: note.text, expiresAt: note.expiresAt });
  }

  /** What the provider says of who has come back. `query`: of the URL they came back to. */
  async finish(p: { readonly query: string; readonly binding: string }): Promise<Result<ProviderAccount>> {
    const { log, settings } = this.#options;
    const begun = await this.#begun.read(p.binding);
    if (begun === undefined || !this.#begun.take(p.binding)) {
      return refused("The sign-in was begun elsewhere, took too long, or was finished before.");
    }
    const configuration = await this.#discovered();
    if (!configuration.ok) return configuration;
    const client = await import("openid-client");
    // What was asked for is what is compared, whatever a proxy made of the address.
    const url = new URL(settings.redirectUri);
    url.search = p.query;
    try {
      const tokens = await client.authorizationCodeGrant(configuration.value, url, {
        pkceCodeVerifier: begun.verifier,
        expectedState: begun.state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) return refused("The provider sent no ID token.");
      const more = await this.#userInfo(configuration.value, { claims, accessToken: tokens.access_token });
      return ok({
        ...this.#account({ ...more, ...claims }),
        issuer: claims.iss,
        subject: claims.sub,
        returnTo: begun.returnTo,
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      log("warn", "A sign-in at the identity provider failed.", { error: describe(error) });
      return refused("The identity provider did not confirm the sign-in.");
    }
  }

  /** What the ID token does not say, many providers say when asked. */
  async #userInfo(
    configuration: Configuration,
    p: { readonly claims: { readonly sub: string } & Claims; readonly accessToken: string },
  ): Promise<Claims | UserInfoResponse> {
    const groupsClaim = this.#options.settings.groupsClaim ?? groupsClaimDefault;
    if (p.claims[groupsClaim] !== undefined) return {};
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
    const { fetchUserInfo } = await import("openid-client");
    return fetchUserInfo(configuration, p.accessToken, p.claims.sub);
  }

  #account(claims: Claims): Pick<ProviderAccount, "email" | "groups" | "name"> {
    const groups = claims[this.#options.settings.groupsClaim ?? groupsClaimDefault];
    const email = claims["email_verified"] === false ? undefined : textOf(claims["email"]);
    const name = textOf(claims["preferred_username"]) ?? email ?? textOf(claims["sub"]) ?? "";
    return {
      email,
      name: nameOf(name),
      groups: (Array.isArray(groups) ? groups : [groups]).filter((group) => typeof group === "string"),
    };
  }

  async #discovered(): Promise<Result<Configuration>> {
    const { log, settings } = this.#options;
    this.#configuration ??= discover(settings);
    const discovering = this.#configuration;
    try {
      return ok(await discovering);
    } catch (error) {
      if (this.#configuration === discovering) this.#configuration = undefined;
      if (!(error instanceof Error)) throw error;
      log("error", "The identity provider could not be reached.", { issuer: settings.issuer, error: describe(error) });
      return fail({ code: "unavailable", message: "The identity provider cannot be reached.", hint: "Try again." });
    }
  }
}

async function discover(settings: OpenIdSettings): Promise<Configuration> {
  const client = await import("openid-client");
  if (!isSecureUrl(settings.issuer)) throw new Error("The issuer has to be https, or http on loopback.");
  const secret = settings.clientSecret;
  const auth = secret === undefined ? client.None() : client.ClientSecretBasic(secret);
  const execute = [client.enableNonRepudiationChecks];
  // oxlint-disable-next-line typescript/no-deprecated -- marked so to stand out; on loopback nobody is in between.
  if (isLoopbackUrl(settings.issuer)) execute.push(client.allowInsecureRequests);
  const options = { execute, timeout: timeoutSeconds };
  return client.discovery(new URL(settings.issuer), settings.clientId, undefined, auth, options);
}

function describe(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** In the characters that names of users have. */
function nameOf(text: string): string {
  const name = text.replace(/[^A-Za-z0-9._@+-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "user" : name.slice(0, nameCharactersMax);
}

/** A page of the console and nothing else: no other host can be named in it, in whatever spelling. */
export function safePage(page: string): string {
  const base = "http://console.invalid";
  if (!page.startsWith("/") || !URL.canParse(page, base)) return "/";
  const url = new URL(page, base);
  return url.origin === base ? url.pathname.replace(/^\/+/, "/") + url.search + url.hash : "/";
}

function refused(message: string): Result<never> {
  return fail({ code: "sign_in_failed", message, hint: "Begin again." });
}
