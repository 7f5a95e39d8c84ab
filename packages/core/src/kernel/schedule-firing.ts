// The part of the store port by which schedules make their runs, at once or when a limit takes them.
import type { CancelNotice, Overlap } from "@sluice/protocol";
import type { InnerActor } from "./inner-actor.ts";
import type { Effects, NewRun, RunRecord } from "./run-records.ts";

/** A nominal time of a schedule that waits for a limit of its workflow. */
export interface HeldTime {
  readonly schedule: string;
  /** Milliseconds since 1970, as `at`: since when it waits. */
  readonly time: number;
  readonly at: number;
}

export interface ScheduleFiring {
  /**
   * Creates the runs of nominal times and moves `handledUntil`, once: refused as `stale` unless it still is `expect`.
   * Overlap `skip` creates none while a run of the schedule has not ended; `cancel`, when it creates one, cancels those that
   * have not ended as `cancelRun` does, in the same commit. A time that a limit of the workflow turns away is held, in the same
   * commit; with `skip` and `cancel` only the last one is.
   */
  fireSchedule(p: {
    readonly by: InnerActor;
    readonly schedule: string;
    readonly expect: number;
    readonly handledUntil: number;
    readonly runs: readonly NewRun[];
    /** The nominal time of each of `runs`. What has none is skipped where a limit turns it away. */
    readonly times?: readonly number[] | undefined;
    /** These times are held: those that are not any more get no run. */
    readonly held?: boolean | undefined;
    readonly overlap: Overlap;
    /** For runs that overlap `cancel` ends, as in `cancelRun`. */
    readonly cancel: { readonly notice: CancelNotice; readonly error: Uint8Array };
    readonly now: number;
  }): Promise<
    | {
        readonly outcome: "ok";
        readonly created: readonly RunRecord[];
        readonly skipped: number;
        /** How many times are held from now on or still, and when a limit may take one. */
        readonly refused?: { readonly count: number; readonly retryAt: number } | undefined;
        readonly effects: Effects;
      }
    | { readonly outcome: "stale" }
  >;
  /** By schedule and time. */
  listHeldTimes(p: { readonly schedule?: string | undefined; readonly limit: number }): Promise<readonly HeldTime[]>;
  /** How many times each schedule has held; those that hold none are left out. */
  countHeldTimes(): Promise<readonly { readonly schedule: string; readonly count: number }[]>;
}
