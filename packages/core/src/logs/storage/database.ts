// Opening the files of logs: how every connection is set, and what a failure of one means.
import { Database } from "bun:sqlite";
import type { SQLQueryBindings, Statement } from "bun:sqlite";
import { SluiceError } from "@sluice/protocol";

const busyTimeoutMs = 5_000;
/** What a log of changes keeps of its file once it was emptied. */
const walKeptBytes = 8 * 1024 * 1024;
const checkpointPages = 2_000;

/** A connection whose statements end with it: ones left open would keep the file's locks. */
export class LogDatabase extends Database {
  readonly #statements = new Map<string, Statement<unknown, SQLQueryBindings[]>>();

  /** `create` makes the file where it is not there. */
  constructor(file: string, access: "read" | "create") {
    super(file, access === "read" ? { readonly: true } : { readwrite: true, create: true });
    this.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }

  /** The statement with this text, compiled once. Not to be stepped through twice at once. */
  sql<Row>(text: string): Statement<Row, SQLQueryBindings[]> {
    const known = this.#statements.get(text);
    if (known !== undefined) return known as Statement<Row, SQLQueryBindings[]>;
    const statement = this.prepare<Row, SQLQueryBindings[]>(text);
    this.#statements.set(text, statement);
    return statement;
  }

  override close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    super.close();
  }
}

/** Opens a file to write. `schema` is run once it is there, and has to bear being run again. */
export function openToWrite(file: string, schema: string): LogDatabase {
  const db = new LogDatabase(file, "create");
  try {
    db.run("PRAGMA auto_vacuum = INCREMENTAL");
    db.run("PRAGMA journal_mode = WAL");
    db.run("PRAGMA synchronous = FULL");
    db.run(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    db.run(`PRAGMA journal_size_limit = ${walKeptBytes}`);
    db.run(schema);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Runs the body in one transaction; nothing of it happened when it throws. */
export function inTransaction<T>(db: Database, body: () => T): T {
  db.run("BEGIN IMMEDIATE");
  let value: T;
  try {
    value = body();
    db.run("COMMIT");
  } catch (error) {
    // A full disk may have ended the transaction already.
    if (db.inTransaction) db.run("ROLLBACK");
    throw error;
  }
  return value;
}

const fullCodes = new Set(["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"]);

/** What callers are told about a failure of a file. */
export function storageFailure(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (fullCodes.has(code) || code === "ENOSPC" || code === "EDQUOT") {
    const message = "The disk that holds the logs is full; nothing was written.";
    return new SluiceError({ code: "disk_full", message, hint: "Free some space: work goes on by itself." });
  }
  const said = error instanceof Error ? error.message : String(error);
  return new SluiceError(
    {
      code: "store_failed",
      message: `The logs could not be read or written${code === "" ? "" : ` (${code})`}: ${said}`,
      hint: "Look at the disk and the server's log.",
    },
    { cause: error },
  );
}
