// One-time codes as second factor (RFC 6238): 6 digits every 30 seconds, no code taken twice, and recovery codes for who has
// lost the device.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import type { UserChange, UserRecord } from "../../kernel/identity-store.ts";
import { hashOf } from "../keys/secrets.ts";
import type { Seal } from "../keys/seal.ts";

const periodSeconds = 30;
const digits = 6;
const algorithm = "SHA1";
/** As many as the hash has, as RFC 4226 asks for. */
const secretBytes = 20;
/** Codes of the steps before and after are taken too: clocks differ, people type slowly. */
const stepsAround = 1;
const recoveryCodesCount = 10;
const recoveryBytes = 10;
const recoveryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const issuer = "Sluice";

interface Begun {
  readonly secret: Uint8Array;
  readonly expiresAt: number;
}

export interface TotpOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly seal: Seal;
  readonly limits: { readonly pendingMs: number; readonly pendingMax: number };
}

export class Totp {
  readonly #options: TotpOptions;
  /** By user, in the order in which they expire. */
  readonly #begun = new Map<string, Begun>();

  constructor(options: TotpOptions) {
    this.#options = options;
  }

  /** A secret that nothing asks for until it is confirmed; beginning again takes another one. */
  async begin(user: UserRecord): Promise<{ readonly secret: string; readonly uri: string }> {
    const { clock, limits, random } = this.#options;
    const secret = random.bytes(secretBytes);
    this.#begun.delete(user.id);
    const oldest = this.#begun.keys().next();
    if (this.#begun.size >= limits.pendingMax && oldest.done !== true) this.#begun.delete(oldest.value);
    this.#begun.set(user.id, { secret, expiresAt: clock.now() + limits.pendingMs });
    const totp = await makeTotp(secret, user.name);
    return { secret: totp.secret.base32, uri: totp.toString() };
  }

  /** What to change of the user so that codes are asked for, and the recovery codes to show once. */
  async confirm(
    user: UserRecord,
    code: string,
  ): Promise<Result<{ readonly change: UserChange; readonly recoveryCodes: readonly string[] }>> {
    const { clock, random, seal } = this.#options;
    const begun = this.#begun.get(user.id);
    if (begun === undefined || clock.now() >= begun.expiresAt) {
      return fail({ code: "bad_request", message: "No secret waits to be confirmed.", hint: "Ask for one first." });
    }
    const totpStep = await stepOf(begun.secret, code, clock.now());
    if (totpStep === undefined) {
      return fail({ code: "sign_in_failed", message: "The code is not right.", hint: "Is the device's clock right?" });
    }
    this.#begun.delete(user.id);
    const recoveryCodes = Array.from({ length: recoveryCodesCount }, () => newRecoveryCode(random));
    const totpSecret = await seal.seal(ownerOf(user), begun.secret);
    const change = { totpSecret, totpStep, recoveryCodes: recoveryCodes.map(recoveryHash) };
    return ok({ change, recoveryCodes });
  }

  /** What to change of the user so that this code is not taken again; undefined for one that is not right. */
  async take(user: UserRecord, code: string): Promise<UserChange | undefined> {
    if (user.totpSecret === undefined) return undefined;
    if (!/^\s*\d{3}\s?\d{3}\s*$/.test(code)) return takeRecoveryCode(user, code);
    const secret = await this.#options.seal.open(ownerOf(user), user.totpSecret);
    if (secret === undefined) return undefined;
    const step = await stepOf(secret, code, this.#options.clock.now());
    return step === undefined || step <= (user.totpStep ?? -1) ? undefined : { totpStep: step };
  }
}

function takeRecoveryCode(user: UserRecord, code: string): UserChange | undefined {
  const hash = recoveryHash(code);
  if (!user.recoveryCodes.includes(hash)) return undefined;
  return { recoveryCodes: user.recoveryCodes.filter((left) => left !== hash) };
}

function ownerOf(user: UserRecord): string {
  return `totp ${user.id}`;
}

async function makeTotp(secret: Uint8Array, label: string) {
  const { Secret, TOTP } = await import("otpauth");
  const buffer = new Uint8Array(secret).buffer;
  return new TOTP({ issuer, label, algorithm, digits, period: periodSeconds, secret: new Secret({ buffer }) });
}

/** The time step that a code belongs to. */
async function stepOf(secret: Uint8Array, code: string, now: number): Promise<number | undefined> {
  const totp = await makeTotp(secret, "");
  const delta = totp.validate({ token: code.replace(/\s/g, ""), timestamp: now, window: stepsAround });
  return delta === null ? undefined : Math.floor(now / 1_000 / periodSeconds) + delta;
}

/** 80 random bits, in four groups. */
function newRecoveryCode(random: Random): string {
  let bits = 0n;
  for (const byte of random.bytes(recoveryBytes)) bits = (bits << 8n) | BigInt(byte);
  let text = "";
  for (let i = 0; i < (recoveryBytes * 8) / 5; i++) {
    text += recoveryAlphabet[Number(bits & 31n)] ?? "";
    bits >>= 5n;
  }
  return text.replace(/.{4}(?=.)/g, "$&-");
}

/** However it was typed. */
function recoveryHash(code: string): string {
  return hashOf(code.toLowerCase().replace(/[^0-9a-z]/g, ""));
}
