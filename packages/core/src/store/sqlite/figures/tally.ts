// Counts runs while they come, change and go: in memory while a batch is executed, and with its commit in the tables.
import { isFinalStatus, type RunStatus } from "@sluice/protocol";
import { bucketOf } from "../../../kernel/duration-buckets.ts";
import { countedStatuses, hourOf, type CountedStatus } from "../../../kernel/run-figures.ts";
import type { Connection } from "../connection.ts";
import { readiness } from "../run-row.ts";
import { lazily } from "../statement.ts";

const readSql = "SELECT count, buckets FROM run_stats WHERE hour = ? AND workflow = ? AND status = ?";
const writeSql = "INSERT OR REPLACE INTO run_stats (hour, workflow, status, count, buckets) VALUES (?, ?, ?, ?, ?)";
const addCountSql = `INSERT INTO run_counts (workflow, status, count) VALUES (?, ?, ?)
  ON CONFLICT (workflow, status) DO UPDATE SET count = run_counts.count + excluded.count`;
const deleteOldSql = `DELETE FROM run_stats WHERE (hour, workflow, status) IN
  (SELECT hour, workflow, status FROM run_stats WHERE hour < ? ORDER BY hour LIMIT ?)`;

/** Rows of `run_stats` kept in memory so that they need not be read again. */
const keptRowsMax = 1_024;

/** What `run_counts` has for runs that could be claimed. */
export const readyCount = "ready";

/** What of a run is counted, as it is and as its row has it. */
export interface Counted {
  readonly workflow: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly status: RunStatus;
  readonly ready: number;
  storedStatus: RunStatus;
  storedReady: number;
}

/** Runs by bucket of their duration; those that were created are all in bucket 0. */
type Counts = Map<number, number>;

function add<Key>(to: Map<Key, number>, key: Key, count: number): void {
  to.set(key, (to.get(key) ?? 0) + count);
}

/** What a batch has changed for one workflow. */
class Pending {
  /** By the hour and place of the status in `countedStatuses`, in one number. */
  readonly stats = new Map<number, Counts>();
  readonly counts = new Map<RunStatus | typeof readyCount, number>();

  event(at: number, status: CountedStatus, bucket: number): void {
    const slot = hourOf(at) * countedStatuses.length + countedStatuses.indexOf(status);
    let counts = this.stats.get(slot);
    if (counts === undefined) this.stats.set(slot, (counts = new Map()));
    add(counts, bucket, 1);
  }

  count(status: RunStatus | typeof readyCount, by: number): void {
    add(this.counts, status, by);
  }
}

export class Tally {
  readonly #read;
  readonly #write;
  readonly #addCount;
  readonly #deleteOld;
  readonly #pending = new Map<string, Pending>();
  /** Rows of `run_stats` as they are written now. */
  readonly #rows = new Map<string, Counts>();

  constructor(db: Connection) {
    this.#read = lazily<{ count: number; buckets: string }>(db, readSql);
    this.#write = lazily(db, writeSql);
    this.#addCount = lazily(db, addCountSql);
    this.#deleteOld = lazily(db, deleteOldSql);
  }

  /** A row was added. */
  created(run: Counted): void {
    const pending = this.#of(run.workflow);
    pending.event(run.createdAt, "created", 0);
    pending.count(run.status, 1);
    if (run.ready === readiness.claimable) pending.count(readyCount, 1);
  }

  /** A row was written anew. */
  changed(run: Counted): void {
    const { status, ready, storedStatus, storedReady, endedAt } = run;
    if (status === storedStatus && ready === storedReady) return;
    run.storedStatus = status;
    run.storedReady = ready;
    const pending = this.#of(run.workflow);
    if (ready === readiness.claimable) pending.count(readyCount, 1);
    if (storedReady === readiness.claimable) pending.count(readyCount, -1);
    if (status === storedStatus) return;
    pending.count(storedStatus, -1);
    pending.count(status, 1);
    if (isFinalStatus(status) && endedAt !== null) pending.event(endedAt, status, bucketOf(endedAt - run.createdAt));
  }

  /** The row of an ended run is deleted. */
  deleted(run: { readonly workflow: string; readonly status: RunStatus }): void {
    this.#of(run.workflow).count(run.status, -1);
  }

  #of(workflow: string): Pending {
    let pending = this.#pending.get(workflow);
    if (pending === undefined) this.#pending.set(workflow, (pending = new Pending()));
    return pending;
  }

  /** Writes what was counted; to be called before a commit. */
  flush(): void {
    if (this.#pending.size === 0) return;
    for (const [workflow, { stats, counts }] of this.#pending) {
      for (const [slot, more] of stats) this.#writeStat(workflow, slot, more);
      // What came and went within the batch is nothing.
      for (const [status, count] of counts) if (count !== 0) this.#addCount().run(workflow, status, count);
    }
    this.#pending.clear();
  }

  #writeStat(workflow: string, slot: number, more: Counts): void {
    const hour = Math.floor(slot / countedStatuses.length);
    const status = countedStatuses[slot % countedStatuses.length] ?? "created";
    const key = `${slot} ${workflow}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      if (this.#rows.size >= keptRowsMax) this.#rows.clear();
      const stored = this.#read().get(hour, workflow, status);
      row = stored === null ? new Map() : countsOf(status, stored);
      this.#rows.set(key, row);
    }
    for (const [bucket, count] of more) add(row, bucket, count);
    let total = 0;
    const buckets: number[] = [];
    for (const [bucket, count] of row) {
      total += count;
      if (status !== "created") buckets.push(bucket, count);
    }
    this.#write().run(hour, workflow, status, total, JSON.stringify(buckets));
  }

  /** What was counted has been taken back. */
  reset(): void {
    this.#pending.clear();
    this.#rows.clear();
  }

  /** Deletes up to `limit` counts of hours that ended before this time; how many. */
  deleteOld(before: number, limit: number): number {
    this.#rows.clear();
    return this.#deleteOld().run(hourOf(before), limit).changes;
  }
}

function countsOf(status: CountedStatus, stored: { readonly count: number; readonly buckets: string }): Counts {
  if (status === "created") return new Map([[0, stored.count]]);
  const list = JSON.parse(stored.buckets) as readonly number[];
  return new Map(list.flatMap((bucket, at) => (at % 2 === 0 ? [[bucket, list[at + 1] ?? 0] as const] : [])));
}
