// What the store's threads open where their data is in PostgreSQL: one writer for all, by a lock that ends with its connection.
import { SluiceError } from "@sluice/protocol";
import type { CommitMarks } from "../sqlite/writer.ts";
import { PostgresConnection } from "./connection.ts";
import { PostgresError } from "./postgres-error.ts";
import { migratePostgres, primaryKeys } from "./schema.ts";

/** How long the writer waits for a server that went away, before it gives up. */
const awayMsMax = 60_000;
/** How long a connection that has ended may still hold its lock. */
const endingMsMax = 3_000;
/** Between two attempts. */
const retryMs = 100;
/** Name of the lock: the letters `Slui`, and its use. */
const lockSql = "SELECT pg_try_advisory_lock(1399616873, 1) AS held";

export interface PostgresWriterParts {
  readonly db: PostgresConnection;
  readonly marks: CommitMarks;
}

/** Throws `data_folder_locked` where another server writes, `data_folder_newer`, and `PostgresError` when there is no server. */
export function openPostgresWriter({ url }: { readonly url: string }): PostgresWriterParts {
  const db = openPostgresAlone(url);
  return { db, marks: new Marks(db) };
}

/** The only connection that may write, with the schema of this program. `copying`: to data that is not whole yet. */
export function openPostgresAlone(url: string, p: { readonly copying?: boolean } = {}): PostgresConnection {
  const db = new PostgresConnection({ url, primaryKeys });
  try {
    takeLock(db);
    migratePostgres(db);
    if (p.copying !== true && copyUnderWay(db) !== undefined) throw notWhole();
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Of which data a copy was begun that has not ended. */
function copyUnderWay(db: PostgresConnection): string | undefined {
  db.run("CREATE TABLE IF NOT EXISTS sluice_copy (of TEXT NOT NULL PRIMARY KEY)");
  return db.rows<{ of: string }>("SELECT of FROM sluice_copy")[0]?.of;
}

/** Begins to make this a copy of other data, or goes on with it. False where it has, or is becoming, something else. */
export function beginCopy(db: PostgresConnection, of: string): boolean {
  const underWay = copyUnderWay(db);
  if (underWay !== undefined) return underWay === of;
  for (const table of ["runs", "users", "audit", "events", "state"]) {
    if (db.rows(`SELECT 1 AS found FROM ${table} LIMIT 1`).length > 0) return false;
  }
  db.run("INSERT INTO sluice_copy (of) VALUES (?)", [of]);
  return true;
}

/** The copy is whole. */
export function endCopy(db: PostgresConnection): void {
  db.run("DELETE FROM sluice_copy");
}

function notWhole(): SluiceError {
  return new SluiceError({
    code: "data_folder_corrupt",
    message: "The database is a copy that is not whole: its migration was broken off.",
    hint: "Run the same `sluice store migrate` again: it goes on where it was.",
  });
}

export function openPostgresReader({ url }: { readonly url: string }): PostgresConnection {
  return new PostgresConnection({ url, primaryKeys, reads: true });
}

/** The server needs a moment to see that a connection has ended, and with it what it held. */
function takeLock(db: PostgresConnection): void {
  const giveUpAt = performance.now() + endingMsMax;
  do {
    if (db.rows<{ held: number }>(lockSql)[0]?.held === 1) return;
    pause();
  } while (performance.now() < giveUpAt);
  throw new SluiceError({
    code: "data_folder_locked",
    message: "Another server has this database.",
    hint: "Stop it first: one server at a time writes to a database.",
  });
}

/** This thread has nothing else to do. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, retryMs);
}

/** Each commit raises a number; where the word of one got lost, the number tells whether it took place. */
class Marks implements CommitMarks {
  readonly #db: PostgresConnection;
  #no: number;

  constructor(db: PostgresConnection) {
    this.#db = db;
    db.run("CREATE TABLE IF NOT EXISTS sluice_commits (one BIGINT PRIMARY KEY CHECK (one = 1), no BIGINT NOT NULL)");
    db.run("INSERT INTO sluice_commits (one, no) VALUES (1, 0) ON CONFLICT DO NOTHING");
    this.#no = this.#stored();
  }

  #stored(): number {
    return this.#db.rows<{ no: number }>("SELECT no FROM sluice_commits")[0]?.no ?? 0;
  }

  mark(): void {
    this.#no++;
    this.#db.kept("UPDATE sluice_commits SET no = ?").run(this.#no);
  }

  settle(): "committed" | "open" {
    const giveUpAt = performance.now() + awayMsMax;
    for (;;) {
      try {
        this.#db.reconnect();
        takeLock(this.#db);
        const stored = this.#stored();
        const committed = stored === this.#no;
        this.#no = stored;
        return committed ? "committed" : "open";
      } catch (error) {
        if (!(error instanceof PostgresError) || performance.now() > giveUpAt) throw error;
        pause();
      }
    }
  }
}
