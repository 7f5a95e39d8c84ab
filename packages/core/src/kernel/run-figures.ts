// The figures port: what is counted about runs while they come and go, and lists that only people ask for. All of it is read.
import type { EntryKind, EntryStatus, JournalEntry, RunStatus, RunStatusReason } from "@sluice/protocol";
import { quantileMs } from "./duration-buckets.ts";
import type { AccessFilter } from "./run-records.ts";

/** The verbs. They reject as those of `RunStore` do. */
export interface RunFigures {
  /**
   * Runs by the hour in which they were created, and ends by that in which they came, from `from` to before `to`: hours in
   * which both lie count whole. Runs that were deleted since are in them, and every end of a run that was retried. All that
   * may be seen together, or with `each` every workflow by itself, by name.
   */
  runStatistics(p: {
    readonly from: number;
    readonly to: number;
    readonly workflow?: string | undefined;
    readonly each?: boolean | undefined;
    readonly access?: AccessFilter | undefined;
  }): Promise<readonly RunStatistics[]>;

  /** How many runs of each workflow there are now, by status; workflows by name. */
  countByWorkflow(p: {
    readonly workflow?: string | undefined;
    readonly access?: AccessFilter | undefined;
  }): Promise<readonly WorkflowCounts[]>;

  /** What waits for somebody to act. `failed`: runs that ended since then as failed or timed out and were not retried. */
  countNeeds(p: {
    readonly failedSince: number;
    readonly access?: AccessFilter | undefined;
    /** The same for approvals. */
    readonly approvals?: AccessFilter | undefined;
  }): Promise<Needs>;

  /** Timers that are set. Where access narrows them counting stops at `max`. */
  countTimers(p: { readonly access?: AccessFilter | undefined; readonly max: number }): Promise<number>;

  /** Unfinished runs by the version of their code, their workflow, and how they stand. */
  countByVersion(p: { readonly access?: AccessFilter | undefined }): Promise<readonly VersionRuns[]>;

  /** What waits for an event, by name, then the oldest first. A page may be short, even empty, before the last one. */
  listWaits(p: {
    readonly event?: string | undefined;
    /** Patterns of the names the caller may see; absent means all. */
    readonly names?: readonly string[] | undefined;
    readonly access?: AccessFilter | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly waits: readonly EventWait[]; readonly next?: string | undefined }>;

  /** Runs that schedules started for times from `from` to before `to`, by that time. */
  listScheduledRuns(p: {
    readonly from: number;
    readonly to: number;
    readonly workflow?: string | undefined;
    readonly access?: AccessFilter | undefined;
    readonly limit: number;
  }): Promise<readonly ScheduledRun[]>;

  /** Journals without their values, of the newest runs of a workflow; of each at most `entriesMax` entries, in the order of calls. */
  listOutlines(p: {
    readonly workflow: string;
    readonly limit: number;
    readonly entriesMax: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly outlines: readonly RunOutline[]; readonly next?: string | undefined }>;

  /** One entry of a journal. */
  getEntry(p: {
    readonly run: string;
    readonly seq: number;
    readonly access?: AccessFilter | undefined;
  }): Promise<JournalEntry | undefined>;

  /** The failed attempts of a run's entries before those that its journal shows; of each entry the last few. */
  listAttempts(p: { readonly run: string; readonly access?: AccessFilter | undefined }): Promise<readonly Attempt[]>;
}

/** What became of runs. */
export interface Figures {
  readonly created: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timedout: number;
  /** From creation to end, of those that ended; within 5 %. Absent when none did. */
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
}
export interface HourFigures extends Figures {
  /** Beginning of the hour, in milliseconds since 1970. */
  readonly at: number;
}
export interface RunStatistics {
  /** Absent where all are together. */
  readonly workflow?: string | undefined;
  readonly total: Figures;
  /** Those in which there was something, oldest first. */
  readonly hours: readonly HourFigures[];
}

export interface WorkflowCounts {
  readonly workflow: string;
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>;
  /** Of the queued ones and those that undo: how many could be taken up at once. */
  readonly ready: number;
  /** When the newest that is still there was created. */
  readonly lastAt?: number | undefined;
}

export interface VersionRuns {
  readonly version: string;
  readonly workflow: string;
  readonly status: RunStatus;
  readonly runs: number;
}

export interface Needs {
  readonly approvals: number;
  readonly failed: number;
  /** Runs that are parked until an operator acts, by why. */
  readonly blocked: Readonly<Partial<Record<RunStatusReason, number>>>;
}

export interface EventWait {
  readonly run: string;
  readonly workflow: string;
  readonly seq: number;
  readonly event: string;
  readonly key?: string | undefined;
  /** Encoded: fields that the payload must have. */
  readonly match?: Uint8Array | undefined;
  readonly since: number;
  readonly dueAt?: number | undefined;
}

export interface ScheduledRun {
  readonly run: string;
  readonly schedule: string;
  readonly workflow: string;
  readonly status: RunStatus;
  /** The time of the schedule it was started for. */
  readonly nominalAt: number;
  readonly createdAt: number;
}

/** A run as the places in its journal show it. */
export interface RunOutline {
  readonly run: string;
  readonly status: RunStatus;
  readonly entries: readonly OutlineEntry[];
}
export interface OutlineEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly name: string;
  readonly status: EntryStatus;
  /** 0 while it is open. */
  readonly ord: number;
  readonly at: number;
  /** 0 while it is open. */
  readonly end: number;
}

/** An attempt that failed and was followed by another. */
export interface Attempt {
  readonly seq: number;
  readonly attempt: number;
  /** It began then, or a little later. */
  readonly at: number;
  readonly end: number;
  /** Encoded, or a reference to a blob; what was very long is cut. */
  readonly error: Uint8Array;
}

/** What is counted by the hour: runs that were created, and ends. */
export const countedStatuses = ["created", "completed", "failed", "cancelled", "timedout"] as const;
export type CountedStatus = (typeof countedStatuses)[number];

/** So many runs of a workflow in an hour, and how long those that ended took. */
export interface CountedRuns {
  readonly workflow: string;
  /** Hours since 1970. */
  readonly hour: number;
  readonly status: CountedStatus;
  readonly count: number;
  /** A bucket, how many are in it, and so on (duration-buckets.ts). */
  readonly buckets: readonly number[];
}

export const hourMs = 3_600_000;

/** The hour in which a time is, in hours since 1970. */
export function hourOf(at: number): number {
  return Math.floor(at / hourMs);
}

/** The tag that says for which time of its schedule a run was started; it sorts as times do. */
export function scheduledTag(nominalAt: number): string {
  return scheduledTagStart + new Date(nominalAt).toISOString();
}

const scheduledTagStart = "scheduled:";

/** The tags that a run hands on to the one it goes on as: all but the one that says for which time a schedule made it. */
export function handedOnTags(tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => !tag.startsWith(scheduledTagStart));
}

