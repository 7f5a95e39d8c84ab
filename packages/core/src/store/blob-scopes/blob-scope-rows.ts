// What the rules of blobs in scopes need of an adapter: rows by their keys. Each adapter keeps them in its own way.
import type { HeldBlob } from "../../kernel/blob-scope-store.ts";

export interface BlobScopeRows {
  held(hash: string, scope: string): HeldBlob | undefined;
  /** Adds it or puts it in the place of the one with its keys. */
  put(row: HeldBlob): void;
  /** Forgets up to `limit` rows that were used last before then, unless a build names the blob; answers how many. */
  dropUnused(usedBefore: number, limit: number): number;
}
