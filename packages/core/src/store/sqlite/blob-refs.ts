// The table of references to blobs, so that a blob that some row names is never collected.
import type { Connection } from "./connection.ts";
import { blobRefOf } from "../../kernel/blob-ref.ts";
import { lazily } from "./statement.ts";

const insertSql = "INSERT OR IGNORE INTO blob_refs (hash, owner) VALUES (?, ?)";
const deleteSql = "DELETE FROM blob_refs WHERE owner = ?";
const copySql = "INSERT OR IGNORE INTO blob_refs (hash, owner) SELECT hash, ?1 FROM blob_refs WHERE owner = ?2";

/** Bounds of the owners that are builds. */
export const buildOwners = { from: "build ", below: "build!" } as const;

/** Owners that are not runs. */
export const blobOwners = {
  build: (id: string) => `${buildOwners.from}${id}`,
  event: (id: number) => `event ${id}`,
  state: (scope: string, key: string) => `state ${scope} ${key}`,
  schedule: (id: string) => `schedule ${id}`,
  held: (trigger: string, key: string) => `held ${trigger} ${key}`,
  stepCache: (name: string) => `cache ${name}`,
} as const;

export class BlobRefTable {
  readonly #insert;
  readonly #delete;
  readonly #copy;

  constructor(db: Connection) {
    this.#insert = lazily(db, insertSql);
    this.#delete = lazily(db, deleteSql);
    this.#copy = lazily(db, copySql);
  }

  /** Notes that a stored value is a reference; false when it is not one. */
  note(owner: string, value: Uint8Array | undefined): boolean {
    const hash = blobRefOf(value);
    if (hash === undefined) return false;
    this.#insert().run(hash, owner);
    return true;
  }

  release(owner: string): void {
    this.#delete().run(owner);
  }

  copy(from: string, to: string): void {
    this.#copy().run(to, from);
  }
}
