// One thing done to many runs: which runs it makes sense for, and how it is done to a list of them.
import type { RunStatus } from "@sluice/protocol";
import { api } from "../api.ts";
import { fromBeginning } from "./fork-point.ts";
import type { RunFilter, RunSearch } from "./run-filter.ts";
import type { ListedRun } from "./words.ts";

export const bulkActions = ["cancel", "retry", "pause", "resume", "delete"] as const;
export type BulkAction = (typeof bulkActions)[number];
/** Forks are made one at a time, of chosen runs and of all that match. */
export type ChosenAction = BulkAction | "fork";

/** What somebody is about to do, to everything a filter matches or to chosen runs. */
export type BulkTask =
  | { readonly action: ChosenAction; readonly search: RunSearch }
  | { readonly action: ChosenAction; readonly runs: readonly ListedRun[] };

export const actionWords: Readonly<Record<ChosenAction, { readonly verb: string; readonly done: string }>> = {
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
export function isPossible(action: ChosenAction, { status, statusReason }: Standing): boolean {
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

/** Statuses in which this can be done; a parked run counts as waiting. */
const statusesOf: Readonly<Record<BulkAction, readonly RunStatus[]>> = {
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
  const chosen = filter.status;
  const status = statusesOf[action].filter((each) =>
    chosen === undefined ? each !== unasked[action] : chosen.includes(each),
  );
  return status.length === 0 ? undefined : { ...filter, status };
}

/** Ids of all runs of a list, read page by page; `more` where there are more than `max`. */
export async function idsOf(
  read: (
    cursor: string | null,
  ) => Promise<{ readonly runs: readonly { readonly id: string }[]; readonly nextCursor: string | null }>,
  max: number,
): Promise<{ readonly ids: readonly string[]; readonly more: boolean }> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await read(cursor);
    ids.push(...page.runs.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null && ids.length <= max);
  return { ids: ids.slice(0, max), more: ids.length > max };
}

export interface BulkOutcome {
  readonly changed: number;
  readonly refused: number;
  /** What the first refusal said. */
  readonly reason: string | undefined;
}

const atOnce = 6;

async function doTo(action: ChosenAction, run: string, reason: string | undefined): Promise<void> {
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
  action: ChosenAction,
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
