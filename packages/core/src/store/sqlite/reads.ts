// Reads that may be long: lists, counts and copies. They run on a thread of their own, never on the engine's.
import type { Connection } from "./connection.ts";
import { sees } from "../../kernel/patterns.ts";
import type { AccessFilter, LogLine, RunStore } from "../../kernel/run-store.ts";
import { readAudit, searchAudit } from "./audit/audit-reads.ts";
import { backup } from "./backup.ts";
import { listEvents } from "./event-list.ts";
import { getEntry, listAttempts, listOutlines, listScheduledRuns, listWaits } from "./figures/lists.ts";
import { countByVersion, countByWorkflow, countNeeds, countTimers, runStatistics } from "./figures/statistics.ts";
import { listAccessTokens, listUsers } from "./identity/identity-lists.ts";
import { JournalTable } from "./journal.ts";
import { fitsPatterns } from "./patterns.ts";
import { countRuns, listRuns } from "./run-lists.ts";
import { searchEventNames, searchRuns, searchStateKeys } from "./run-search.ts";
import { listRetentions } from "./retention.ts";
import { listStepCache } from "./step-cache.ts";
import { listState } from "./state-list.ts";
import { lazily } from "./statement.ts";
import { readStream } from "./streams.ts";
import { stats } from "./stats.ts";
import { listTasks } from "./tasks.ts";
import { listDeliveries } from "./triggers/delivery-table.ts";
import { listComments } from "./approval-comments.ts";
import { tokenColumns, toToken, type TokenRow } from "./tokens.ts";
import { versionsInUseSql } from "./versions.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

/** The verbs that go to the reader thread. */
export type ReadVerb =
  | "readJournal"
  | "listState"
  | "listStepCache"
  | "listTasks"
  | "readStream"
  | "listRuns"
  | "countRuns"
  | "listLogs"
  | "listTokens"
  | "listComments"
  | "listEvents"
  | "blobsInUse"
  | "versionsInUse"
  | "listRetentions"
  | "searchRuns"
  | "searchEventNames"
  | "searchStateKeys"
  | "stats"
  | "backup";

/** Those of the figures port. */
const figureReads = {
  runStatistics,
  countByWorkflow,
  countByVersion,
  countNeeds,
  countTimers,
  listWaits,
  listScheduledRuns,
  listOutlines,
  getEntry,
  listAttempts,
};
/** Reads of the other ports that go there too. */
const otherReads = { listUsers, listAccessTokens, readAudit, searchAudit, listDeliveries, ...figureReads };
export type OtherReadVerb = keyof typeof otherReads;

const listLogsSql = `SELECT line, level, message, data, at, key FROM run_logs WHERE run = ? AND line > ? ORDER BY line LIMIT ?`;
const blobInUseSql = `SELECT 1 AS found FROM blob_refs WHERE hash = ?1
  UNION ALL SELECT 1 FROM blob_scopes WHERE hash = ?1 LIMIT 1`;

type LogRow = Omit<LogLine, "data" | "key"> & { readonly data: Uint8Array | null; readonly key: string | null };

export class Reads {
  readonly #db: Connection;
  readonly #journal: JournalTable;
  readonly #listLogs;
  readonly #workflowOf;
  readonly #blobInUse;
  readonly #verbs: { readonly [Verb in ReadVerb]: (p: Params<Verb>) => unknown } = {
    readJournal: (p) => (this.#shows(p) ? this.#journal.read(p) : { entries: [] }),
    readStream: (p) => (this.#shows(p) ? readStream(this.#db, p) : { chunks: [], first: 1 }),
    listStepCache: (p) => listStepCache(this.#db, p),
    listTasks: (p) => listTasks(this.#db, p),
    listState: (p) => listState(this.#db, p),
    listRuns: (p) => listRuns(this.#db, p),
    countRuns: (p) => countRuns(this.#db, p),
    listLogs: (p) => (this.#shows(p) ? this.listLogs(p) : []),
    listTokens: (p) => this.listTokens(p),
    listComments: (p) => listComments(this.#db, p),
    listEvents: (p) => listEvents(this.#db, p),
    blobsInUse: (p) => p.blobs.filter((hash) => this.#blobInUse().get(hash) !== null),
    versionsInUse: () => this.#db.rows(versionsInUseSql),
    listRetentions: (p) => listRetentions(this.#db, p),
    searchRuns: (p) => searchRuns(this.#db, p),
    searchEventNames: (p) => searchEventNames(this.#db, p),
    searchStateKeys: (p) => searchStateKeys(this.#db, p),
    stats: (p) => stats(this.#db, p),
    backup: (p) => (this.#db.dialect === "sqlite" ? backup(this.#db, p.path) : this.#copyTo(p.path)),
  };

  constructor(db: Connection) {
    this.#db = db;
    this.#journal = new JournalTable(db);
    this.#listLogs = lazily<LogRow>(db, listLogsSql);
    this.#workflowOf = lazily<{ workflow: string }>(db, "SELECT workflow FROM runs WHERE id = ?");
    this.#blobInUse = lazily(db, blobInUseSql);
  }

  /** Executes one read; `params` are those of the port's verb of that name. */
  execute(verb: string, params: unknown): unknown {
    if (Object.hasOwn(otherReads, verb)) {
      return (otherReads[verb as OtherReadVerb] as (db: Connection, p: unknown) => unknown)(this.#db, params);
    }
    const read = Object.hasOwn(this.#verbs, verb) ? this.#verbs[verb as ReadVerb] : undefined;
    if (read === undefined) throw new Error(`the reader has no verb ${verb}`);
    // The caller's side is typed by the port; across threads only its word is left.
    return (read as (p: unknown) => unknown)(params);
  }

  /** Whether somebody may see a run. */
  #shows(p: { readonly run: string; readonly access?: AccessFilter | undefined }): boolean {
    if (p.access === undefined) return true;
    const run = this.#workflowOf().get(p.run);
    return run !== null && sees(p.access, run.workflow);
  }

  listLogs(p: Params<"listLogs">): LogLine[] {
    return this.#listLogs()
      .all(p.run, p.after, p.limit)
      .map(({ data, key, ...line }) => ({
        ...line,
        ...(data === null ? {} : { data }),
        ...(key === null ? {} : { key }),
      }));
  }

  listTokens(p: Params<"listTokens">): unknown {
    const conditions = ["kind = ?"];
    const values: (string | number)[] = [p.kind];
    if (p.status !== undefined) {
      conditions.push("status = ?");
      values.push(p.status);
    }
    if (p.run !== undefined) {
      conditions.push("run = ?");
      values.push(p.run);
    }
    if (p.access !== undefined) {
      const shown = fitsPatterns("workflow", p.access.workflows);
      conditions.push(shown.sql);
      values.push(...shown.values);
    }
    if (p.after !== undefined) {
      conditions.push("(created_at, run, seq) > (?, ?, ?)");
      values.push(p.after.createdAt, p.after.run, p.after.seq);
    }
    const sql = `SELECT ${tokenColumns} FROM tokens WHERE ${conditions.join(" AND ")} ORDER BY created_at, run, seq LIMIT ?`;
    return this.#db.rows<TokenRow>(sql, ...values, p.limit).map(toToken);
  }

  /** A backup is a file of SQLite's wherever the data is: it can be put back anywhere. */
  #copyTo(path: string): Promise<{ readonly bytes: number }> {
    return import("../postgres/backup.ts").then(({ backupToFile }) => backupToFile(this.#db, path));
  }

  close(): void {
    this.#db.close();
  }
}
