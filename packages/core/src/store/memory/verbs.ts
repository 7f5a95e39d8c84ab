// What each verb of the run port that changes something does to the tables in memory.
import type { ChangeOutcome, RunStore } from "../../kernel/run-store.ts";
import { append } from "./append.ts";
import { Change } from "./change.ts";
import { createRun } from "./create.ts";
import { checkReadable, emitEvent } from "./events.ts";
import { blockRun, cancelOrphans, cancelRun } from "./finish.ts";
import { importRun } from "./importing.ts";
import { deleteRuns, forkRun, moveRun, pauseRun, purgeRuns, resumeRun, retryRun, unblockRuns } from "./operations.ts";
import { putFlow, setQueuePaused } from "./flow/queues.ts";
import { claimRuns, heldRun, parkRun, recover, releaseRuns } from "./ownership.ts";
import type { RunRow } from "./rows.ts";
import { isFinal, toRecord } from "./runs.ts";
import { fireSchedule } from "./schedules.ts";
import type { Tables } from "./tables.ts";
import { claimTasks, noteTask, retryTask, settleTask } from "./tasks.ts";
import { fireTimers } from "./timers.ts";
import { commentApproval } from "./approval-comments.ts";
import { completeToken } from "./tokens.ts";

export type RunWriteVerb =
  | "createRun"
  | "claimRuns"
  | "append"
  | "parkRun"
  | "releaseRuns"
  | "recover"
  | "blockRun"
  | "unblockRuns"
  | "fireTimers"
  | "emitEvent"
  | "completeToken"
  | "commentApproval"
  | "cancelRun"
  | "pauseRun"
  | "resumeRun"
  | "retryRun"
  | "forkRun"
  | "importRun"
  | "moveRun"
  | "deleteRuns"
  | "purgeRuns"
  | "sweep"
  | "setState"
  | "deleteState"
  | "clearStepCache"
  | "claimTasks"
  | "settleTask"
  | "retryTask"
  | "noteTask"
  | "putSchedules"
  | "setSchedulePaused"
  | "fireSchedule"
  | "putFlow"
  | "setQueuePaused"
  | "putVersion"
  | "enterBreaker"
  | "resetBreaker";

type Params<Verb extends RunWriteVerb> = Parameters<RunStore[Verb]>[0];
type Answer<Verb extends RunWriteVerb> = Awaited<ReturnType<RunStore[Verb]>>;

