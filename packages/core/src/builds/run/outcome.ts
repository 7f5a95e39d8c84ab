// How a task of a build ended.
type TaskStatus = "completed" | "failed" | "skipped" | "cancelled";
/** `hit`: nothing was executed. `off`: the task is never taken from a cache. `none`: there was nothing to execute. */
type CacheUse = "hit" | "miss" | "off" | "none";

export interface TaskOutcome {
  readonly id: string;
  readonly status: TaskStatus;
  readonly cache: CacheUse;
  /** The task's key; empty where it was not reached. */
  readonly hash: string;
  /** What it contributes to the keys of those that depend on it. */
  readonly gives: string;
  /** Of the processes of this build; 0 for a hit. */
  readonly durationMs: number;
  /** What a hit has spared. */
  readonly savedMs: number;
  readonly exitCode: number | null;
  /** Why it failed or was skipped, or why what it left was not kept; null where there is nothing to say. */
  readonly why: string | null;
  /** Milliseconds since 1970 when its script began; of what was executed. */
  readonly startedAtMs?: number;
  /** In words: what of its key is not as it was in the nearest earlier one; empty where there is none. Of what was executed. */
  readonly reasons?: readonly string[];
}

/** One that was not reached. */
export function unreached(id: string, status: "skipped" | "cancelled", why: string): TaskOutcome {
  return { id, status, cache: "none", hash: "", gives: "", durationMs: 0, savedMs: 0, exitCode: null, why };
}
