// Which function of the writer executes which verb of the port.
import type { RunStore } from "../../kernel/run-store.ts";
import { append } from "./append.ts";
import { unflatten, type FlatAppend } from "./flat-append.ts";
import { Change } from "./change.ts";
import { completeToken } from "./completing.ts";
import { emit } from "./emit.ts";
import { claimRuns, createRun, forkRun, parkRun, recover, releaseRuns } from "./lifecycle.ts";
import { blockRun, cancelRun, moveRun, pauseRun, resumeRun, retryRun, unblockRuns } from "./operations.ts";
import { deleteRuns, purgeRuns, sweep } from "./retention.ts";
import { fireSchedule, putSchedules, setSchedulePaused } from "./schedules.ts";
import { deleteStateKey, setState } from "./state-verbs.ts";
import type { Tables } from "./tables.ts";
import { fireTimers } from "./timers.ts";

export type WriteVerb = Exclude<
  keyof RunStore,
  | "readJournal"
  | "getState"
  | "listState"
  | "listSchedules"
  | "listVersions"
  | "listRetentions"
  | "versionsInUse"
  | "getRun"
  | "findByKey"
  | "listRuns"
  | "countRuns"
  | "listLogs"
  | "getToken"
  | "listTokens"
  | "listEvents"
  | "blobsInUse"
  | "stats"
  | "backup"
  | "close"
>;

export type WriteParams<Verb extends WriteVerb> = Parameters<RunStore[Verb]>[0];

type Executors = { readonly [Verb in WriteVerb]: (t: Tables, p: WriteParams<Verb>) => unknown };

const executors: Executors = {
  createRun,
  claimRuns,
  append,
  parkRun,
  releaseRuns,
  recover,
  blockRun,
  unblockRuns,
  fireTimers,
  emitEvent: (t, p) => {
    const cx = new Change(t, p.now);
    return { ...emit(cx, p), effects: cx.effects() };
  },
  completeToken,
  cancelRun,
  pauseRun,
  resumeRun,
  retryRun,
  forkRun,
  moveRun,
  deleteRuns,
  purgeRuns,
  sweep,
  setState,
  deleteState: deleteStateKey,
  putSchedules: (t, p) => putSchedules(new Change(t, p.now), p),
  setSchedulePaused: (t, p) => setSchedulePaused(new Change(t, p.now), p),
  fireSchedule: (t, p) => fireSchedule(new Change(t, p.now), p),
  putVersion: (t, p) => {
    t.versions.put(p.version);
    for (const retention of p.retentions) t.retention.put(retention);
  },
};

/** Which incarnation writes with this verb; undefined for verbs of others. */
export function incarnationOf(
  verb: string,
  params: unknown,
): { readonly run: string; readonly epoch: number } | undefined {
  if (verb === "append" || verb === "parkRun") return params as WriteParams<"append" | "parkRun">;
  if (verb !== "appendFlat") return undefined;
  const flat = params as FlatAppend;
  return { run: flat[0] as string, epoch: flat[1] as number };
}

/** Executes one verb; its answer is what goes back to the caller's thread. */
export function execute(t: Tables, verb: string, params: unknown): unknown {
  if (verb === "appendFlat") return append(t, unflatten(params as FlatAppend));
  if (!Object.hasOwn(executors, verb)) throw new Error(`the writer has no verb ${verb}`);
  // The caller's side is typed by the port; across threads only its word is left.
  return executors[verb as "append"](t, params as WriteParams<"append">);
}