export const runVerbs: { readonly [Verb in RunWriteVerb]: (tables: Tables, p: Params<Verb>) => Answer<Verb> } = {
  createRun: (tables, p) => createRun(new Change(tables, p.now), p),
  claimRuns: (tables, p) => claimRuns(new Change(tables, p.now), p),
  append,

  parkRun(tables, p) {
    const change = new Change(tables, p.now);
    const row = heldRun(change, p);
    if (row === undefined) return { outcome: "stale" };
    const outcome = parkRun(change, row, p.paused === true);
    const effects = change.effects();
    // The run itself is what the outcome says.
    const own = outcome === "ready" && row.heapAt >= 0 ? 1 : 0;
    return { outcome, effects: { ...effects, ready: effects.ready - own } };
  },

  releaseRuns: (tables, p) => releaseRuns(new Change(tables, p.now), p),

  recover(tables, p) {
    const change = new Change(tables, p.now);
    return { recovered: recover(change, p.owner), effects: change.effects() };
  },

  blockRun: (tables, p) =>
    changeRun(tables, p, (change, row) => {
      if (isFinal(row) || (p.epoch !== undefined && p.epoch !== row.record.epoch)) return false;
      blockRun(change, row, p);
      return true;
    }),

  unblockRuns(tables, p) {
    const change = new Change(tables, p.now);
    unblockRuns(change, p);
    return { effects: change.effects() };
  },

  fireTimers(tables, p) {
    const change = new Change(tables, p.now);
    const fired = fireTimers(change, p);
    return { ...fired, effects: change.effects() };
  },

  emitEvent(tables, p) {
    const change = new Change(tables, p.now);
    checkReadable(p.content ?? p.payload);
    const { name, key, payload, content, id } = p;
    const emitted = emitEvent(change, { name, key, payload, content, callerId: id });
    return { ...emitted, effects: change.effects() };
  },

  completeToken: (tables, p) => completeToken(new Change(tables, p.now), p),
  commentApproval,
  cancelRun: (tables, p) => changeRun(tables, p, (change, row) => cancelRun(change, row, p)),
  pauseRun: (tables, p) => changeRun(tables, p, pauseRun),
  resumeRun: (tables, p) => changeRun(tables, p, resumeRun),
  retryRun: (tables, p) => changeRun(tables, p, (change, row) => retryRun(change, row, p)),

  forkRun(tables, p) {
    const source = tables.runs.get(p.from);
    return source === undefined ? { outcome: "not_found" } : forkRun(new Change(tables, p.now), source, p);
  },

  importRun,
  moveRun: (tables, p) => changeRun(tables, p, (_change, row) => moveRun(row, p)),

  deleteRuns(tables, p) {
    const rows = new Set<RunRow>();
    for (const id of p.runs) {
      const row = tables.runs.get(id);
      if (row !== undefined && isFinal(row)) rows.add(row);
    }
    deleteRuns(new Change(tables, p.now), rows);
    return { deleted: [...rows].map((row) => row.record.id) };
  },

  purgeRuns: (tables, p) => ({ deleted: purgeRuns(new Change(tables, 0), p) }),

  sweep(tables, { eventsBefore, figuresBefore, cacheEntriesMax, now, limit }) {
    const { events, state, stepCache, tally, flowRows, runs } = tables;
    const swept = events.sweep(eventsBefore, limit) + state.sweep(now, limit) + tally.sweep(figuresBefore, limit);
    const flow = flowRows.sweep(now, limit, (run) => runs.get(run)?.record.status === "queued");
    return { swept: swept + flow + stepCache.sweep(now, cacheEntriesMax, limit) };
  },

  setState({ runs, state }, p) {
    const { once } = p;
    const before = once === undefined ? undefined : state.once.get(once.run)?.get(once.id);
    if (before !== undefined) return { outcome: "ok", version: before.version, known: before.value };
    const version = state.get(p.scope, p.key, p.now)?.version ?? 0;
    if (p.ifVersion !== undefined && p.ifVersion !== version) return { outcome: "conflict", version };
    const set = state.set(p);
    if (once !== undefined && runs.get(once.run) !== undefined) {
      const made = state.once.get(once.run) ?? new Map<string, { version: number; value: Uint8Array }>();
      state.once.set(once.run, made.set(once.id, { version: set, value: p.value }));
    }
    return { outcome: "ok", version: set };
  },

  deleteState({ state }, p) {
    const row = state.get(p.scope, p.key, p.now);
    if (row === undefined) return { outcome: "not_found" };
    if (p.ifVersion !== undefined && p.ifVersion !== row.version) return { outcome: "conflict" };
    state.delete(p.scope, p.key);
    return { outcome: "ok" };
  },

  clearStepCache: ({ stepCache }, p) => stepCache.clear(p),

  claimTasks,
  settleTask,
  retryTask,
  noteTask,

  putSchedules({ schedules }, p) {
    schedules.put(p.workflows, p.schedules);
    return schedules.list();
  },

  setSchedulePaused({ schedules }, p) {
    const known = schedules.get(p.schedule);
    const resumed = known?.paused === true && !p.paused;
    return schedules.update(p.schedule, {
      paused: p.paused,
      ...(resumed ? { handledUntil: Math.max(p.now, known.handledUntil) } : {}),
    });
  },

  fireSchedule(tables, p) {
    const change = new Change(tables, p.now);
    const fired = fireSchedule(change, p);
    return fired === undefined ? { outcome: "stale" } : { outcome: "ok", ...fired, effects: change.effects() };
  },

  enterBreaker: ({ breakers }, p) => breakers.enter(p),
  resetBreaker: ({ breakers }, p) => breakers.reset(p),

  putFlow: (tables, p) => putFlow(new Change(tables, p.now), p),
  setQueuePaused: (tables, p) => setQueuePaused(new Change(tables, p.now), p),
  putVersion: ({ versions }, p) => versions.put(p.version, p.retentions),
};

/** Changes one run, or says why not. */
function changeRun(
  tables: Tables,
  p: { readonly run: string; readonly now: number },
  apply: (change: Change, row: RunRow) => boolean,
): ChangeOutcome {
  const change = new Change(tables, p.now);
  const row = tables.runs.get(p.run);
  if (row === undefined) return { outcome: "not_found" };
  if (!apply(change, row)) return { outcome: "refused", run: toRecord(row) };
  cancelOrphans(change);
  return { outcome: "ok", run: toRecord(row), effects: change.effects() };
}
