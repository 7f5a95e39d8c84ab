// Hashes by `node:crypto`, XXH3 by hash-wasm, MurmurHash3 by ours. Deno has the same three.

import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { createXXHash3 } from "hash-wasm";
import { bytesOf } from "../crypto.ts";
import type { CryptoProvider, RunningHash } from "../crypto.ts";
import { murmur3 } from "../murmur3.ts";
import { sameBytes } from "../same-bytes.ts";

function sha256(): RunningHash {
  const hash = createHash("sha256");
  const running: RunningHash = {
    update: (data) => {
      hash.update(data);
      return running;
    },
    digest: () => new Uint8Array(hash.digest()),
  };
  return running;
}

/** Loads the hash that is compiled to WebAssembly; from then on all is synchronous. */
export async function nodeCrypto(): Promise<CryptoProvider> {
  const xxh3 = await createXXHash3();
  return {
    sha256,
    hmac: (key, data) => new Uint8Array(createHmac("sha256", key).update(data).digest()),
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    uuid: () => randomUUID(),
    timingSafeEqual: sameBytes,
    fastHash: (data) => BigInt(`0x${xxh3.init().update(data).digest("hex")}`),
    contentHash: (data, seed) => murmur3(bytesOf(data), seed),
  };
}
