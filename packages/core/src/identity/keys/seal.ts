// What has to be kept and must not be readable in the store alone: sealed with a key that is a file beside it.
import type { Random } from "../../kernel/ids.ts";
import { keyOf } from "./key-folder.ts";
import type { KeyFolder } from "./key-folder.ts";
import { nodeCrypto } from "./secrets.ts";

const keyName = "seal.key";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const version = 1;

/** AES-256-GCM: version, nonce, sealed text, tag. What it belongs to is bound in: moved to another owner it does not open. */
export class Seal {
  readonly #keys: KeyFolder;
  readonly #random: Random;
  #key: Promise<Uint8Array> | undefined;

  constructor(keys: KeyFolder, random: Random) {
    this.#keys = keys;
    this.#random = random;
  }

  async seal(owner: string, bytes: Uint8Array): Promise<Uint8Array> {
    const nonce = this.#random.bytes(nonceBytes);
    const cipher = nodeCrypto().createCipheriv("aes-256-gcm", await this.#loaded(), nonce);
    cipher.setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return new Uint8Array(Buffer.concat([Uint8Array.of(version), nonce, sealed, cipher.getAuthTag()]));
  }

  /** Undefined when it was sealed with another key, for another owner, or was changed. */
  async open(owner: string, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    if (sealed[0] !== version || sealed.length < 1 + nonceBytes + tagBytes) return undefined;
    const nonce = sealed.subarray(1, 1 + nonceBytes);
    const decipher = nodeCrypto().createDecipheriv("aes-256-gcm", await this.#loaded(), nonce);
    decipher.setAAD(Buffer.from(owner));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const opened = decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes));
    try {
      return new Uint8Array(Buffer.concat([opened, decipher.final()]));
    } catch {
      return undefined;
    }
  }

  async #loaded(): Promise<Uint8Array> {
    this.#key ??= keyOf(this.#keys, keyName, () => this.#random.bytes(keyBytes));
    try {
      return await this.#key;
    } catch (error) {
      this.#key = undefined;
      throw error;
    }
  }
}
