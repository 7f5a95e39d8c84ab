// Blobs in scopes in plain memory.
import type { BlobScopeStore, BlobScopeWriteVerb, HeldBlob } from "../../../kernel/blob-scope-store.ts";
import type { BlobScopeRows } from "../../blob-scopes/blob-scope-rows.ts";
import { blobScopeVerbs, heldIn } from "../../blob-scopes/blob-scopes.ts";

type Params<Verb extends keyof BlobScopeStore> = Parameters<BlobScopeStore[Verb]>[0];
type Answer<Verb extends keyof BlobScopeStore> = Awaited<ReturnType<BlobScopeStore[Verb]>>;

/** The rows, by blob and scope. */
export class MemoryBlobScopeRows implements BlobScopeRows {
  readonly #rows = new Map<string, Map<string, HeldBlob>>();
  readonly #isNamed: (hash: string) => boolean;

  /** `isNamed`: some build names the blob. */
  constructor(isNamed: (hash: string) => boolean) {
    this.#isNamed = isNamed;
  }

  held(hash: string, scope: string): HeldBlob | undefined {
    return this.#rows.get(hash)?.get(scope);
  }

  put(row: HeldBlob): void {
    const scopes = this.#rows.get(row.hash) ?? new Map<string, HeldBlob>();
    scopes.set(row.scope, row);
    this.#rows.set(row.hash, scopes);
  }

  /** Some scope holds it. */
  has(hash: string): boolean {
    return this.#rows.has(hash);
  }

  dropUnused(usedBefore: number, limit: number): number {
    const unused = [...this.#rows.values()]
      .flatMap((scopes) => [...scopes.values()])
      .filter(({ hash, usedAt }) => usedAt < usedBefore && !this.#isNamed(hash))
      .toSorted((a, b) => a.usedAt - b.usedAt)
      .slice(0, limit);
    for (const { hash, scope } of unused) {
      const scopes = this.#rows.get(hash);
      scopes?.delete(scope);
      if (scopes?.size === 0) this.#rows.delete(hash);
    }
    return unused.length;
  }
}

/** What of the store it is part of it needs. */
interface BlobScopeTables {
  readonly blobScopes: MemoryBlobScopeRows;
}
type Audited = <T>(
  asked: { readonly verb: string; readonly params: unknown },
  carryOut: (tables: BlobScopeTables) => T,
) => T;

export class MemoryBlobScopeStore implements BlobScopeStore {
  readonly #audited: Audited;

  /** `audited` carries out a verb and writes the audit row about it; it throws when the store is closed. */
  constructor(audited: Audited) {
    this.#audited = audited;
  }

  #write<Verb extends BlobScopeWriteVerb>(verb: Verb, params: Params<Verb>): Answer<Verb> {
    return this.#audited({ verb, params }, ({ blobScopes }) => blobScopeVerbs[verb](blobScopes, params));
  }

  async keepBlob(p: Params<"keepBlob">): Promise<Answer<"keepBlob">> {
    return this.#write("keepBlob", p);
  }
  async useBlobs(p: Params<"useBlobs">): Promise<Answer<"useBlobs">> {
    return this.#write("useBlobs", p);
  }
  async dropBlobs(p: Params<"dropBlobs">): Promise<Answer<"dropBlobs">> {
    return this.#write("dropBlobs", p);
  }
  async heldBlobs(p: Params<"heldBlobs">): Promise<Answer<"heldBlobs">> {
    return this.#audited({ verb: "", params: undefined }, ({ blobScopes }) => heldIn(blobScopes, p));
  }
}
