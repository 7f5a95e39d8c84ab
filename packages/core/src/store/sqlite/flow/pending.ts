// Starts that flow control turns away, makes part of other runs, or gathers before a run begins.
import { encodeErrorValue, type CancelNotice } from "@sluice/protocol";
import type { Admission, JoinReason, Refused } from "../../../kernel/flow.ts";
import type { NewRun } from "../../../kernel/run-store.ts";
import { countRate, debounce, gathered, isFull, type WindowRow } from "../../flow/windows.ts";
import type { Change } from "../change.ts";
import { runFlags, type Run } from "../run-row.ts";
import type { Tables } from "../tables.ts";
import { runTimerSeqs } from "../waits.ts";

/** What becomes of a start. */
export type Admitted =
  | { readonly outcome: "joined"; readonly how: JoinReason; readonly id: string }
  | Refused
  | (Own & { readonly outcome: "own" });

/** A run of its own, with what has to be remembered of it once it is there. */
export interface Own {
  /** It waits for others until then. */
  readonly wait?:
    | { readonly due: number; readonly reason: "debounced" | "batching"; readonly input: Uint8Array }
    | undefined;
  readonly windows: readonly WindowRow[];
  /** Input that is gathered. */
  readonly item?: Uint8Array | undefined;
}

export function admit(cx: Change, run: NewRun, asked: Admission): Admitted {
  const { flowRows } = cx.t;
  const joined = joinDebounced(cx, run, asked) ?? joinBatch(cx, run, asked) ?? joinSingleton(cx, asked);
  if (joined !== undefined && joined.outcome !== "own") return joined;
  const queued = flowRows.queued(run.workflow);
  if (queued >= asked.queuedMax) return { outcome: "queue_full", queued };
  const windows = [...(joined?.windows ?? [])];
  if (asked.rate !== undefined) {
    const { row, retryAt } = countRate(asked.rate, flowRows.window(asked.rate.id), cx.now);
    if (row === undefined) return { outcome: "rate_limited", retryAt };
    windows.push(row);
  }
  return { outcome: "own", wait: joined?.wait, item: joined?.item, windows };
}

/** The run, while it waits for further starts. */
function waiting(cx: Change, id: string | null | undefined, reason: Run["reason"]): Run | undefined {
  const run = id === null || id === undefined ? undefined : cx.t.runs.get(id);
  return run?.status === "queued" && run.reason === reason ? run : undefined;
}

function joinDebounced(cx: Change, run: NewRun, { debounce: asked }: Admission): Admitted | undefined {
  if (asked === undefined) return undefined;
  const { flowRows, runs, blobs } = cx.t;
  const before = flowRows.window(asked.id);
  const waits = waiting(cx, before?.run, "debounced") !== undefined;
  const found = runs.get(before?.run ?? "") === undefined ? undefined : before;
  const decided = debounce(asked, found, { waits, now: cx.now });
  const window = { id: asked.id, run: run.id, openedAt: cx.now, bytes: 0 };
  if (decided.kind === "begin") return { outcome: "own", windows: [{ ...window, until: decided.until, count: 0 }] };
  if (decided.kind === "wait") {
    const { due, openedAt } = decided;
    const wait = { due, reason: "debounced", input: run.input } as const;
    return { outcome: "own", wait, windows: [{ ...window, openedAt, until: due, count: 1 }] };
  }
  if (before === undefined) throw new Error("a start joined no run");
  if (decided.kind === "ignore") flowRows.putWindow({ ...before, until: decided.until });
  else {
    runs.setPending(decided.run, decided.due, run.input);
    takeKey(cx, decided.run, run);
    blobs.note(decided.run, run.input);
    putTimers(cx, decided.run, { due: decided.due, within: run.startWithinMs });
    flowRows.putWindow({ ...before, until: decided.due, count: before.count + 1 });
  }
  return join(cx, run, { id: decided.run, how: "debounced" });
}

