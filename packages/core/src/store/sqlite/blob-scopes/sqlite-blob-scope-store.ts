// The port of blobs in scopes on SQLite: changes go to the writer's thread, rows are read here.
import type { BlobScopeStore, BlobScopeWriteVerb } from "../../../kernel/blob-scope-store.ts";
import type { StorePaths } from "../store-paths.ts";
import type { BlobScopeTable } from "./blob-scope-table.ts";

type Params<Verb extends keyof BlobScopeStore> = Parameters<BlobScopeStore[Verb]>[0];
type Answer<Verb extends keyof BlobScopeStore> = ReturnType<BlobScopeStore[Verb]>;

export class SqliteBlobScopeStore implements BlobScopeStore {
  readonly #paths: StorePaths;
  #table: BlobScopeTable | undefined;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  #write<Verb extends BlobScopeWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#paths.write(verb, p) as Answer<Verb>;
  }

  keepBlob(p: Params<"keepBlob">): Answer<"keepBlob"> {
    return this.#write("keepBlob", p);
  }
  useBlobs(p: Params<"useBlobs">): Answer<"useBlobs"> {
    return this.#write("useBlobs", p);
  }
  dropBlobs(p: Params<"dropBlobs">): Answer<"dropBlobs"> {
    return this.#write("dropBlobs", p);
  }

  /** Loaded with the first look: a server at rest is asked for no blobs. */
  async heldBlobs(p: Params<"heldBlobs">): Answer<"heldBlobs"> {
    const [{ BlobScopeTable: Table }, { heldIn }] = await Promise.all([
      import("./blob-scope-table.ts"),
      import("../../blob-scopes/blob-scopes.ts"),
    ]);
    return this.#paths.look((db) => heldIn((this.#table ??= new Table(db)), p));
  }
}
