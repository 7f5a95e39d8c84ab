// Hashes on Bun: its own hashers.

import { createHmac, randomBytes } from "node:crypto";
import type { CryptoProvider, RunningHash } from "../crypto.ts";
import { sameBytes } from "../same-bytes.ts";

function sha256(): RunningHash {
  const hash = new Bun.CryptoHasher("sha256");
  const running: RunningHash = {
    update: (data) => {
      hash.update(data);
      return running;
    },
    digest: () => new Uint8Array(hash.digest()),
  };
  return running;
}

/** Hashes and chance on Bun. */
export const bunCrypto: CryptoProvider = {
  sha256,
  hmac: (key, data) => new Uint8Array(createHmac("sha256", key).update(data).digest()),
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
  uuid: () => crypto.randomUUID(),
  timingSafeEqual: sameBytes,
  fastHash: (data) => Bun.hash.xxHash3(data),
  contentHash: (data, seed = 0) => Bun.hash.murmur32v3(data, seed),
};