/** The time in a tag that `scheduledTag` made. */
export function nominalAtOf(tag: string): number | undefined {
  if (!tag.startsWith(scheduledTagStart)) return undefined;
  const at = Date.parse(tag.slice(scheduledTagStart.length));
  return Number.isNaN(at) || scheduledTag(at) !== tag ? undefined : at;
}

/** Sums counts up, in any order. */
class FiguresSum {
  readonly #counts: Record<CountedStatus, number> = { created: 0, completed: 0, failed: 0, cancelled: 0, timedout: 0 };
  readonly #buckets = new Map<number, number>();

  add({ status, count, buckets }: Pick<CountedRuns, "status" | "count" | "buckets">): void {
    this.#counts[status] += count;
    for (let at = 0; at < buckets.length; at += 2) {
      const bucket = buckets[at] ?? 0;
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + (buckets[at + 1] ?? 0));
    }
  }

  get figures(): Figures {
    const p50Ms = quantileMs(this.#buckets, 0.5);
    const p95Ms = quantileMs(this.#buckets, 0.95);
    if (p50Ms === undefined || p95Ms === undefined) return { ...this.#counts };
    return { ...this.#counts, p50Ms, p95Ms };
  }
}

/** What `runStatistics` answers for these counts. */
export function statisticsOf(rows: Iterable<CountedRuns>, each: boolean): readonly RunStatistics[] {
  const sums = new Map<string, { readonly total: FiguresSum; readonly hours: Map<number, FiguresSum> }>();
  if (!each) sums.set("", { total: new FiguresSum(), hours: new Map() });
  for (const row of rows) {
    const key = each ? row.workflow : "";
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, (sum = { total: new FiguresSum(), hours: new Map() }));
    let hour = sum.hours.get(row.hour);
    if (hour === undefined) sum.hours.set(row.hour, (hour = new FiguresSum()));
    sum.total.add(row);
    hour.add(row);
  }
  return [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([workflow, { total, hours }]) => ({
      ...(each ? { workflow } : {}),
      total: total.figures,
      hours: [...hours].toSorted(([a], [b]) => a - b).map(([hour, sum]) => ({ at: hour * hourMs, ...sum.figures })),
    }));
}
