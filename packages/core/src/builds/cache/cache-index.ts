// The index of the cache: one SQLite file, shared by all processes that use the folder. What it says of files is checked against them
// before it is believed.
import { Database } from "bun:sqlite";
import type { SQLQueryBindings, Statement } from "bun:sqlite";
import { enterWal } from "../enter-wal.ts";

const busyTimeoutMs = 5_000;
/** Of entries that went. */
const goneRowsMax = 10_000;
const walKeptBytes = 8 * 1024 * 1024;

/** A file, in a blob: what its bytes are, and how many once they are unpacked. */
export interface PieceRow {
  readonly hash: string;
  readonly coding: "raw" | "zstd";
  readonly bytes: number;
}

export interface BlobRow {
  readonly digest: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

export interface EntryRow {
  readonly id: number;
  readonly scope: string;
  readonly space: string;
  readonly key: string;
  /** Who wrote it. */
  readonly by: string;
  readonly body: string;
  readonly signature: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly usedAt: number;
  readonly hits: number;
}

/** An entry that is there no longer. */
export interface GoneRow {
  readonly scope: string;
  readonly space: string;
  /** `replaced`, `removed`: somebody wrote or removed it. The others: what was found when it was read, or by the eviction. */
  readonly why: "age" | "size" | "blob_missing" | "bad_signature" | "replaced" | "removed";
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What it counts for itself. */
export interface CacheTotals {
  readonly entries: number;
  readonly blobs: number;
  readonly pieces: number;
  /** Of the files. */
  readonly bytes: number;
}

const schema = `
CREATE TABLE IF NOT EXISTS pieces (hash TEXT PRIMARY KEY, bytes INTEGER NOT NULL, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blobs (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, pieces TEXT NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs_used ON blobs (used_at);
CREATE TABLE IF NOT EXISTS blob_pieces (piece TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (piece, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (digest TEXT NOT NULL, scope TEXT NOT NULL, by TEXT NOT NULL, PRIMARY KEY (digest, scope)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY, scope TEXT NOT NULL, space TEXT NOT NULL, key TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL,
  signature TEXT NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER NOT NULL, hits INTEGER NOT NULL DEFAULT 0,
  UNIQUE (scope, space, key)
);
CREATE INDEX IF NOT EXISTS entries_used ON entries (used_at);
CREATE INDEX IF NOT EXISTS entries_key ON entries (key);
CREATE TABLE IF NOT EXISTS entry_blobs (entry INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (entry, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_blobs_digest ON entry_blobs (digest);
CREATE TABLE IF NOT EXISTS gone (n INTEGER PRIMARY KEY, scope TEXT NOT NULL, space TEXT NOT NULL, key TEXT NOT NULL, why TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS gone_key ON gone (key);
CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO totals VALUES ('bytes', 0);
CREATE TRIGGER IF NOT EXISTS pieces_added AFTER INSERT ON pieces BEGIN UPDATE totals SET value = value + new.bytes WHERE name = 'bytes'; END;
CREATE TRIGGER IF NOT EXISTS pieces_gone AFTER DELETE ON pieces BEGIN UPDATE totals SET value = value - old.bytes WHERE name = 'bytes'; END;
`;
const entryColumns =
  "e.id, e.scope, e.space, e.key, e.by, e.body, e.signature, e.created_at AS createdAt, e.used_at AS usedAt, e.hits";

export class CacheIndex {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement<unknown, SQLQueryBindings[]>>();

