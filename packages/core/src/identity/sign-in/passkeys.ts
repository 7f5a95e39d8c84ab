// Passkeys (WebAuthn): a key on the user's device, unlocked by the user, in place of name, password and code.
import type {
  AuthenticationResponseJSON,
  AuthenticatorTransport,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import type { IdentityStore, PasskeyRecord, UserRecord } from "../../kernel/identity-store.ts";
import { base64url } from "../keys/secrets.ts";
import type { Seal } from "../keys/seal.ts";
import { SealedNotes } from "../keys/sealed-note.ts";
import type { Actor } from "../../kernel/run-records.ts";
import type { IdentityLimits } from "../limits.ts";
import type { PasskeySettings } from "../settings.ts";

/** What a browser needs, and what it sends back with its answer. */
export interface PasskeyChallenge<Options> {
  readonly challenge: string;
  readonly options: Options;
}

/** What was asked of the browser. */
interface Asked {
  readonly challenge: string;
  /** Who makes a passkey; absent for signing in. */
  readonly user?: string | undefined;
}

const challengeBytes = 32;

export interface PasskeysOptions {
  readonly settings: PasskeySettings | undefined;
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly seal: Seal;
  readonly limits: IdentityLimits;
}

export class Passkeys {
  readonly #options: PasskeysOptions;
  readonly #asked: SealedNotes<Asked>;

  constructor(options: PasskeysOptions) {
    this.#options = options;
    this.#asked = new SealedNotes({ ...options, purpose: "passkey" });
  }

  /** What a browser needs to make a passkey for this user. */
  async begin(user: UserRecord): Promise<Result<PasskeyChallenge<PublicKeyCredentialCreationOptionsJSON>>> {
    const { limits, random, settings, store } = this.#options;
    if (settings === undefined) return switchedOff();
    const passkeys = await store.listPasskeys({ user: user.id });
    if (passkeys.length >= limits.passkeysPerUserMax) {
      return fail({ code: "conflict", message: `There are ${passkeys.length} passkeys already: remove one first.` });
    }
    const { generateRegistrationOptions } = await import("@simplewebauthn/server");
    const challenge = base64url(random.bytes(challengeBytes));
    const options = await generateRegistrationOptions({
      rpName: settings.rpName,
      rpID: settings.rpId,
      userName: user.name,
      userID: new TextEncoder().encode(user.id),
      challenge: decoded(challenge),
      excludeCredentials: passkeys.map(({ id, transports }) => ({ id, transports: [...transports] })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    const { text } = await this.#asked.write({ challenge, user: user.id });
    return ok({ challenge: text, options });
  }

  /** Keeps the passkey that the browser made. */
  async add(
    user: UserRecord,
    p: { readonly by: Actor; readonly challenge: string; readonly name: string; readonly credential: unknown },
  ): Promise<Result<PasskeyRecord>> {
    const { clock, settings, store } = this.#options;
    if (settings === undefined) return switchedOff();
    const asked = await this.#asked.read(p.challenge);
    if (asked?.user !== user.id) return notAsked();
    const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
    const made = await checked(async () =>
      verifyRegistrationResponse({
        response: p.credential as RegistrationResponseJSON,
        expectedChallenge: asked.challenge,
        expectedOrigin: [...settings.origins],
        expectedRPID: settings.rpId,
        requireUserVerification: true,
      }),
    );
    if (made?.verified !== true) return notRight("bad_request");
    if (!this.#asked.take(p.challenge)) return notAsked();
    const { credential } = made.registrationInfo;
    const passkey: PasskeyRecord = {
      id: credential.id,
      user: user.id,
      name: p.name,
      publicKey: new Uint8Array(credential.publicKey),
      counter: credential.counter,
      transports: credential.transports ?? [],
      createdAt: clock.now(),
    };
    const { outcome } = await store.addPasskey({ by: p.by, passkey });
    return outcome === "ok" ? ok(passkey) : fail({ code: "conflict", message: "This passkey is known already." });
  }

  /** What a browser needs to sign in; the device says who it is. */
  async beginSignIn(): Promise<Result<PasskeyChallenge<PublicKeyCredentialRequestOptionsJSON>>> {
    const { random, settings } = this.#options;
    if (settings === undefined) return switchedOff();
    const { generateAuthenticationOptions } = await import("@simplewebauthn/server");
    const challenge = base64url(random.bytes(challengeBytes));
    const options = await generateAuthenticationOptions({
      rpID: settings.rpId,
      challenge: decoded(challenge),
      userVerification: "required",
    });
    const { text } = await this.#asked.write({ challenge });
    return ok({ challenge: text, options });
  }

  /** Whose passkey answered. Refused as `sign_in_failed`; `user` is then set when it is known whose it would have been. */
  async verify(p: {
    readonly challenge: string;
    readonly credential: unknown;
  }): Promise<Result<UserRecord> & { readonly user?: UserRecord | undefined }> {
    const { clock, settings, store } = this.#options;
    if (settings === undefined) return switchedOff();
    const asked = await this.#asked.read(p.challenge);
    if (asked === undefined || asked.user !== undefined) return notAsked();
    const response = p.credential as AuthenticationResponseJSON;
    const id: unknown = (p.credential as { readonly id?: unknown } | null)?.id;
    const passkey = typeof id === "string" ? await store.getPasskey({ passkey: id }) : undefined;
    const user = passkey === undefined ? undefined : await store.getUser({ user: passkey.user });
    if (passkey === undefined || user === undefined) return notRight("sign_in_failed");
    const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
    const answered = await checked(async () =>
      verifyAuthenticationResponse({
        response,
        expectedChallenge: asked.challenge,
        expectedOrigin: [...settings.origins],
        expectedRPID: settings.rpId,
        requireUserVerification: true,
        credential: {
          id: passkey.id,
          publicKey: new Uint8Array(passkey.publicKey),
          counter: passkey.counter,
          transports: [...passkey.transports] as AuthenticatorTransport[],
        },
      }),
    );
    const handle = response.response?.userHandle;
    const own = handle === undefined || Buffer.from(handle, "base64url").toString() === user.id;
    if (answered?.verified !== true || !own) return { ...notRight("sign_in_failed"), user };
    if (!this.#asked.take(p.challenge)) return { ...notAsked(), user };
    const { newCounter } = answered.authenticationInfo;
    await store.usePasskey({ passkey: passkey.id, counter: newCounter, now: clock.now() });
    return ok(user);
  }
}

/** The library throws for whatever is not as it should be, also for what is no credential at all. */
async function checked<T>(verify: () => Promise<T>): Promise<T | undefined> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64url"));
}

function switchedOff(): ReturnType<typeof fail> {
  return fail({ code: "bad_request", message: "Signing in by passkey is not set up on this server." });
}

function notAsked(): ReturnType<typeof fail> {
  return fail({ code: "bad_request", message: "The challenge was used, has expired, or is for something else." });
}

function notRight(code: "bad_request" | "sign_in_failed"): ReturnType<typeof fail> {
  return fail({ code, message: "The passkey did not answer as it should." });
}
