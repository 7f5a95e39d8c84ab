// Hashes and chance, as every runtime's provider offers them: the same values everywhere.

/** A hash that is fed in pieces. */
export interface RunningHash {
  update(data: string | Uint8Array): RunningHash;
  /** The digest; nothing can be added after it. */
  digest(): Uint8Array;
}

export interface CryptoProvider {
  sha256(): RunningHash;
  /** HMAC with SHA-256 (RFC 2104). */
  hmac(key: string | Uint8Array, data: string | Uint8Array): Uint8Array;
  randomBytes(length: number): Uint8Array;
  /** Version 4. */
  uuid(): string;
  /** Whether both hold the same bytes, in a time that only their lengths decide. */
  timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
  /** XXH3 with 64 bits and seed 0 (xxHash 0.8). Fast, and no defence against anybody. */
  fastHash(data: string | Uint8Array): bigint;
  /** MurmurHash3 x86, 32 bits. `seed` is an unsigned 32-bit number, default 0. */
  contentHash(data: string | Uint8Array, seed?: number): number;
}

/** UTF-8 of text; bytes as they are. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}
