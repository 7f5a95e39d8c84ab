// A database that several processes open at once, in WAL mode: the change to it is refused at once where another has the file, whatever
// time one is ready to wait (https://sqlite.org/pragma.html#pragma_journal_mode), so that it is asked for again.
import type { Database } from "bun:sqlite";

const againMs = 5;

/** Waits `busyTimeoutMs` at most, also for locks from then on. Throws SQLite's error. */
export function enterWal(db: Database, busyTimeoutMs: number): void {
  db.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  const until = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      db.run("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      Bun.sleepSync(againMs);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}
