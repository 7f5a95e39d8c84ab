// How runs come into being: started, called by others, made by schedules, forked.
import { beforeLooseEnds, brokenLocks } from "../../kernel/loose-ends.ts";
import type { LooseEnd } from "../../kernel/loose-ends.ts";
import { rankOf, type JoinReason, type Refused } from "../../kernel/flow.ts";
import type { Actor, NewRun, RunFlow, RunStore } from "../../kernel/run-store.ts";
import { gathered } from "../flow/windows.ts";
import { admit, replaceOthers, type Own } from "./flow/pending.ts";
import type { Change } from "./change.ts";
import type { JournalTable } from "./journal.ts";
import { readiness, runFlags, type Run } from "./run-row.ts";
import { isTaken } from "./id-taken.ts";
import { runTimerSeqs } from "./waits.ts";

export interface Start {
  readonly by: Actor;
  readonly run: NewRun;
  readonly claim?: { readonly owner: string } | undefined;
  readonly now: number;
}

export type Inserted =
  | { readonly outcome: "created"; readonly run: Run; readonly delayed: boolean }
  | { readonly outcome: "joined"; readonly how: JoinReason; readonly id: string }
  | Refused
  | { readonly outcome: "existing"; readonly id: string }
  | { readonly outcome: "conflict"; readonly id: string }
  | { readonly outcome: "id_taken"; readonly id: string };

/** Adds a run with its timers, unless its key or its id is taken, or flow control has another way for it. */
export function insertRun(cx: Change, p: Start): Inserted {
  const { run } = p;
  const known = run.key === undefined ? undefined : ofKey(cx, run, run.key);
  if (known !== undefined) return known;
  if (run.flow === undefined) return insertOwn(cx, p, {});
  const { admission } = run.flow;
  if (admission === undefined) return insertOwn(cx, p, { flow: run.flow });
  const admitted = admit(cx, run, admission);
  if (admitted.outcome !== "own") return admitted;
  const { wait, item } = admitted;
  const gathers = wait?.reason === "batching";
  if (wait !== undefined && wait.due > cx.now) {
    const waiting = { ...run, input: wait.input, dueAt: wait.due };
    return insertOwn(cx, { ...p, run: waiting }, { flow: run.flow, own: admitted, reason: wait.reason });
  }
  const alone = gathers && item !== undefined ? { ...run, input: gathered([item]) } : run;
  const own = gathers ? { windows: admitted.windows.filter((row) => row.run === null) } : admitted;
  return insertOwn(cx, { ...p, run: alone }, { flow: run.flow, own });
}

/** The run that has this key, or of which a start with it has become part. */
function ofKey(cx: Change, run: NewRun, key: string): Inserted | undefined {
  const { runs, flowRows } = cx.t;
  const started = runs.byKey(run.workflow, key);
  const joined = started === undefined && joins(run) ? flowRows.joinedByKey(run.workflow, key) : undefined;
  const other = started ?? (joined === undefined ? undefined : { id: joined.run, inputHash: joined.inputHash });
  if (other === undefined) return undefined;
  return { outcome: other.inputHash === (run.inputHash ?? null) ? "existing" : "conflict", id: other.id };
}

function joins({ flow }: NewRun): boolean {
  return flow?.admission?.debounce !== undefined || flow?.admission?.batch !== undefined;
}

/** How a run of its own takes part in flow control. */
interface Taking {
  readonly flow?: RunFlow;
  readonly own?: Own;
  /** Why it waits until it is due. */
  readonly reason?: "delayed" | "debounced" | "batching";
}