  constructor(file: string) {
    this.#db = new Database(file, { readwrite: true, create: true });
    try {
      enterWal(this.#db, busyTimeoutMs);
      // What a crash of the machine takes is missed once more; what it leaves is whole.
      this.#db.run("PRAGMA synchronous = NORMAL");
      this.#db.run(`PRAGMA journal_size_limit = ${walKeptBytes}`);
      this.together(() => this.#db.run(schema));
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#db.close();
  }

  /** One transaction, alone among all processes; nothing of it happened when the body throws. */
  together<T>(body: () => T): T {
    if (this.#db.inTransaction) return body();
    this.#db.run("BEGIN IMMEDIATE");
    try {
      const value = body();
      this.#db.run("COMMIT");
      return value;
    } catch (error) {
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      throw error;
    }
  }

  // Pieces: the files.

  stampOf(hash: string): string | undefined {
    return this.#sql<{ stamp: string }>("SELECT stamp FROM pieces WHERE hash = ?").get(hash)?.stamp;
  }

  putPiece(p: { readonly hash: string; readonly bytes: number; readonly stamp: string }): void {
    this.#sql("INSERT INTO pieces VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET stamp = excluded.stamp").run(
      p.hash,
      p.bytes,
      p.stamp,
    );
  }

  /** Forgets a file, and with it every blob that it is part of. */
  dropPiece(hash: string): void {
    for (const { digest } of this.#sql<{ digest: string }>("SELECT digest FROM blob_pieces WHERE piece = ?").all(
      hash,
    )) {
      this.dropBlob(digest);
    }
    this.#sql("DELETE FROM pieces WHERE hash = ?").run(hash);
  }

  // Blobs, and which scopes have shown to have them.

  putBlob(p: {
    readonly digest: string;
    readonly size: number;
    readonly pieces: readonly PieceRow[];
    readonly now: number;
  }): void {
    this.#dropBlobPieces(p.digest);
    this.#sql(
      "INSERT INTO blobs VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, pieces = excluded.pieces, used_at = max(used_at, excluded.used_at)",
    ).run(p.digest, p.size, JSON.stringify(p.pieces), p.now);
    for (const { hash } of p.pieces) this.#sql("INSERT OR IGNORE INTO blob_pieces VALUES (?, ?)").run(hash, p.digest);
  }

  blob(digest: string): (BlobRow & { readonly pieces: readonly PieceRow[] }) | undefined {
    const found = this.#sql<BlobRow & { pieces: string }>(
      "SELECT digest, size, pieces, used_at AS usedAt FROM blobs WHERE digest = ?",
    ).get(digest);
    return found === null ? undefined : { ...found, pieces: JSON.parse(found.pieces) as readonly PieceRow[] };
  }

  /** Bytes of the files that a blob is made of. */
  storedBytes(digest: string): number {
    const hashes = (this.blob(digest)?.pieces ?? []).map(({ hash }) => hash);
    const bytes = this.#sql<{ bytes: number }>("SELECT bytes FROM pieces WHERE hash = ?");
    return hashes.reduce((sum, hash) => sum + (bytes.get(hash)?.bytes ?? 0), 0);
  }

  /** Forgets a blob; its files are for the eviction to look at. */
  dropBlob(digest: string): void {
    this.#dropBlobPieces(digest);
    this.#sql("DELETE FROM blobs WHERE digest = ?").run(digest);
    this.#sql("DELETE FROM holds WHERE digest = ?").run(digest);
  }

  #dropBlobPieces(digest: string): void {
    for (const { hash } of this.blob(digest)?.pieces ?? []) {
      this.#sql("DELETE FROM blob_pieces WHERE piece = ? AND digest = ?").run(hash, digest);
    }
  }

  hold(p: { readonly digest: string; readonly scope: string; readonly by: string }): void {
    this.#sql("INSERT OR IGNORE INTO holds VALUES (?, ?, ?)").run(p.digest, p.scope, p.by);
  }

  isHeld(digest: string, scopes: readonly string[]): boolean {
    const held = this.#sql<{ one: number }>("SELECT 1 AS one FROM holds WHERE digest = ? AND scope = ?");
    return scopes.some((scope) => held.get(digest, scope) !== null);
  }

  touchBlob(digest: string, now: number): void {
    this.#sql("UPDATE blobs SET used_at = max(used_at, ?) WHERE digest = ?").run(now, digest);
  }

  // Entries: what stands under a key.

  entry(scope: string, space: string, key: string): EntryRow | undefined {
    return (
      this.#sql<EntryRow>(`SELECT ${entryColumns} FROM entries e WHERE scope = ? AND space = ? AND key = ?`).get(
        scope,
        space,
        key,
      ) ?? undefined
    );
  }

  entriesUnder(key: string): readonly EntryRow[] {
    return this.#sql<EntryRow>(`SELECT ${entryColumns} FROM entries e WHERE key = ? ORDER BY id`).all(key);
  }

  /** Entries that were under a key, the latest first. */
  goneUnder(key: string): readonly GoneRow[] {
    return this.#sql<GoneRow>("SELECT scope, space, why, at FROM gone WHERE key = ? ORDER BY n DESC LIMIT 20").all(key);
  }

