// The cache as one caller sees it: entries and blobs of the scopes that they read, and their own scope to write to.
import { SluiceError } from "@sluice/protocol";
import type { CacheScope } from "../../kernel/cache-scope.ts";
import type { BlobShelf, BlobSource, OpenBlob } from "./blob-shelf.ts";
import type { CacheIndex, EntryRow } from "./cache-index.ts";
import type { CacheLimits } from "./limits.ts";
import type { CacheSigner } from "./signing.ts";
import type { CacheUses } from "./cache-uses.ts";

export interface CacheCaller {
  /** Id of the token or of the person. */
  readonly by: string;
  readonly scope: CacheScope;
  /** Whose keys these are: keys of different tools never meet. */
  readonly space: string;
}

export interface CacheViewParts {
  readonly index: CacheIndex;
  readonly shelf: BlobShelf;
  readonly signer: CacheSigner;
  readonly uses: CacheUses;
  readonly limits: CacheLimits;
  readonly now: () => number;
  /** Told when something was stored. */
  readonly grown: () => void;
}

export interface FoundEntry {
  readonly scope: string;
  readonly by: string;
  readonly body: string;
  readonly createdAt: number;
  readonly blobs: ReadonlyMap<string, OpenBlob>;
}

export class CacheView {
  readonly #parts: CacheViewParts;
  readonly #caller: CacheCaller;

  constructor(parts: CacheViewParts, caller: CacheCaller) {
    this.#parts = parts;
    this.#caller = caller;
  }

  /** Where it writes. */
  get own(): string | undefined {
    return this.#caller.scope.own;
  }

  /** What stands under a key, with a good signature and all that it names; of several scopes the first that is read. */
  find(key: string): FoundEntry | undefined {
    const { uses } = this.#parts;
    const { scope, space } = this.#caller;
    for (const each of scope.reads) {
      const row = this.#parts.index.entry(each, space, key);
      const blobs = row === undefined ? undefined : this.#whole(row);
      if (row === undefined || blobs === undefined) continue;
      uses.hit(row, space);
      return { scope: each, by: row.by, body: row.body, createdAt: row.createdAt, blobs };
    }
    uses.miss(space);
    return undefined;
  }

  /** As `find`, without its being a use. */
  peek(key: string): FoundEntry | undefined {
    for (const scope of this.#caller.scope.reads) {
      const row = this.#parts.index.entry(scope, this.#caller.space, key);
      const blobs = row === undefined ? undefined : this.#whole(row);
      if (row !== undefined && blobs !== undefined) return { ...row, blobs };
    }
    return undefined;
  }

  /** All that an entry names. One that is not what was signed, or names what is not there, is forgotten. */
  #whole(row: EntryRow): ReadonlyMap<string, OpenBlob> | undefined {
    const { index, shelf, signer, now } = this.#parts;
    const digests = index.digestsOf(row.id);
    const signed = signer.isGood({ ...row, digests }, row.signature);
    const blobs = new Map<string, OpenBlob>();
    const isWhole =
      signed &&
      digests.every((digest) => {
        const blob = shelf.open(digest);
        if (typeof blob === "string") return false;
        blobs.set(digest, blob);
        return true;
      });
    if (isWhole) return blobs;
    index.together(() => index.dropEntry(row.id, signed ? "blob_missing" : "bad_signature", now()));
    return undefined;
  }

  /** A blob that one of the scopes has shown to have. */
  open(digest: string): OpenBlob | "missing" | "corrupt" {
    const { index, shelf, uses } = this.#parts;
    if (!index.isHeld(digest, this.#caller.scope.reads)) return "missing";
    const blob = shelf.open(digest);
    if (typeof blob !== "string") uses.blob(blob);
    return blob;
  }

  content(blob: OpenBlob): AsyncGenerator<Uint8Array> {
    return this.#parts.shelf.content(blob);
  }

  fileOf(blob: OpenBlob): ReturnType<BlobShelf["fileOf"]> {
    return this.#parts.shelf.fileOf(blob);
  }

  /** Makes a file of it that appears whole or not at all; throws what the place of the file says. */
  async restore(blob: OpenBlob, into: string): Promise<"ok" | "missing" | "corrupt"> {
    return this.#parts.shelf.restore(blob, into);
  }

  /** Keeps a blob for the own scope. Throws `forbidden` without one, and what `BlobShelf.put` does. */
  async put(source: BlobSource): Promise<{ digest: string; size: number }> {
    const { by, scope } = this.#caller;
    if (scope.own === undefined) throw noScope();
    const kept = await this.#parts.shelf.put(source, { scope: scope.own, by });
    this.#parts.grown();
    return kept;
  }

  /** What digest and size this has; nothing is kept. */
  async measure(source: BlobSource): Promise<{ digest: string; size: number }> {
    return this.#parts.shelf.put(source, undefined);
  }

  /**
   * Writes an entry to the own scope, if every blob that it names is there for the caller. One that is whole stays as it is, unless
   * `replace` says otherwise. Throws `forbidden` without a scope, `payload_too_large`, and what the disk says.
   */
  commit(p: {
    readonly key: string;
    readonly body: string;
    readonly digests: readonly string[];
    readonly replace?: boolean;
  }): "stored" | "kept-first" | "incomplete" {
    const { index, shelf, signer, limits, now } = this.#parts;
    const { by, scope, space } = this.#caller;
    const { own } = scope;
    if (own === undefined) throw noScope();
    // As the index gives them back.
    const digests = [...new Set(p.digests)].toSorted();
    if (p.body.length > limits.cacheEntryBytesMax || digests.length > limits.cacheEntryBlobsMax) throw tooMuch();
    const entry = { scope: own, space, key: p.key, by, body: p.body, digests };
    const signature = signer.sign(entry);
    return index.together(() => {
      const before = index.entry(own, space, p.key);
      if (before !== undefined && this.#whole(before) !== undefined && p.replace !== true) return "kept-first";
      const isThere = (digest: string): boolean =>
        index.isHeld(digest, [own, ...scope.reads]) && typeof shelf.open(digest) !== "string";
      if (!digests.every(isThere)) return "incomplete";
      const left = index.entry(own, space, p.key);
      if (left !== undefined) index.dropEntry(left.id, "replaced", now());
      index.putEntry({ ...entry, signature, createdAt: now() });
      for (const digest of digests) index.touchBlob(digest, now());
      return "stored";
    });
  }

  /** Takes an entry out of the own scope; false where there was none. */
  remove(key: string): boolean {
    const { index, now } = this.#parts;
    const { scope, space } = this.#caller;
    const { own } = scope;
    if (own === undefined) throw noScope();
    return index.together(() => {
      const row = index.entry(own, space, key);
      if (row !== undefined) index.dropEntry(row.id, "removed", now());
      return row !== undefined;
    });
  }
}

function noScope(): SluiceError {
  return new SluiceError({
    code: "forbidden",
    message: "Whoever asks has no cache scope to write to: the limit `cache` names none, but patterns.",
    hint: "Give the token a limit with the name of a scope: --limit cache=pr-17.",
    details: { permission: "blob:write" },
  });
}

function tooMuch(): SluiceError {
  return new SluiceError({
    code: "payload_too_large",
    message: "The result is too long, or names too many files (cacheEntryBytesMax, cacheEntryBlobsMax).",
    hint: "Raise these limits, or leave fewer files.",
  });
}
