// Executes batches of verbs in one commit each: what all runs produced since the last commit pays for one sync.
import type { WireError } from "@sluice/protocol";
import { brokenError, BrokenIncarnations } from "../../kernel/broken-incarnations.ts";
import type { Connection } from "./connection.ts";
import { statSync } from "node:fs";
import type { SqliteLimits } from "./database.ts";
import { failureOf } from "./failures.ts";
import { openTables, type Tables } from "./tables.ts";
import { incarnationOf } from "./flat-append.ts";
import type { BatchTimes } from "./writer-pace.ts";
import { execute } from "./verbs.ts";

/** Verbs and their parameters in turn: `[verb, params, verb, params, …]`. */
export type Batch = readonly unknown[];

/** The answer to a batch: every verb's result in order, or what became of all of them. */
export interface BatchReply {
  readonly results: readonly unknown[];
  /** Verbs that failed by themselves: index and error. */
  readonly failures?: readonly (readonly [number, WireError])[] | undefined;
  /** Nothing of the batch was kept. */
  readonly failed?: WireError | undefined;
  /** Nothing will be kept any more. */
  readonly fatal?: boolean | undefined;
  /** What it took. */
  readonly times?: BatchTimes | undefined;
  /** The log is larger than it may be: long reads have to end. */
  readonly crowded?: boolean | undefined;
}

/** For a database whose word about a commit may get lost: marks each commit, and finds out later whether it took place. */
export interface CommitMarks {
  /** Within the transaction, before its commit. */
  mark(): void;
  /** Waits for the database. Throws when it does not come back, or is somebody else's by now. */
  settle(): "committed" | "open";
}

/** A batch that is not kept, and why. */
class BatchFailed extends Error {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super("the batch failed");
    this.thrown = thrown;
  }
}

/** Commits between two looks at the size of the log. */
const commitsPerLook = 32;

/** Verbs that may leave pages free. */
const deleting = new Set(["deleteRuns", "purgeRuns", "sweep", "sweepIdentity", "trimAudit"]);

export class Writer {
  readonly #db: Connection;
  readonly #tables: Tables;
  readonly #limits: SqliteLimits;
  readonly #file: string;
  readonly #begin;
  readonly #commit;
  readonly #elapsedMs: () => number;
  readonly #marks: CommitMarks | undefined;
  /** What is said once the commit under way has taken place. */
  #committing: BatchReply | undefined;
  #commits = 0;
  #vacuumWanted = false;
  #crowded = false;

  /** `elapsedMs`: a clock that only measures. */
  constructor(
    db: Connection,
    p: { readonly file: string; readonly limits: SqliteLimits; readonly marks?: CommitMarks },
    elapsedMs = () => performance.now(),
  ) {
    this.#marks = p.marks;
    this.#elapsedMs = elapsedMs;
    this.#db = db;
    this.#file = p.file;
    this.#limits = p.limits;
    this.#tables = openTables(db);
    this.#begin = db.compile("BEGIN IMMEDIATE");
    this.#commit = db.compile("COMMIT");
  }

  /** Executes a batch and commits it; the answer may be sent when this returns. */
  run(batch: Batch): BatchReply {
    for (;;) {
      try {
        return this.#attempt(batch, false) ?? this.#attempt(batch, true) ?? { results: [] };
      } catch (thrown) {
        const failure = failureOf(thrown instanceof BatchFailed ? thrown.thrown : thrown);
        if (failure.reach !== "lost" || this.#marks === undefined) {
          this.#rollBack();
          return { results: [], failed: failure.error, fatal: failure.reach === "fatal" || failure.reach === "lost" };
        }
      }
      const found = this.#settled(this.#marks);
      if (found !== undefined) return found;
    }
  }