  digestsOf(entry: number): readonly string[] {
    return this.#sql<{ digest: string }>("SELECT digest FROM entry_blobs WHERE entry = ?")
      .all(entry)
      .map(({ digest }) => digest);
  }

  putEntry(p: Omit<EntryRow, "id" | "hits" | "usedAt"> & { readonly digests: readonly string[] }): void {
    const { lastInsertRowid } = this.#sql(
      "INSERT INTO entries (scope, space, key, by, body, signature, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(p.scope, p.space, p.key, p.by, p.body, p.signature, p.createdAt, p.createdAt);
    const insert = this.#sql("INSERT OR IGNORE INTO entry_blobs VALUES (?, ?)");
    for (const digest of p.digests) insert.run(Number(lastInsertRowid), digest);
  }

  /** Forgets an entry, and remembers why for a while. */
  dropEntry(id: number, why: GoneRow["why"], now: number): void {
    this.#sql(
      "INSERT INTO gone (scope, space, key, why, at) SELECT scope, space, key, ?, ? FROM entries WHERE id = ?",
    ).run(why, now, id);
    this.#sql("DELETE FROM gone WHERE n <= (SELECT max(n) FROM gone) - ?").run(goneRowsMax);
    this.#sql("DELETE FROM entry_blobs WHERE entry = ?").run(id);
    this.#sql("DELETE FROM entries WHERE id = ?").run(id);
  }

  /** True for a blob that an entry names. */
  isNamed(digest: string): boolean {
    return this.#sql<{ one: number }>("SELECT 1 AS one FROM entry_blobs WHERE digest = ? LIMIT 1").get(digest) !== null;
  }

  touchEntry(id: number, p: { readonly hits: number; readonly now: number }): void {
    this.#sql("UPDATE entries SET hits = hits + ?, used_at = max(used_at, ?) WHERE id = ?").run(p.hits, p.now, id);
    this.#sql(
      "UPDATE blobs SET used_at = max(used_at, ?) WHERE digest IN (SELECT digest FROM entry_blobs WHERE entry = ?)",
    ).run(p.now, id);
  }

  // What eviction looks at.

  /** Those used last before then, the least recent first. */
  oldEntries(usedBefore: number, limit: number): readonly { readonly id: number; readonly usedAt: number }[] {
    return this.#sql<{ id: number; usedAt: number }>(
      "SELECT id, used_at AS usedAt FROM entries WHERE used_at < ? ORDER BY used_at LIMIT ?",
    ).all(usedBefore, limit);
  }

  /** Those that no entry names. */
  looseBlobs(usedBefore: number, limit: number): readonly BlobRow[] {
    return this.#sql<BlobRow>(
      `SELECT digest, size, used_at AS usedAt FROM blobs b WHERE used_at < ?
        AND NOT EXISTS (SELECT 1 FROM entry_blobs r WHERE r.digest = b.digest) ORDER BY used_at LIMIT ?`,
    ).all(usedBefore, limit);
  }

  /** Files that no blob is made of. */
  loosePieces(limit: number): readonly { readonly hash: string; readonly bytes: number }[] {
    return this.#sql<{ hash: string; bytes: number }>(
      `SELECT hash, bytes FROM pieces p WHERE NOT EXISTS (SELECT 1 FROM blob_pieces b WHERE b.piece = p.hash) LIMIT ?`,
    ).all(limit);
  }

  get bytes(): number {
    return this.#sql<{ value: number }>("SELECT value FROM totals WHERE name = 'bytes'").get()?.value ?? 0;
  }

  /** Counts kept over the lives of processes, such as hits by space. */
  count(name: string, by: number): void {
    this.#sql("INSERT INTO totals VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value").run(
      name,
      by,
    );
  }

  counts(): Readonly<Record<string, number>> {
    const rows = this.#sql<{ name: string; value: number }>("SELECT name, value FROM totals ORDER BY name").all();
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }

  totals(): CacheTotals {
    const count = (table: string): number =>
      this.#sql<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0;
    return { entries: count("entries"), blobs: count("blobs"), pieces: count("pieces"), bytes: this.bytes };
  }

  #sql<Row>(text: string): Statement<Row, SQLQueryBindings[]> {
    const known = this.#statements.get(text);
    if (known !== undefined) return known as Statement<Row, SQLQueryBindings[]>;
    const statement = this.#db.prepare<Row, SQLQueryBindings[]>(text);
    this.#statements.set(text, statement);
    return statement;
  }
}
