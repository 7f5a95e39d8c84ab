// Who vouches for an entry of the cache. What is signed names place and content, so that a good signature is good nowhere else.
import { createHash, createHmac, createPrivateKey, createPublicKey, sign, timingSafeEqual, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What an entry is and where it stands. */
export interface Signed {
  readonly scope: string;
  readonly space: string;
  readonly key: string;
  /** Who wrote it: id of a token or a person. */
  readonly by: string;
  readonly body: string;
  /** Blobs that it names. */
  readonly digests: readonly string[];
}

/** Signs, and knows signatures: its own, and of others that it trusts. */
export interface CacheSigner {
  /** `name:base64`. */
  sign(entry: Signed): string;
  isGood(entry: Signed, signature: string): boolean;
}

const domain = "sluice-cache-entry-1";
const keyBytesMin = 16;

/** Each part after its length, so that no two entries have one text; numbers are 8 bytes, little-endian. */
function message({ scope, space, key, by, body, digests }: Signed): Uint8Array {
  const hash = createHash("sha256");
  for (const part of [domain, scope, space, key, by, body, ...digests]) {
    const bytes = Buffer.from(part, "utf8");
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    hash.update(length).update(bytes);
  }
  return hash.digest();
}

/** Signs with a secret that all who read have as well. Throws for one of less than 16 bytes. */
export function hmacSigner(secret: Uint8Array): CacheSigner {
  if (secret.length < keyBytesMin) throw new Error(`The key of a cache has at least ${keyBytesMin} bytes.`);
  const mac = (entry: Signed): Buffer => createHmac("sha256", secret).update(message(entry)).digest();
  return {
    sign: (entry) => `hmac-sha256:${mac(entry).toString("base64")}`,
    isGood: (entry, signature) => {
      const given = Buffer.from(after("hmac-sha256:", signature) ?? "", "base64");
      const wanted = mac(entry);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}

/**
 * Signs with a key of one's own, of which the others have the public half. Keys in PEM; `trusted` says whose are taken, by the name
 * that stands before the signature. Without a private key it signs nothing: `sign` throws.
 */
export function ed25519Signer(p: {
  readonly name: string;
  readonly privateKey?: string | undefined;
  readonly trusted: Readonly<Record<string, string>>;
}): CacheSigner {
  const own = p.privateKey === undefined ? undefined : createPrivateKey(p.privateKey);
  const keys = new Map<string, KeyObject>();
  for (const [name, pem] of Object.entries(p.trusted)) keys.set(name, createPublicKey(pem));
  return {
    sign: (entry) => {
      if (own === undefined) throw new Error("There is no private key to sign with.");
      return `ed25519/${p.name}:${sign(null, message(entry), own).toString("base64")}`;
    },
    isGood: (entry, signature) => {
      const [, name = "", value = ""] = /^ed25519\/([^:]*):(.*)$/.exec(signature) ?? [];
      const key = keys.get(name);
      return key !== undefined && verify(null, message(entry), key, Buffer.from(value, "base64"));
    },
  };
}

function after(prefix: string, text: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}
