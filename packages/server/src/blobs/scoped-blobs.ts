// Blobs as those see them who come with a scope: they find what their scopes hold, and hold what they have shown to have. Whatever is
// found again by a key can stand on it: it names blobs, and asks here whether whoever asks may have them.
import { fail, ok } from "@sluice/core";
import type { BlobScopeStore, CacheScope, Clock, HeldBlob, Result } from "@sluice/core";
import type { FileBlobs } from "@sluice/core/store/sqlite";

export interface ScopedBlobsParts {
  readonly store: BlobScopeStore;
  readonly files: Pick<FileBlobs, "receive" | "size" | "find">;
  readonly clock: Clock;
  readonly limits: { readonly blobBytesMax: number; readonly blobUploadsMax: number };
}

/** A blob that may be read. */
export interface FoundBlob {
  readonly hash: string;
  readonly bytes: number;
  /** Where its bytes are. */
  readonly file: string;
}

/** A use is noted when the last one that was is so old: reading costs no write but for one a day. */
const usedNotedMs = 86_400_000;
/** Rows that are read in one turn: others want to be served in between. */
const lookedUpAtOnceMax = 1_000;

export class ScopedBlobs {
  readonly #parts: ScopedBlobsParts;
  #uploads = 0;

  constructor(parts: ScopedBlobsParts) {
    this.#parts = parts;
  }

  /** A blob that one of the scopes holds and whose bytes are those of its name; it then is not let go of for long. */
  async find(scope: CacheScope, hash: string): Promise<FoundBlob | undefined> {
    const [held] = await this.#held(scope, [hash]);
    const found = held && (await this.#parts.files.find(hash));
    return found && { hash, ...found };
  }

  /**
   * Which of these blobs none of the scopes holds, in the order asked for. The others are not let go of for long; their bytes were not
   * read for it, only how many there are.
   */
  async missing(scope: CacheScope, hashes: readonly string[]): Promise<readonly string[]> {
    const held = new Set<string>();
    for (let at = 0; at < hashes.length; at += lookedUpAtOnceMax) {
      const found = await this.#held(scope, hashes.slice(at, at + lookedUpAtOnceMax));
      for (const { hash } of found) held.add(hash);
    }
    return hashes.filter((hash) => !held.has(hash));
  }

  /**
   * Stores a blob as it comes, for the own scope. Nothing has happened when it is refused: `forbidden` without a scope to write to,
   * `blob_mismatch`, `payload_too_large`, `too_many_requests`, `disk_full`, and what `pieces` throws.
   */
  async store(p: {
    readonly by: string;
    readonly scope: CacheScope;
    readonly hash: string;
    readonly pieces: AsyncIterable<Uint8Array>;
  }): Promise<Result<{ readonly bytes: number; readonly isNew: boolean }>> {
    const { blobBytesMax: bytesMax, blobUploadsMax } = this.#parts.limits;
    const { own } = p.scope;
    if (own === undefined) return noScope();
    if (this.#uploads >= blobUploadsMax) {
      return fail({
        code: "too_many_requests",
        message: `${blobUploadsMax} blobs are being stored already (blobUploadsMax).`,
        hint: "Try again in a moment.",
      });
    }
    this.#uploads++;
    try {
      const received = await this.#parts.files.receive({ hash: p.hash, pieces: p.pieces, bytesMax });
      if (received.outcome === "too_long") return fail(tooLong(bytesMax));
      if (received.outcome === "other_content") return fail(mismatch(p.hash));
      const { bytes, release } = received;
      try {
        const now = this.#parts.clock.now();
        const kept = await this.#parts.store.keepBlob({ by: p.by, scope: own, hash: p.hash, bytes, now });
        return ok({ bytes, isNew: kept.outcome === "new" });
      } finally {
        release();
      }
    } finally {
      this.#uploads--;
    }
  }

  /** One for each blob whose row is there, with a file of its length. */
  async #held({ reads }: CacheScope, hashes: readonly string[]): Promise<readonly HeldBlob[]> {
    const { clock, files, store } = this.#parts;
    const rows = await store.heldBlobs({ scopes: reads, hashes });
    const first = new Map<string, HeldBlob>();
    for (const row of rows) if (!first.has(row.hash)) first.set(row.hash, row);
    const now = clock.now();
    const old = [...first.values()].filter(({ usedAt }) => usedAt < now - usedNotedMs);
    // Noted before anything is said: what is said to be there must not be let go of meanwhile.
    if (old.length > 0) await store.useBlobs({ blobs: old.map(({ hash, scope }) => ({ hash, scope })), now });
    const there = await Promise.all(
      [...first.values()].map(async (row) => ((await files.size(row.hash)) === row.bytes ? [row] : [])),
    );
    return there.flat();
  }
}

function noScope(): Result<never> {
  return fail({
    code: "forbidden",
    message: "Whoever asks has no cache scope to write to: the limit `cache` names none, but patterns.",
    hint: "Give the token a limit with the name of a scope: --limit cache=pr-17.",
    details: { permission: "blob:write" },
  });
}

export function tooLong(bytesMax: number): {
  readonly code: "payload_too_large";
  readonly message: string;
  readonly hint: string;
} {
  return {
    code: "payload_too_large",
    message: `The blob is longer than ${bytesMax} bytes (blobBytesMax).`,
    hint: "Raise the setting limits.blobBytesMax, or divide it.",
  };
}

function mismatch(hash: string): { readonly code: "blob_mismatch"; readonly message: string; readonly hint: string } {
  return {
    code: "blob_mismatch",
    message: `The bytes that came are not those of ${hash}; nothing was stored.`,
    hint: "Send them again; a blob is named by the SHA-256 of its bytes, in lower case hex.",
  };
}
