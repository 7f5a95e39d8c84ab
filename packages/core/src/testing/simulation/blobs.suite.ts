// Large values of a simulation, in memory; they survive crashes as files would.
import type { BlobStore } from "../../kernel/blob-store.ts";

/** Keeps blobs under a hash of their bytes; enough of one for a simulation. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    put: async (bytes) => {
      const hash = hashOf(bytes);
      blobs.set(hash, bytes);
      return { hash, release: () => undefined };
    },
    get: async (hash) => blobs.get(hash),
    size: async (hash) => blobs.get(hash)?.length,
  };
}

/** 256 bits from FNV-1a with eight seeds (Fowler, Noll, Vo), in hex. */
function hashOf(bytes: Uint8Array): string {
  let text = "";
  for (let seed = 0; seed < 8; seed++) {
    let hash = 0x811c9dc5 ^ (seed * 0x9e3779b1);
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    text += (hash >>> 0).toString(16).padStart(8, "0");
  }
  return text;
}
