// Refresh tokens, each derived from its session, its place in line and a key: so the successor of a token is always the same,
// whoever of several asks for it first, also across a restart, and an old token is recognised without being kept.
import type { Random } from "../../kernel/ids.ts";
import { isSameSecret, nodeCrypto } from "../keys/secrets.ts";
import { keyOf } from "../keys/key-folder.ts";
import type { KeyFolder } from "../keys/key-folder.ts";

const keyName = "refresh.key";
const keyBytes = 32;
const pattern = /^slr_(ses_[0-9a-z]{1,64})\.(\d{1,15})\.([\w-]{43})$/;

/** A refresh token that this server made, at some time. */
export interface RefreshToken {
  readonly session: string;
  /** Place in line, from 0. */
  readonly place: number;
}

/** `slr_SESSION.PLACE.MAC`, the MAC being HMAC-SHA-256 over session and place. The session's id has 128 random bits. */
export class RefreshTokens {
  readonly #keys: KeyFolder;
  readonly #random: Random;
  #key: Promise<Uint8Array> | undefined;

  constructor(keys: KeyFolder, random: Random) {
    this.#keys = keys;
    this.#random = random;
  }

  async write({ session, place }: RefreshToken): Promise<string> {
    const text = `${session}.${place}`;
    return `slr_${text}.${await this.#mac(text)}`;
  }

  /** Undefined for a text that is no token made here. */
  async read(token: string): Promise<RefreshToken | undefined> {
    const [, session, place, mac] = pattern.exec(token) ?? [];
    if (session === undefined || place === undefined || mac === undefined) return undefined;
    if (!isSameSecret(mac, await this.#mac(`${session}.${place}`))) return undefined;
    return { session, place: Number(place) };
  }

  async #mac(text: string): Promise<string> {
    this.#key ??= keyOf(this.#keys, keyName, () => this.#random.bytes(keyBytes));
    try {
      return nodeCrypto()
        .createHmac("sha256", await this.#key)
        .update(text)
        .digest("base64url");
    } catch (error) {
      this.#key = undefined;
      throw error;
    }
  }
}
