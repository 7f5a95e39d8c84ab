// One thing done to many runs: which runs it makes sense for, and how it is done to a list of them.
import type { RunStatus } from "@sluice/protocol";
import { api } from "../api.ts";
import { fromBeginning } from "./fork-point.ts";
import type { RunFilter, RunSearch } from "./run-filter.ts";
import type { ListedRun } from "./words.ts";

export const bulkActions = ["cancel", "retry", "pause", "resume", "fork", "delete"] as const;
export type BulkAction = (typeof bulkActions)[number];

/** What somebody is about to do, to everything a filter matches or to chosen runs. */
export type BulkTask =
  | { readonly action: BulkAction; readonly search: RunSearch }
  | { readonly action: BulkAction; readonly runs: readonly ListedRun[] };

export const actionWords: Readonly<Record<BulkAction, { readonly verb: string; readonly done: string }>> = {
  cancel: { verb: "Cancel", done: "Cancelled" },
  retry: { verb: "Retry", done: "Retried" },
  pause: { verb: "Pause", done: "Paused" },
  resume: { verb: "Resume", done: "Resumed" },
  delete: { verb: "Delete", done: "Deleted" },
  fork: { verb: "Fork", done: "Forked" },
};

const ended: ReadonlySet<RunStatus> = new Set(["completed", "failed", "cancelled", "timedout"]);
/** Reasons of a run that stands still until somebody acts. */
const parked: ReadonlySet<string> = new Set([
  "non_determinism",
  "version_unavailable",
  "workflow_unknown",
  "undo_unavailable",
  "undo_failed",
  "poison",
  "replay_check_failed",
]);

type Standing = Pick<ListedRun, "status" | "statusReason">;

/** Whether this can be done to a run as it stands. The server decides for itself: this only spares people refusals. */
export function isPossible(action: BulkAction, { status, statusReason }: Standing): boolean {
  const isParked = statusReason !== null && parked.has(statusReason);
  switch (action) {
    case "cancel":
      return !ended.has(status) && status !== "undoing";
    case "retry":
      return (ended.has(status) && status !== "completed") || isParked;
    case "pause":
      return !ended.has(status) && status !== "paused" && status !== "undoing";
    case "resume":
      return status === "paused" || isParked;
    case "delete":
      return ended.has(status);
    case "fork":
      return true;
    default:
      return action satisfies never;
  }
}

/** Statuses in which this can be done, where that is not any; a parked run counts as waiting. */
const statusesOf: Readonly<Record<Exclude<BulkAction, "fork">, readonly RunStatus[]>> = {
  cancel: ["queued", "running", "waiting", "paused"],
  retry: ["failed", "cancelled", "timedout", "waiting"],
  pause: ["queued", "running", "waiting"],
  resume: ["paused", "waiting"],
  delete: ["completed", "failed", "cancelled", "timedout"],
};
/** Without a status of one's own, waiting runs are left alone by what is meant for those that ended or are paused. */
const unasked: Readonly<Partial<Record<BulkAction, RunStatus>>> = { retry: "waiting", resume: "waiting" };

/** A filter narrowed to what the action can be done to; undefined where that is nothing. */
export function narrowed(action: BulkAction, filter: RunFilter): RunFilter | undefined {
  if (action === "fork") return filter;
  const chosen = filter.status;
  const status = statusesOf[action].filter((each) =>
    chosen === undefined ? each !== unasked[action] : chosen.includes(each),
  );
  return status.length === 0 ? undefined : { ...filter, status };
}

export interface BulkOutcome {
  readonly changed: number;
  readonly refused: number;
  /** What the first refusal said. */
  readonly reason: string | undefined;
}

const atOnce = 6;

async function doTo(action: BulkAction, run: string, reason: string | undefined): Promise<void> {
  const params = { run };
  if (action === "cancel") await api("cancelRun", { params, body: reason === undefined ? {} : { reason } });
  else if (action === "retry") await api("retryRun", { params, body: {} });
  else if (action === "pause") await api("pauseRun", { params, body: {} });
  else if (action === "resume") await api("resumeRun", { params, body: {} });
  else if (action === "delete") await api("deleteRun", { params });
  else await api("forkRun", { params, body: await fromBeginning(run) });
}

/** Does it to each of these, a few at a time. Refusals are counted; none stops the rest. */
export async function doToEach(
  action: BulkAction,
  runs: readonly string[],
  p: { readonly reason?: string | undefined; readonly onProgress?: (done: number) => void },
): Promise<BulkOutcome> {
  let next = 0;
  let changed = 0;
  let refused = 0;
  let reason: string | undefined;
  const work = async (): Promise<void> => {
    for (let run = runs[next++]; run !== undefined; run = runs[next++]) {
      try {
        await doTo(action, run, p.reason);
        changed++;
      } catch (error) {
        refused++;
        reason ??= error instanceof Error ? error.message : String(error);
      }
      p.onProgress?.(changed + refused);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { changed, refused, reason };
}
