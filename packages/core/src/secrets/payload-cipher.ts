// AES-256-GCM for payloads: keys that wrap keys, and keys that seal values. Loaded when something is sealed for the first time.
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../kernel/ids.ts";
import type { RunSeal } from "../kernel/payload-keys.ts";
import { encodeSealHeader } from "../kernel/sealed.ts";
import type { SealPlace } from "../kernel/sealed.ts";

const algorithm = "aes-256-gcm";
export const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Nonce, sealed bytes, tag; `bound` is authenticated with them. */
export function encrypt(
  key: Uint8Array,
  { bytes, bound, nonce }: { readonly bytes: Uint8Array; readonly bound: Uint8Array; readonly nonce: Uint8Array },
): readonly Uint8Array[] {
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(bound);
  return [nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()];
}

/** Undefined where the key is another, or what is bound, or something was changed. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, bound: Uint8Array): Uint8Array | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(bound);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const opened = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
  try {
    return joined([opened, decipher.final()]);
  } catch {
    // The tag does not fit: that is the answer.
    return undefined;
  }
}

/** A data key in memory. */
export class DataKey implements RunSeal {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly #random: Random;

  constructor(p: { readonly key: string; readonly bytes: Uint8Array; readonly random: Random }) {
    this.key = p.key;
    this.bytes = p.bytes;
    this.#random = p.random;
  }

  seal(place: SealPlace, bytes: Uint8Array): Uint8Array {
    const header = encodeSealHeader({ ...place, key: this.key });
    return joined([header, ...encrypt(this.bytes, { bytes, bound: header, nonce: this.#random.bytes(nonceBytes) })]);
  }

  /** `length`: of the envelope's header. */
  open(sealed: Uint8Array, length: number): Uint8Array | undefined {
    return decrypt(this.bytes, sealed.subarray(length), sealed.subarray(0, length));
  }
}

/** A data key wrapped with a key of its workflow, bound to its id. */
export function wrap(
  with_: Uint8Array,
  { id, bytes, random }: { readonly id: string; readonly bytes: Uint8Array; readonly random: Random },
): Uint8Array {
  return joined(encrypt(with_, { bytes, bound: boundTo(id), nonce: random.bytes(nonceBytes) }));
}

export function unwrap(with_: Uint8Array, id: string, wrapped: Uint8Array): Uint8Array | undefined {
  return decrypt(with_, wrapped, boundTo(id));
}

function boundTo(id: string): Uint8Array {
  return new TextEncoder().encode(`payload key ${id}`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