  /** The answer to a batch whose commit may have taken place; nothing when it has to be done again. */
  #settled(marks: CommitMarks): BatchReply | undefined {
    this.#forget();
    const reply = this.#committing;
    this.#committing = undefined;
    try {
      return marks.settle() === "committed" && reply !== undefined ? reply : undefined;
    } catch (thrown) {
      return { results: [], failed: failureOf(thrown).error, fatal: true };
    }
  }

  /**
   * Without savepoints, which cost; when a verb throws, the batch is taken back and this returns nothing. With them, a verb
   * that throws undoes only itself.
   */
  #attempt(batch: Batch, guarded: boolean): BatchReply | undefined {
    const results: unknown[] = [];
    const failures: (readonly [number, WireError])[] = [];
    const broken = new BrokenIncarnations();
    this.#committing = undefined;
    const startedMs = this.#elapsedMs();
    this.#begin.run();
    for (let i = 0; i < batch.length; i += 2) {
      const verb = String(batch[i]);
      const incarnation = guarded ? incarnationOf(verb, batch[i + 1]) : undefined;
      try {
        if (guarded) this.#db.run("SAVEPOINT verb");
        if (incarnation !== undefined && broken.has(incarnation.run, incarnation.epoch)) {
          throw brokenError(incarnation.run);
        }
        const result = execute(this.#tables, verb, batch[i + 1]);
        this.#tables.runs.endVerb();
        if (guarded) {
          this.#tables.tally.flush();
          this.#db.run("RELEASE verb");
        }
        if (deleting.has(verb)) this.#vacuumWanted = true;
        results.push(result);
      } catch (thrown) {
        const failure = failureOf(thrown);
        if (failure.reach !== "verb") throw new BatchFailed(thrown);
        if (!guarded) {
          this.#rollBack();
          return undefined;
        }
        this.#db.run("ROLLBACK TO verb");
        this.#db.run("RELEASE verb");
        this.#forget();
        if (incarnation !== undefined) broken.note(incarnation.run, incarnation.epoch);
        failures.push([i / 2, failure.error]);
        results.push(undefined);
      }
    }
    this.#tables.tally.flush();
    if (this.#marks !== undefined) {
      this.#marks.mark();
      this.#committing = failures.length === 0 ? { results } : { results, failures };
    }
    const workedMs = this.#elapsedMs();
    this.#commit.run();
    const times = { verbs: results.length, workMs: workedMs - startedMs, commitMs: this.#elapsedMs() - workedMs };
    this.#tables.runs.trim();
    return failures.length === 0 ? { results, times } : { results, failures, times };
  }

  #rollBack(): void {
    this.#forget();
    if (this.#db.inTransaction) this.#db.run("ROLLBACK");
  }

  /** What is remembered of the tables may have been taken back. */
  #forget(): void {
    this.#tables.runs.reset();
    this.#tables.tally.reset();
    this.#tables.flow.reset();
    this.#tables.flowRows.reset();
    this.#tables.audit.reset();
  }

  /** Work that may wait until the answer was sent; true when the log has grown past its limit and has to be emptied. */
  tidy(): boolean {
    if (this.#db.dialect === "postgres") return false;
    if (this.#vacuumWanted) {
      this.#db.rows(`PRAGMA incremental_vacuum(${this.#limits.vacuumPagesMax})`);
      const [free] = this.#db.rows<{ freelist_count: number }>("PRAGMA freelist_count");
      this.#vacuumWanted = free?.freelist_count !== 0;
    }
    this.#commits++;
    if (!this.#crowded && this.#commits % commitsPerLook !== 0) return false;
    const logBytes = statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    this.#crowded = logBytes > this.#limits.walBytesMax;
    return this.#crowded;
  }

  /**
   * Moves the log into the database. Waits for reads that hold it, as long as for any lock: what cannot be cut off in the
   * middle, a backup for one, makes the next commit wait instead of letting the log grow.
   */
  emptyLog(): void {
    const [outcome] = this.#db.rows<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#crowded = outcome?.busy !== 0;
  }

  /** Moves the log into the database and closes it: the file is whole by itself then. */
  close(): void {
    this.#db.close();
  }
}
