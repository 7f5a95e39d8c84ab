// Access tokens of programs, and the keys that sign them: replaced from time to time, the old ones kept for as long as a token
// they signed can be good.
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import { newSigningKey, signJwt, verifyJwt } from "./jwt.ts";
import type { SigningKey } from "./jwt.ts";
import type { KeyFolder } from "./key-folder.ts";

const keyName = "access.json";
/** Kept so much longer than needed, for clocks that are moved. */
const overlapMs = 60_000;

interface RingKey {
  readonly createdAt: number;
  readonly key: SigningKey;
}

export interface AccessTokenOptions {
  readonly keys: KeyFolder;
  readonly clock: Clock;
  readonly random: Random;
  readonly instance: string;
  readonly limits: { readonly accessTokenMs: number; readonly signingKeyMs: number };
}

export class AccessTokens {
  readonly #options: AccessTokenOptions;
  /** Newest first. */
  #ring: readonly RingKey[] | undefined;
  #turning: Promise<readonly RingKey[]> | undefined;

  constructor(options: AccessTokenOptions) {
    this.#options = options;
  }

  async issue(p: { readonly user: string; readonly session: string }): Promise<{ token: string; expiresAt: number }> {
    const { clock, instance, limits } = this.#options;
    const [current] = await this.#ready();
    if (current === undefined) throw new Error("There is no key to sign with.");
    const issuedAt = clock.now();
    const expiresAt = Math.floor((issuedAt + limits.accessTokenMs) / 1_000) * 1_000;
    const claims = { type: "at+jwt", subject: p.user, session: p.session, instance, issuedAt, expiresAt } as const;
    return { token: await signJwt(current.key, claims), expiresAt };
  }

  /** Whose session it is; undefined for a token that is not good. Whether the session lives is for the caller to look up. */
  async verify(
    token: string,
  ): Promise<{ readonly user: string; readonly session: string; readonly expiresAt: number } | undefined> {
    const { clock, instance, limits } = this.#options;
    const ring = this.#ring ?? (await this.#ready());
    const claims = await verifyJwt(token, {
      type: "at+jwt",
      instance,
      now: clock.now(),
      lifeMsMax: limits.accessTokenMs,
      keyFor: (kid) => ring.find(({ key }) => key.kid === kid)?.key,
    });
    if (claims?.session === undefined) return undefined;
    return { user: claims.subject, session: claims.session, expiresAt: claims.expiresAt };
  }

  /** The keys, with one to sign with that is not too old. */
  async #ready(): Promise<readonly RingKey[]> {
    const newest = this.#ring?.[0];
    if (this.#ring !== undefined && newest !== undefined && !this.#isOld(newest)) return this.#ring;
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = undefined;
    });
    return this.#turning;
  }

  #isOld(key: RingKey): boolean {
    return key.createdAt + this.#options.limits.signingKeyMs <= this.#options.clock.now();
  }

  async #turn(): Promise<readonly RingKey[]> {
    const { keys, clock, random, limits } = this.#options;
    const kept = await keys.read(keyName);
    const before = kept === undefined ? [] : readRing(kept);
    if (before[0] !== undefined && !this.#isOld(before[0])) return (this.#ring = before);
    const now = clock.now();
    const ring = [{ createdAt: now, key: newSigningKey(random) }, ...before].filter((_, at, list) => {
      const successor = list[at - 1];
      return successor === undefined || successor.createdAt + limits.accessTokenMs + overlapMs > now;
    });
    await keys.replace(keyName, new TextEncoder().encode(`${JSON.stringify({ version: 1, keys: ring })}\n`));
    return (this.#ring = ring);
  }
}

function readRing(bytes: Uint8Array): readonly RingKey[] {
  const parsed = JSON.parse(new TextDecoder().decode(bytes)) as { version?: unknown; keys?: unknown };
  if (parsed.version !== 1 || !Array.isArray(parsed.keys)) throw new Error(`keys/${keyName} cannot be read.`);
  return parsed.keys as RingKey[];
}