function insertOwn(cx: Change, p: Start, { flow, own, reason = "delayed" }: Taking): Inserted {
  const { runs, waits, blobs } = cx.t;
  const { run } = p;
  const delayed = run.dueAt > p.now;
  const held = run.serialKey !== undefined && runs.isHeld(run);
  const gated = flow !== undefined && flow.gates.length > 0;
  const free = !delayed && !held && (!gated || (p.claim !== undefined && cx.t.flow.mayBegin(flow, p.now)));
  const claimed = p.claim !== undefined && free;
  const within = claimed ? undefined : run.startWithinMs;
  const timers = delayed || run.timeoutAt !== undefined || within !== undefined;
  const places = flow !== undefined && (gated || own?.wait !== undefined);
  const flags =
    (timers ? runFlags.waits : 0) |
    (run.tags.length > 0 ? runFlags.tags : 0) |
    (places ? runFlags.flow : 0) |
    (run.payloadKey === undefined ? 0 : runFlags.sealed);
  let row: Run;
  try {
    row = runs.insert(run, {
      status: claimed ? "running" : "queued",
      reason: delayed ? reason : null,
      ready: claimed || delayed ? readiness.no : held ? readiness.held : gated ? readiness.inLine : readiness.claimable,
      owner: claimed && p.claim !== undefined ? p.claim.owner : null,
      flags,
      by: p.by,
      now: p.now,
    });
  } catch (error) {
    if (isTaken(error)) return { outcome: "id_taken", id: run.id };
    throw error;
  }
  if (run.attributes !== undefined && run.attributes.length > 0) {
    cx.t.attributes.set(row, run.attributes);
    runs.mark(row, runFlags.attributes);
  }
  if (run.payloadKey !== undefined && run.newKey !== undefined) cx.t.payloadKeys.put(run.payloadKey, run.newKey, p.now);
  if (blobs.note(run.id, run.input)) runs.mark(row, runFlags.blobs);
  if (places) putPlace(cx, row, { run, flow });
  if (own !== undefined) noteOwn(cx, row, { run, own });
  if (delayed) waits.put({ run: run.id, seq: runTimerSeqs.delay, kind: "delay", due: run.dueAt }, p.now);
  if (run.timeoutAt !== undefined) {
    waits.put({ run: run.id, seq: runTimerSeqs.timeout, kind: "timeout", due: run.timeoutAt }, p.now);
  }
  if (within !== undefined) putDeadline(cx, run, Math.max(run.dueAt, p.now) + within);
  if (delayed) cx.addDue(run.dueAt);
  cx.addDue(run.timeoutAt);
  cx.holdLater(row);
  if (flow?.admission !== undefined) replaceOthers(cx, row, flow.admission);
  return { outcome: "created", run: row, delayed };
}

function putDeadline(cx: Change, run: NewRun, due: number): void {
  cx.t.waits.put({ run: run.id, seq: runTimerSeqs.start, kind: "start", due }, cx.now);
  cx.addDue(due);
}

/** Notes which gates a run passes; one that has to wait for them stands in its line then. */
function putPlace(cx: Change, row: Run, { run, flow }: { readonly run: NewRun; readonly flow: RunFlow }): void {
  const { gates, share } = flow;
  const rank = rankOf(run);
  cx.t.flowRows.putPlace({ run: run.id, gates, share, rank, line: null, held: [], single: null });
  if (row.ready === readiness.inLine) cx.t.flow.enter({ id: run.id, begun: false }, cx.now);
  cx.t.runs.settleFlow(row);
}

function noteOwn(cx: Change, row: Run, { run, own }: { readonly run: NewRun; readonly own: Own }): void {
  const { flowRows } = cx.t;
  for (const window of own.windows) flowRows.putWindow(window);
  if (own.item === undefined || row.reason !== "batching") return;
  flowRows.join({ run: run.id, workflow: run.workflow, input: own.item });
}

type ForkParams = Parameters<RunStore["forkRun"]>[0];

/** Locks given back around what is missing in the copy, or done again, are taken again, and go on standing where they stood. */
function takeAgain(
  journal: JournalTable,
  p: { readonly loose: readonly LooseEnd[]; readonly source: string; readonly copy: string },
): void {
  const copied = journal.retried(p.copy);
  const missing = journal.notIn(p.source, p.copy).map((seq) => ({ seq, at: 0 }));
  const again = copied.filter(({ status }) => status === "running");
  const results = new Set(copied.filter(({ status }) => status !== "running").map(({ seq }) => seq));
  const gaps = [...missing, ...again];
  for (const { seq } of brokenLocks(p.loose, { gaps, settled: (each) => results.has(each) })) journal.redo(p.copy, seq);
}

/** Adds a run with a copy of what had settled in another's journal before a given entry did. */
export function insertFork(cx: Change, p: ForkParams): Inserted | { readonly outcome: "not_found" } {
  const { runs, journal, events, blobs } = cx.t;
  const source = runs.get(p.from);
  if (source === undefined) return { outcome: "not_found" };
  const inserted = insertRun(cx, p);
  if (inserted.outcome !== "created") return inserted;
  const { run } = inserted;
  const boundary = p.before === undefined ? undefined : journal.get(source.id, p.before);
  const at = boundary === undefined ? 0 : (boundary.place ?? boundary.ord);
  const beforeOrd = at === 0 ? Number.MAX_SAFE_INTEGER : at;
  // The copy ends before a lock that the source holds at that point, or a token it waits for: they are not this run's.
  const loose = journal.loose(source.id);
  run.ord = journal.copy(source.id, run.id, beforeLooseEnds(loose, beforeOrd));
  // Only a retry leaves entries in another order than they were called in.
  const straight = source.attempt === 1 && runs.recordOf(source).forkedFrom === undefined;
  if (!straight) takeAgain(journal, { loose, source: source.id, copy: run.id });
  run.flags |= source.flags & (runFlags.consumed | runFlags.blobs);
  if ((source.flags & runFlags.consumed) !== 0) events.copyConsumed(source.id, run.id);
  if ((source.flags & runFlags.blobs) !== 0) blobs.copy(source.id, run.id);
  runs.save(run);
  return inserted;
}
