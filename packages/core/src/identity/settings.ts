// What an installation says about signing in; everything has a default, and what needs a second party is off.
import type { Grant, SelectorName } from "@sluice/protocol";
import { identityLimits } from "./limits.ts";
import type { IdentityLimits } from "./limits.ts";

/** Patterns by selector: each narrows whatever carries it. */
export type Limits = Readonly<Partial<Record<SelectorName, readonly string[]>>>;

/** Signing in by passkey (WebAuthn). */
export interface PasskeySettings {
  /** Domain of the console, without scheme and port; passkeys are bound to it for good. */
  readonly rpId: string;
  /** Shown by the browser. */
  readonly rpName: string;
  /** Origins that the console is opened at, as `https://ops.example`. */
  readonly origins: readonly string[];
}

/** Signing in at an identity provider (OpenID Connect, authorization code with PKCE). */
export interface OpenIdSettings {
  /** On the button. */
  readonly name: string;
  /** URL whose `/.well-known/openid-configuration` describes the provider; http on loopback only. */
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for public clients. */
  readonly clientSecret?: string | undefined;
  /** Besides `openid`; `profile email` where nothing is said. */
  readonly scopes?: readonly string[] | undefined;
  /** Public URL of `/api/v1/auth/openid/return`. */
  readonly redirectUri: string;
  /** Claim of the ID token that lists the groups; `groups` where nothing is said. */
  readonly groupsClaim?: string | undefined;
  /** Roles by group. The roles of a user are set from the groups at every sign-in. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** For users none of whose groups has roles; without them such users are refused. */
  readonly defaultRoles?: readonly string[] | undefined;
  /** False: only accounts that are already linked come in. */
  readonly createUsers?: boolean | undefined;
}

/** Which jobs of a CI service get which rights. */
export interface CiRule {
  readonly name: string;
  /** As in the token, as `https://token.actions.githubusercontent.com`. */
  readonly issuer: string;
  readonly audience: string;
  /** Claims the token must have, each fitting a pattern (`*` stands for any characters); at least one. */
  readonly claims: Readonly<Record<string, string | readonly string[]>>;
  /** What the token may do: a role (not admin), or grants. */
  readonly role?: string | undefined;
  readonly grants?: readonly Grant[] | undefined;
  /** `{claim}` in a pattern stands for that claim of the token, as `cache: ["{ref}"]`. */
  readonly limits?: Limits | undefined;
  /** One hour where nothing is said. */
  readonly expiresInMs?: number | undefined;
}

export interface IdentitySettings {
  readonly limits: IdentityLimits;
  /** Whether users may ask for one-time codes as second factor. Who has turned it on stays asked. */
  readonly totp: boolean;
  readonly passkeys?: PasskeySettings | undefined;
  readonly openid?: OpenIdSettings | undefined;
  readonly ci: readonly CiRule[];
}

export const identityDefaults: IdentitySettings = { limits: identityLimits, totp: false, ci: [] };
