// Starts that flow control turns away, makes part of other runs, or gathers before a run begins.
import { encodeErrorValue, type CancelNotice } from "@sluice/protocol";
import type { Admission, JoinReason, Refused } from "../../../kernel/flow.ts";
import type { NewRun } from "../../../kernel/run-store.ts";
import { countRate, debounce, gathered, isFull, type WindowRow } from "../../flow/windows.ts";
import type { Change } from "../change.ts";
import { cancelRun } from "../finish.ts";
import type { RunRow } from "../rows.ts";
import { takeKey } from "../payload-keys/payload-keys.ts";
import { isFinal } from "../runs.ts";
import { requeue } from "../settle.ts";
import { delaySeq, startSeq } from "../waits.ts";

export type Admitted =
  | { readonly outcome: "joined"; readonly how: JoinReason; readonly row: RunRow }
  | Refused
  | (Own & { readonly outcome: "own" });

/** A run of its own, with what has to be remembered of it once it is there. */
interface Own {
  /** It waits for others until then. */
  readonly wait?:
    | { readonly due: number; readonly reason: "debounced" | "batching"; readonly input: Uint8Array }
    | undefined;
  readonly windows: readonly WindowRow[];
  /** Input that is gathered. */
  readonly item?: Uint8Array | undefined;
}

export function admit(change: Change, run: NewRun, asked: Admission): Admitted {
  const { flowRows, runs } = change.tables;
  const joined = joinDebounced(change, run, asked) ?? joinBatch(change, run, asked) ?? joinSingleton(change, asked);
  if (joined !== undefined && joined.outcome !== "own") return joined;
  const queued = runs.queued(run.workflow);
  if (queued >= asked.queuedMax) return { outcome: "queue_full", queued };
  const windows = [...(joined?.windows ?? [])];
  if (asked.rate !== undefined) {
    const { row, retryAt } = countRate(asked.rate, flowRows.window(asked.rate.id), change.now);
    if (row === undefined) return { outcome: "rate_limited", retryAt };
    windows.push(row);
  }
  return { outcome: "own", wait: joined?.wait, item: joined?.item, windows };
}

/** The run, while it waits for further starts. */
function waiting(change: Change, id: string | null | undefined, reason: "debounced" | "batching"): RunRow | undefined {
  const row = id === null || id === undefined ? undefined : change.tables.runs.get(id);
  return row?.record.status === "queued" && row.record.reason === reason ? row : undefined;
}

function joinDebounced(change: Change, run: NewRun, { debounce: asked }: Admission): Admitted | undefined {
  if (asked === undefined) return undefined;
  const { flowRows, runs } = change.tables;
  const before = flowRows.window(asked.id);
  const there = runs.get(before?.run ?? "");
  const waits = waiting(change, before?.run, "debounced") !== undefined;
  const found = there === undefined ? undefined : before;
  const decided = debounce(asked, found, { waits, now: change.now });
  const window = { id: asked.id, run: run.id, openedAt: change.now, bytes: 0 };
  if (decided.kind === "begin") return { outcome: "own", windows: [{ ...window, until: decided.until, count: 0 }] };
  if (decided.kind === "wait") {
    const { due, openedAt } = decided;
    const wait = { due, reason: "debounced", input: run.input } as const;
    return { outcome: "own", wait, windows: [{ ...window, openedAt, until: due, count: 1 }] };
  }
  if (there === undefined || before === undefined) throw new Error("a start joined no run");
  if (decided.kind === "ignore") {
    flowRows.putWindow({ ...before, until: decided.until });
    return join(change, run, { row: there, how: "debounced" });
  }
  there.record.input = run.input;
  takeKey(change.tables, { row: there, run, now: change.now });
  there.record.dueAt = decided.due;
  putTimers(change, there, { due: decided.due, within: run.startWithinMs });
  flowRows.putWindow({ ...before, until: decided.due, count: before.count + 1 });
  return join(change, run, { row: there, how: "debounced" });
}

function joinBatch(change: Change, run: NewRun, { batch: asked }: Admission): Admitted | undefined {
  if (asked === undefined) return undefined;
  const { flowRows } = change.tables;
  const before = flowRows.window(asked.id);
  const into = waiting(change, before?.run, "batching");
  const bytes = run.input.length;
  if (before === undefined || into === undefined) {
    const until = change.now + asked.waitMs;
    const window = { id: asked.id, run: run.id, openedAt: change.now, until, count: 1, bytes };
    const due = isFull(asked, window) ? change.now : until;
    const wait = { due, reason: "batching", input: gathered([]) } as const;
    return { outcome: "own", wait, windows: [window], item: run.input };
  }
  const window = { ...before, count: before.count + 1, bytes: before.bytes + bytes };
  flowRows.putWindow(window);
  const joined = join(change, run, { row: into, how: "batched", input: run.input });
  if (isFull(asked, window)) {
    dropTimer(change, into, delaySeq);
    into.record.dueAt = change.now;
    change.touch(into);
    requeue(change, into);
  }
  return joined;
}

function joinSingleton(change: Change, { singleton: asked }: Admission): Admitted | undefined {
  if (asked?.mode !== "skip") return undefined;
  const [there] = change.tables.flowRows.singles(asked.id);
  const row = there === undefined ? undefined : change.tables.runs.get(there.run);
  return row === undefined ? undefined : { outcome: "joined", how: "skipped", row };
}

function join(
  change: Change,
  run: NewRun,
  to: { readonly row: RunRow; readonly how: JoinReason; readonly input?: Uint8Array },
): Admitted {
  const { workflow, key, inputHash } = run;
  if (key !== undefined || to.input !== undefined)
    change.tables.flowRows.join({ run: to.row.record.id, workflow, key, inputHash, input: to.input });
  return { outcome: "joined", how: to.how, row: to.row };
}

function dropTimer(change: Change, row: RunRow, seq: number): void {
  const wait = change.tables.waits.ofRun(row, seq);
  if (wait !== undefined) change.tables.waits.remove(wait);
}

/** Sets the timers of a run that waits for others until `due`. */
function putTimers(
  change: Change,
  row: RunRow,
  p: { readonly due: number; readonly within: number | undefined },
): void {
  dropTimer(change, row, delaySeq);
  change.tables.waits.add({ run: row, seq: delaySeq, kind: "delay", due: p.due });
  change.addDue(p.due);
  if (p.within !== undefined) putDeadline(change, row, p.due + p.within);
}

/** The run ends unless it has begun by then. */
export function putDeadline(change: Change, row: RunRow, due: number): void {
  dropTimer(change, row, startSeq);
  change.tables.waits.add({ run: row, seq: startSeq, kind: "start", due });
  change.addDue(due);
}

const replacedNotice: CancelNotice = {
  status: "cancelled",
  reason: "replaced",
  message: "A later start has taken the place of this run.",
};

/** Ends the other runs of a singleton of which there may be one. */
export function replaceOthers(change: Change, row: RunRow, { singleton }: Admission): void {
  if (singleton?.mode !== "replace") return;
  const error = encodeErrorValue({ name: "CancelledError", message: replacedNotice.message, code: "cancelled" });
  for (const { run: id } of change.tables.flowRows.singles(singleton.id)) {
    const other = id === row.record.id ? undefined : change.tables.runs.get(id);
    if (other !== undefined && !isFinal(other)) cancelRun(change, other, { notice: replacedNotice, error });
  }
}
