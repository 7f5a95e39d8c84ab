// The table of clusters and of everything in them, on the writer's connection and on one that reads.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { ClusterRowKind, ClusterRowKinds, ClusterRows } from "../../clusters/cluster-rows.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

const getSql = "SELECT record FROM cluster_rows WHERE kind = ? AND id = ?";
const putSql = "INSERT OR REPLACE INTO cluster_rows (kind, id, belongs_to, record) VALUES (?, ?, ?, ?)";
const listSql = "SELECT record FROM cluster_rows WHERE kind = ? ORDER BY id";
const listOfSql = "SELECT record FROM cluster_rows WHERE kind = ? AND belongs_to = ? ORDER BY id DESC LIMIT ?";
const trimSql = `DELETE FROM cluster_rows WHERE kind = ?1 AND belongs_to = ?2 AND id IN
  (SELECT id FROM cluster_rows WHERE kind = ?1 AND belongs_to = ?2 ORDER BY id DESC LIMIT -1 OFFSET ?3)`;

interface Row {
  readonly record: Uint8Array;
}

export class ClusterTable implements ClusterRows {
  readonly #get;
  readonly #put;
  readonly #list;
  readonly #listOf;
  readonly #trim;

  constructor(db: Connection) {
    this.#get = lazily<Row>(db, getSql);
    this.#put = lazily(db, putSql);
    this.#list = lazily<Row>(db, listSql);
    this.#listOf = lazily<Row>(db, listOfSql);
    this.#trim = lazily(db, trimSql);
  }

  get<Kind extends ClusterRowKind>(kind: Kind, id: string): ClusterRowKinds[Kind] | undefined {
    const row = this.#get().get(kind, id);
    return row === null || row === undefined ? undefined : (decodeValue(row.record) as ClusterRowKinds[Kind]);
  }

  put<Kind extends ClusterRowKind>(
    kind: Kind,
    row: ClusterRowKinds[Kind],
    { id, of }: { readonly id: string; readonly of: string },
  ): void {
    this.#put().run(kind, id, of, encodeValue(row));
  }

  list<Kind extends ClusterRowKind>(
    kind: Kind,
    p?: { readonly of: string; readonly limit: number },
  ): readonly ClusterRowKinds[Kind][] {
    const rows = p === undefined ? this.#list().all(kind) : this.#listOf().all(kind, p.of, p.limit);
    return rows.map(({ record }) => decodeValue(record) as ClusterRowKinds[Kind]);
  }

  trim(kind: ClusterRowKind, { of, keepMax }: { readonly of: string; readonly keepMax: number }): void {
    this.#trim().run(kind, of, keepMax);
  }
}
