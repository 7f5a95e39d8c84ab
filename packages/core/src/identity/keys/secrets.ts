// Secrets and ids: how they are drawn, written and hashed. What is drawn has 256 bits, so a plain hash at rest is enough.
import type * as NodeCrypto from "node:crypto";
import type { Random } from "../../kernel/ids.ts";

const secretBytes = 32;
const idBytes = 16;
const base32 = "0123456789abcdefghjkmnpqrstvwxyz";
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 62⁴³ > 2²⁵⁶, and 62⁶ > 2³². */
const secretCharacters = 43;
const checksumCharacters = 6;
const tokenPrefix = "slu_";
const tokenPattern = /^slu_[0-9A-Za-z]{49}$/;
/** Characters of a token that are kept for recognising it: the prefix, and 48 of its 256 bits. */
const shownCharacters = tokenPrefix.length + 8;

/** SHA-256 in lower case hex. */
export function hashOf(secret: string): string {
  return Bun.CryptoHasher.hash("sha256", secret, "hex");
}

/** Whether two texts are the same, in time that does not depend on where they differ. */
export function isSameSecret(given: string, secret: string): boolean {
  const [a, b] = [digest(given), digest(secret)];
  let difference = 0;
  for (const [at, byte] of a.entries()) difference |= byte ^ (b[at] ?? 0);
  return difference === 0;
}

function digest(text: string): Uint8Array {
  return Bun.CryptoHasher.hash("sha256", text);
}

/** Node's crypto, on first use: it takes 2 MB, which a server at rest can do without. */
export function nodeCrypto(): typeof NodeCrypto {
  return process.getBuiltinModule("node:crypto");
}

/** 256 bits as base64url. */
export function newSecret(random: Random): string {
  return base64url(random.bytes(secretBytes));
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** `prefix_` and 128 bits in Crockford's base 32. */
export function newId(random: Random, prefix: string): string {
  let text = `${prefix}_`;
  let bits = 0;
  let held = 0;
  for (const byte of random.bytes(idBytes)) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += base32[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + base32[(held << (5 - bits)) & 31];
}

/**
 * A token: `slu_`, 256 bits in 43 characters of base 62, and the CRC-32 of those in 6. Scanners of leaked secrets know it by
 * its beginning and check it without asking; a token that was mistyped is refused without asking the store.
 */
export function newToken(random: Random): { readonly token: string; readonly prefix: string } {
  const secret = inBase62(random.bytes(secretBytes), secretCharacters);
  const token = tokenPrefix + secret + checksumOf(secret);
  return { token, prefix: token.slice(0, shownCharacters) };
}

/** Whether a text has the shape and the checksum of a token. */
export function isToken(text: string): boolean {
  if (!tokenPattern.test(text)) return false;
  const secret = text.slice(tokenPrefix.length, -checksumCharacters);
  return text.endsWith(checksumOf(secret));
}

function checksumOf(secret: string): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, Bun.hash.crc32(secret));
  return inBase62(bytes, checksumCharacters);
}

function inBase62(bytes: Uint8Array, characters: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (let i = 0; i < characters; i++) {
    text = (base62[Number(rest % 62n)] ?? "") + text;
    rest /= 62n;
  }
  return text;
}
