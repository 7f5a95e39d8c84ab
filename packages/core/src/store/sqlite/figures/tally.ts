// Counts runs while they come, change and go: in memory while a batch is executed, and with its commit in the tables.
import { isFinalStatus, type RunStatus } from "@sluice/protocol";
import { bucketOf } from "../../../kernel/duration-buckets.ts";
import { countedStatuses, hourOf, type CountedStatus } from "../../../kernel/run-figures.ts";
import type { Connection } from "../connection.ts";
import { readiness } from "../run-row.ts";
import { lazily } from "../statement.ts";

const addStatSql = `INSERT INTO run_stats (hour, workflow, status, bucket, count) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count`;
const addCountSql = `INSERT INTO run_counts (workflow, status, count) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count`;
const deleteOldSql = `DELETE FROM run_stats WHERE (hour, workflow, status, bucket) IN
  (SELECT hour, workflow, status, bucket FROM run_stats WHERE hour < ? ORDER BY hour LIMIT ?)`;

/** An hour, what is counted and a bucket in one number: a map of numbers is cheaper than one of texts. */
const bucketsMax = 512;
const slotsPerHour = countedStatuses.length * bucketsMax;

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

/** What a batch has changed for one workflow. */
class Pending {
  readonly stats = new Map<number, number>();
  readonly counts = new Map<RunStatus | typeof readyCount, number>();

  event(at: number, status: CountedStatus, bucket: number): void {
    const slot = hourOf(at) * slotsPerHour + countedStatuses.indexOf(status) * bucketsMax + bucket;
    this.stats.set(slot, (this.stats.get(slot) ?? 0) + 1);
  }

  count(status: RunStatus | typeof readyCount, by: number): void {
    this.counts.set(status, (this.counts.get(status) ?? 0) + by);
  }
}

export class Tally {
  readonly #addStat;
  readonly #addCount;
  readonly #deleteOld;
  readonly #pending = new Map<string, Pending>();

  constructor(db: Connection) {
    this.#addStat = lazily(db, addStatSql);
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
      for (const [slot, count] of stats) {
        const hour = Math.floor(slot / slotsPerHour);
        const place = slot - hour * slotsPerHour;
        const status = countedStatuses[Math.floor(place / bucketsMax)] ?? "created";
        this.#addStat().run(hour, workflow, status, place % bucketsMax, count);
      }
      // What came and went within the batch is nothing.
      for (const [status, count] of counts) if (count !== 0) this.#addCount().run(workflow, status, count);
    }
    this.#pending.clear();
  }

  /** What was counted has been taken back. */
  reset(): void {
    this.#pending.clear();
  }

  /** Deletes up to `limit` counts of hours that ended before this time; how many. */
  deleteOld(before: number, limit: number): number {
    return this.#deleteOld().run(hourOf(before), limit).changes;
  }
}
