// Reads that may be long: lists, counts and copies. They run on a thread of their own, never on the engine's.
import type { RunStatus } from "@sluice/protocol";
import type { Connection } from "./connection.ts";
import type { EventRecord, LogLine, RunStore, StateEntry, StoreStats } from "../../kernel/run-store.ts";
import { backup } from "./backup.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { JournalTable } from "./journal.ts";
import { countRuns, listRuns } from "./run-lists.ts";
import { listRetentionsSql, toRetention } from "./retention.ts";
import type { Mutable } from "./run-row.ts";
import { stateColumns, toStateEntry, type StateRow } from "./state.ts";
import { lazily, marks } from "./statement.ts";
import { tokenColumns, toToken, type TokenRow } from "./tokens.ts";
import { versionsInUseSql } from "./versions.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

/** The verbs that go to the reader thread. */
export type ReadVerb =
  | "readJournal"
  | "listState"
  | "listRuns"
  | "countRuns"
  | "listLogs"
  | "listTokens"
  | "listEvents"
  | "blobsInUse"
  | "versionsInUse"
  | "listRetentions"
  | "stats"
  | "backup";

/** Highest text there is, for the end of a range of keys with one beginning. */
const lastCharacter = "\u{10FFFF}";

const listStateSql = `SELECT ${stateColumns} FROM state WHERE scope = ?1 AND key > ?2 AND key >= ?3 AND key < ?4
  AND (expires_at IS NULL OR expires_at > ?5) ORDER BY key LIMIT ?6`;
const listLogsSql = `SELECT line, level, message, data, at FROM run_logs WHERE run = ? AND line > ? ORDER BY line LIMIT ?`;
const listEventsSql = `SELECT id, name, key, payload, at FROM events WHERE id > ?1 AND (?2 IS NULL OR name = ?2)
  ORDER BY id LIMIT ?3`;
const runsByStatusSql = `SELECT status, count(*) AS runs FROM runs WHERE status <> 'completed' GROUP BY status`;
const runsSql = "SELECT count(*) AS n FROM runs";
const readySql = "SELECT count(*) AS n FROM runs WHERE ready = 1";
const timersSql = "SELECT count(*) AS n FROM waits WHERE due IS NOT NULL";
const eventsSql = "SELECT count(*) AS n FROM events";
const bytesSql = "SELECT page_count * page_size AS n FROM pragma_page_count(), pragma_page_size()";
const blobInUseSql = "SELECT 1 AS found FROM blob_refs WHERE hash = ? LIMIT 1";

type LogRow = Omit<LogLine, "data"> & { readonly data: Uint8Array | null };
type EventRow = Omit<EventRecord, "key"> & { readonly key: string | null };

export class Reads {
  readonly #db: Connection;
  readonly #journal: JournalTable;
  readonly #listState;
  readonly #listLogs;
  readonly #listEvents;
  readonly #blobInUse;
  readonly #verbs: { readonly [Verb in ReadVerb]: (p: Params<Verb>) => unknown } = {
    readJournal: (p) => this.#journal.read(p),
    listState: (p) => this.listState(p),
    listRuns: (p) => listRuns(this.#db, p),
    countRuns: (p) => countRuns(this.#db, p),
    listLogs: (p) => this.listLogs(p),
    listTokens: (p) => this.listTokens(p),
    listEvents: (p) => this.listEvents(p),
    blobsInUse: (p) => p.blobs.filter((hash) => this.#blobInUse().get(hash) !== null),
    versionsInUse: () => this.#db.rows(versionsInUseSql),
    listRetentions: () => this.#db.rows<Parameters<typeof toRetention>[0]>(listRetentionsSql).map(toRetention),
    stats: () => this.stats(),
    backup: (p) => backup(this.#db, p.path),
  };

  constructor(db: Connection) {
    this.#db = db;
    this.#journal = new JournalTable(db);
    this.#listState = lazily<StateRow>(db, listStateSql);
    this.#listLogs = lazily<LogRow>(db, listLogsSql);
    this.#listEvents = lazily<EventRow>(db, listEventsSql);
    this.#blobInUse = lazily(db, blobInUseSql);
  }

  /** Executes one read; `params` are those of the port's verb of that name. */
  execute(verb: string, params: unknown): unknown {
    const read = Object.hasOwn(this.#verbs, verb) ? this.#verbs[verb as ReadVerb] : undefined;
    if (read === undefined) throw new Error(`the reader has no verb ${verb}`);
    // The caller's side is typed by the port; across threads only its word is left.
    return (read as (p: unknown) => unknown)(params);
  }

  listState(p: Params<"listState">): { entries: StateEntry[]; next?: string } {
    const prefix = p.prefix ?? "";
    const after = p.cursor === undefined ? "" : decodeCursor(p.cursor);
    // An empty key would not be greater than an empty start; no key is empty.
    const rows = this.#listState().all(p.scope, after, prefix, prefix + lastCharacter, p.now, p.limit + 1);
    const entries = rows.slice(0, p.limit).map(toStateEntry);
    const last = entries.at(-1);
    return rows.length > p.limit && last !== undefined ? { entries, next: encodeCursor(last.key) } : { entries };
  }

  listLogs(p: Params<"listLogs">): LogLine[] {
    return this.#listLogs()
      .all(p.run, p.after, p.limit)
      .map(({ data, ...line }) => (data === null ? line : { ...line, data }));
  }

  listEvents(p: Params<"listEvents">): EventRecord[] {
    return this.#listEvents()
      .all(p.after, p.name ?? null, p.limit)
      .map(({ key, ...event }) => (key === null ? event : { ...event, key }));
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
      conditions.push(`workflow IN (${marks(p.access.workflows.length)})`);
      values.push(...p.access.workflows);
    }
    const sql = `SELECT ${tokenColumns} FROM tokens WHERE ${conditions.join(" AND ")} ORDER BY created_at, token LIMIT ?`;
    return this.#db.rows<TokenRow>(sql, ...values, p.limit).map(toToken);
  }

  stats(): StoreStats {
    const runs: Mutable<StoreStats["runs"]> = {};
    let others = 0;
    for (const row of this.#db.rows<{ status: RunStatus; runs: number }>(runsByStatusSql)) {
      runs[row.status] = row.runs;
      others += row.runs;
    }
    const completed = this.#number(runsSql) - others;
    if (completed > 0) runs.completed = completed;
    return {
      runs,
      ready: this.#number(readySql),
      timers: this.#number(timersSql),
      events: this.#number(eventsSql),
      bytes: this.#number(bytesSql),
    };
  }

  #number(sql: string): number {
    return this.#db.rows<{ n: number }>(sql)[0]?.n ?? 0;
  }

  close(): void {
    this.#db.close();
  }
}
