// How runs begin.
import { rankOf, type JoinReason, type Refused } from "../../kernel/flow.ts";
import type { Actor, CreateOutcome, NewRun, RunFlow } from "../../kernel/run-store.ts";
import { gathered } from "../flow/windows.ts";
import type { Change } from "./change.ts";
import { putKey } from "./payload-keys/payload-keys.ts";
import { admit, putDeadline, replaceOthers } from "./flow/pending.ts";
import type { RunRow } from "./rows.ts";
import { toRecord } from "./runs.ts";
import { delaySeq, timeoutSeq } from "./waits.ts";

/** What a start with a key finds: the run that is there, and whether its input is the same. */
function findStarted(change: Change, run: NewRun): { readonly row: RunRow; readonly same: boolean } | undefined {
  const { runs, flowRows } = change.tables;
  if (run.key === undefined) return undefined;
  const row = runs.findByKey(run.workflow, run.key);
  if (row !== undefined) return { row, same: row.record.inputHash === run.inputHash };
  const { debounce, batch } = run.flow?.admission ?? {};
  const joined =
    debounce === undefined && batch === undefined ? undefined : flowRows.joinedByKey(run.workflow, run.key);
  const into = joined === undefined ? undefined : runs.get(joined.run);
  return into === undefined ? undefined : { row: into, same: joined?.inputHash === run.inputHash };
}

/** What a wish to start a run comes to. */
export type StartedRow =
  | { readonly outcome: "created"; readonly row: RunRow }
  | { readonly outcome: "existing"; readonly row: RunRow }
  | { readonly outcome: "conflict"; readonly row: RunRow }
  | { readonly outcome: "joined"; readonly how: JoinReason; readonly row: RunRow }
  | { readonly outcome: "id_taken" }
  | Refused;

/** Adds a run, or says what is in its place; with a claim it begins at once where it may. */
export function startRun(
  change: Change,
  p: { readonly by: Actor; readonly run: NewRun; readonly claim?: { readonly owner: string } | undefined },
): StartedRow {
  const { run, by, claim } = p;
  const started = findStarted(change, run);
  if (started !== undefined) return { outcome: started.same ? "existing" : "conflict", row: started.row };
  const { flow } = run;
  const admission = flow?.admission;
  const admitted = admission === undefined ? undefined : admit(change, run, admission);
  if (admitted !== undefined && admitted.outcome !== "own") return admitted;
  if (change.tables.runs.get(run.id) !== undefined) return { outcome: "id_taken" };
  const { wait, item } = admitted ?? {};
  const waits = wait !== undefined && wait.due > change.now;
  const gathers = wait?.reason === "batching";
  const alone = gathers && item !== undefined ? { ...run, input: gathered([item]) } : run;
  const own = waits ? { ...run, input: wait.input, dueAt: wait.due } : alone;
  const row = addRow(change, own, by);
  if (flow !== undefined && (flow.gates.length > 0 || wait !== undefined)) addPlace(change, row, flow);
  for (const window of admitted?.windows ?? [])
    if (waits || !gathers || window.run === null) change.tables.flowRows.putWindow(window);
  if (waits && item !== undefined) change.tables.flowRows.join({ run: run.id, workflow: run.workflow, input: item });
  begin(change, row, { claim, flow, waits: waits ? wait.reason : undefined, within: run.startWithinMs });
  if (admission !== undefined) replaceOthers(change, row, admission);
  return { outcome: "created", row };
}

function addPlace(change: Change, row: RunRow, { gates, share }: RunFlow): void {
  const { runs, flowRows } = change.tables;
  const rank = rankOf(row.record);
  flowRows.putPlace({ run: row.record.id, gates, share, rank, line: null, held: [], single: null });
  runs.joinFlow(row);
  runs.settleFlow();
}

/** Lets a run that is there begin, or wait until it is due or others let it. */
function begin(
  change: Change,
  row: RunRow,
  p: {
    readonly claim: { readonly owner: string } | undefined;
    readonly flow: RunFlow | undefined;
    readonly waits: "debounced" | "batching" | undefined;
    readonly within: number | undefined;
  },
): void {
  const { runs, flow } = change.tables;
  const delayed = row.record.dueAt > change.now;
  const gated = p.flow !== undefined && p.flow.gates.length > 0;
  const free = !gated || flow.mayBegin(p.flow, change.now);
  if (p.claim !== undefined && !delayed && free && !runs.mustQueue(row)) {
    claimRun(change, row, p.claim.owner);
    runs.settleFlow();
    return;
  }
  if (delayed) delayRun(change, row, p.waits);
  else change.makeReady(row);
  if (p.within !== undefined) putDeadline(change, row, Math.max(row.record.dueAt, change.now) + p.within);
  runs.holdLater(row);
}

/** Lets a run that has not started wait until it is due. */
export function delayRun(change: Change, row: RunRow, why: "delayed" | "debounced" | "batching" = "delayed"): void {
  row.record.status = "queued";
  row.record.reason = why;
  change.tables.waits.add({ run: row, seq: delaySeq, kind: "delay", due: row.record.dueAt });
  change.addDue(row.record.dueAt);
}

function addRow(change: Change, run: NewRun, by: Actor): RunRow {
  const row = change.tables.runs.add(run, by);
  if (run.payloadKey !== undefined && run.newKey !== undefined)
    putKey(change.tables.payloadKeys, { id: run.payloadKey, key: run.newKey, now: change.now });
  change.tables.tally.count(run.workflow, run.createdAt, { status: "created" });
  row.lastEvent = change.tables.events.last;
  addTimeout(change, row);
  return row;
}

/** Sets the timer of the whole run anew. */
export function addTimeout(change: Change, row: RunRow): void {
  const { waits } = change.tables;
  const before = waits.ofRun(row, timeoutSeq);
  if (before !== undefined) waits.remove(before);
  const due = row.record.timeoutAt;
  if (due === undefined) return;
  waits.add({ run: row, seq: timeoutSeq, kind: "timeout", due });
  change.addDue(due);
}

/** Creates a run, or says what is in its place. `fill` writes what it begins with before anybody sees it. */
export function createRun(
  change: Change,
  p: { readonly by: Actor; readonly run: NewRun; readonly claim?: { readonly owner: string } | undefined },
  fill?: (row: RunRow) => void,
): CreateOutcome {
  const started = startRun(change, p);
  if (started.outcome === "rate_limited" || started.outcome === "queue_full") return started;
  if (started.outcome === "id_taken") {
    const taken = change.tables.runs.get(p.run.id);
    if (taken === undefined) throw new Error(`the run ${p.run.id} that has the id is not there`);
    return { outcome: "id_taken", run: toRecord(taken) };
  }
  if (started.outcome === "joined") {
    const effects = change.effects();
    return { outcome: "joined", how: started.how, run: toRecord(started.row), effects };
  }
  if (started.outcome !== "created") return { outcome: started.outcome, run: toRecord(started.row) };
  fill?.(started.row);
  return { outcome: "created", run: toRecord(started.row), effects: change.effects() };
}

/** Hands a run to an engine. */
export function claimRun(change: Change, row: RunRow, owner: string): void {
  const { record } = row;
  change.tables.runs.setReady(row, false);
  record.owner = owner;
  record.epoch++;
  record.startedAt ??= change.now;
  record.status = record.outcome === undefined ? "running" : "undoing";
  record.reason = undefined;
}
