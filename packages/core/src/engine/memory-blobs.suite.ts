// Blobs in memory, for tests: remembers what was put and what was released.
import type { BlobStore } from "../kernel/blob-store.ts";

export class MemoryBlobs implements BlobStore {
  readonly blobs = new Map<string, Uint8Array>();
  /** Blobs that must not be collected yet: put and not released. */
  held = 0;
  /** When set, asked before each blob is kept: what it rejects with is how the put fails. */
  before: (() => Promise<void>) | undefined;

  async put(bytes: Uint8Array): Promise<{ readonly hash: string; readonly release: () => void }> {
    this.held++;
    await this.before?.();
    const digest = await crypto.subtle.digest("SHA-256", bytes.slice());
    const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.blobs.set(hash, bytes.slice());
    return { hash, release: () => void this.held-- };
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    return this.blobs.get(hash);
  }

  async size(hash: string): Promise<number | undefined> {
    return this.blobs.get(hash)?.length;
  }
}