/** What waits is sealed with the key of the start that came last, which its run has from now on. */
function takeKey(cx: Change, id: string, { payloadKey, newKey }: NewRun): void {
  const { payloadKeys, runs } = cx.t;
  const row = runs.get(id);
  const sealed = row !== undefined && (row.flags & runFlags.sealed) !== 0;
  if (row === undefined || (!sealed && payloadKey === undefined)) return;
  const before = sealed ? runs.recordOf(row).payloadKey : undefined;
  if (payloadKey !== undefined && newKey !== undefined) payloadKeys.put(payloadKey, newKey, cx.now);
  if (before === payloadKey) return;
  runs.mark(row, runFlags.sealed);
  runs.flush();
  payloadKeys.exchange(id, { before, after: payloadKey });
}

function joinBatch(cx: Change, run: NewRun, { batch: asked }: Admission): Admitted | undefined {
  if (asked === undefined) return undefined;
  const { flowRows, runs, waits } = cx.t;
  const before = flowRows.window(asked.id);
  const into = waiting(cx, before?.run, "batching");
  const bytes = run.input.length;
  if (before === undefined || into === undefined) {
    const window = { id: asked.id, run: run.id, openedAt: cx.now, until: cx.now + asked.waitMs, count: 1, bytes };
    const due = isFull(asked, window) ? cx.now : window.until;
    const wait = { due, reason: "batching", input: gathered([]) } as const;
    return { outcome: "own", wait, windows: [window], item: run.input };
  }
  const window = { ...before, count: before.count + 1, bytes: before.bytes + bytes };
  flowRows.putWindow(window);
  const joined = join(cx, run, { id: into.id, how: "batched", input: run.input });
  if (isFull(asked, window)) {
    waits.delete(into.id, runTimerSeqs.delay);
    runs.setPending(into.id, cx.now);
    cx.touch(into.id);
    cx.makeReady(into);
  }
  return joined;
}

function joinSingleton(cx: Change, { singleton: asked }: Admission): Admitted | undefined {
  if (asked?.mode !== "skip") return undefined;
  const [there] = cx.t.flowRows.singles(asked.id);
  return there === undefined ? undefined : { outcome: "joined", how: "skipped", id: there.run };
}

function join(
  cx: Change,
  run: NewRun,
  to: { readonly id: string; readonly how: JoinReason; readonly input?: Uint8Array },
): Admitted {
  const { workflow, key, inputHash } = run;
  if (key !== undefined || to.input !== undefined)
    cx.t.flowRows.join({ run: to.id, workflow, key, inputHash, input: to.input });
  return { outcome: "joined", how: to.how, id: to.id };
}

/** Sets the timers of a run that waits for others until `due`. */
function putTimers(cx: Change, run: string, p: { readonly due: number; readonly within: number | undefined }): void {
  const { waits } = cx.t;
  waits.put({ run, seq: runTimerSeqs.delay, kind: "delay", due: p.due }, cx.now);
  cx.addDue(p.due);
  if (p.within === undefined) return;
  waits.put({ run, seq: runTimerSeqs.start, kind: "start", due: p.due + p.within }, cx.now);
  cx.addDue(p.due + p.within);
}

/** From here on starts make a run of their own again; what was gathered is its input. */
export function closePending(t: Tables, run: Run): void {
  t.flowRows.deleteWindowOf(run.id);
  const inputs = t.flowRows.takeInputs(run.id);
  if (inputs.length > 0) t.runs.setPending(run.id, t.runs.now, gathered(inputs));
}

const replacedNotice: CancelNotice = {
  status: "cancelled",
  reason: "replaced",
  message: "A later start has taken the place of this run.",
};

/** Ends the other runs of a singleton of which there may be one. */
export function replaceOthers(cx: Change, run: Run, { singleton }: Admission): void {
  if (singleton?.mode !== "replace") return;
  const error = encodeErrorValue({ name: "CancelledError", message: replacedNotice.message, code: "cancelled" });
  for (const { run: id } of cx.t.flowRows.singles(singleton.id)) {
    const other = id === run.id ? undefined : cx.t.runs.get(id);
    if (other !== undefined) cx.cancel(other, replacedNotice, error);
  }
}
