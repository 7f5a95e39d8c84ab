// How long checkpoints in databases of users are kept: as long as a step may be executed again, and a while longer.
import type { WorkerClock } from "./clock.ts";
import type { PastRuns } from "./past-runs.ts";

/** A checkpoint younger than this is left alone, whatever its run: a worker that was taken for dead may still execute its step. */
export const checkpointsKeptMs = 7 * 86_400_000;
/** A database is looked through this often, while steps take place in it. */
const lookEveryMs = 3_600_000;
/** Rows looked at and deleted at a time. */
const rowsMax = 200;

/** One row, without its value. Keys are `RUN:SEQ` or `RUN:SEQ:GENERATION`. */
export interface CheckpointRow {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The checkpoints of one database. */
export interface CheckpointTable {
  /** Rows written before `before`, by time and key, those after `after`. */
  old(p: {
    readonly before: number;
    readonly after: CheckpointRow;
    readonly limit: number;
  }): Promise<readonly CheckpointRow[]>;
  delete(keys: readonly string[]): Promise<void>;
}

export class CheckpointKeeping {
  readonly #past: Pick<PastRuns, "of">;
  readonly #clock: Pick<WorkerClock, "now">;
  readonly #lookedAt = new WeakMap<object, number>();

  constructor(past: Pick<PastRuns, "of">, clock: Pick<WorkerClock, "now">) {
    this.#past = past;
    this.#clock = clock;
  }

  /** A step has taken place in this database: deletes what nobody needs any more, now and then. How many rows that were. */
  async used(db: object, table: CheckpointTable): Promise<number> {
    const now = this.#clock.now();
    const lookedAt = this.#lookedAt.get(db);
    if (lookedAt !== undefined && now - lookedAt < lookEveryMs) return 0;
    this.#lookedAt.set(db, now);
    let deleted = 0;
    for (let after: CheckpointRow = { key: "", at: 0 }; ;) {
      const rows = await table.old({ before: now - checkpointsKeptMs, after, limit: rowsMax });
      const last = rows.at(-1);
      if (last === undefined) return deleted;
      const keys = rows.map(({ key }) => key);
      const past = await this.#past.of([...new Set(keys.map(runOf))]);
      const over = keys.filter((key) => past.has(runOf(key)));
      if (over.length > 0) await table.delete(over);
      deleted += over.length;
      if (keys.length < rowsMax) return deleted;
      after = last;
    }
  }
}

/** Ids of runs have no colon. */
function runOf(key: string): string {
  return key.slice(0, key.indexOf(":"));
}
