// What the verbs of blobs in scopes do, one text for all adapters.
import type { BlobScopeStore, BlobScopeWriteVerb, HeldBlob } from "../../kernel/blob-scope-store.ts";
import type { BlobScopeRows } from "./blob-scope-rows.ts";

type Params<Verb extends keyof BlobScopeStore> = Parameters<BlobScopeStore[Verb]>[0];
type Answer<Verb extends keyof BlobScopeStore> = Awaited<ReturnType<BlobScopeStore[Verb]>>;

type Verbs = {
  readonly [Verb in BlobScopeWriteVerb]: (rows: BlobScopeRows, p: Params<Verb>) => Answer<Verb>;
};

/** A clock that was set back makes nothing older. */
function used(row: HeldBlob, now: number): HeldBlob {
  return { ...row, usedAt: Math.max(row.usedAt, now) };
}

export const blobScopeVerbs: Verbs = {
  keepBlob: (rows, { by, scope, hash, bytes, now }) => {
    const known = rows.held(hash, scope);
    rows.put(known === undefined ? { scope, hash, bytes, by, usedAt: now } : used(known, now));
    return { outcome: known === undefined ? "new" : "known" };
  },
  useBlobs: (rows, { blobs, now }) => {
    let count = 0;
    for (const { hash, scope } of blobs) {
      const row = rows.held(hash, scope);
      if (row === undefined) continue;
      rows.put(used(row, now));
      count++;
    }
    return { used: count };
  },
  dropBlobs: (rows, { usedBefore, limit }) => ({ dropped: rows.dropUnused(usedBefore, limit) }),
};

/** The rows of these blobs in these scopes, in the order asked for. */
export function heldIn(
  rows: Pick<BlobScopeRows, "held">,
  { hashes, scopes }: Params<"heldBlobs">,
): readonly HeldBlob[] {
  return hashes.flatMap((hash) => scopes.flatMap((scope) => rows.held(hash, scope) ?? []));
}
