// How operations put entries into a journal: settled in the moment they are made, or open with what they wait for.
import { encodeValue, type EntryKind, type RunEvent } from "@sluice/protocol";
import { settleEvent, type Change, type Settlement } from "./change.ts";
import { runFlags, type Run } from "./run-row.ts";
import type { WaitKind } from "../wait-kind.ts";

/** A run whose operations are being applied. */
export interface Appending {
  readonly cx: Change;
  readonly run: Run;
}

/** What every operation with a place in the journal has. */
export interface Placed {
  readonly seq: number;
  readonly name: string;
  readonly n: number;
}

/** Remembers that a value is kept, so that the blob it may refer to stays. */
export function noted(a: Appending, value: Uint8Array): Uint8Array {
  if (a.cx.t.blobs.note(a.run.id, value)) a.cx.t.runs.mark(a.run, runFlags.blobs);
  return value;
}

/** Writes an entry that settles in the moment it is made. */
export function settleNow(a: Appending, op: Placed & { kind: EntryKind }, to: Settlement & { silent?: boolean }): void {
  const { cx, run } = a;
  const ord = run.ord + 1;
  const result = to.failed ? { error: noted(a, to.bytes) } : { value: noted(a, to.bytes) };
  const status = to.failed ? "failed" : "completed";
  // prettier-ignore
  const entry = { run: run.id, seq: op.seq, kind: op.kind, name: op.name, n: op.n, status, ord, attempt: 1, ...result,
    at: cx.now, end: cx.now, undo: false } as const;
  if (!cx.t.journal.put(entry)) return;
  run.ord = ord;
  pushSettled(a, settleEvent({ seq: op.seq, ord, at: cx.now }, to));
}

/** Tells the worker that an entry settled; a run that only waited goes on. */
export function pushSettled({ cx, run }: Appending, event: RunEvent): void {
  cx.events.push(event);
  if (run.status !== "waiting") return;
  run.status = "running";
  run.reason = null;
  cx.t.runs.save(run);
}

/** What an open entry waits for, besides its place and kind. */
export interface OpenWait {
  readonly wait: WaitKind;
  readonly due?: number | undefined;
  readonly ref?: string | undefined;
  readonly key?: string | undefined;
  readonly match?: Uint8Array | undefined;
  readonly ttl?: number | undefined;
}

/** Writes an open entry and what it waits for. */
export function openEntry(a: Appending, op: Placed & { kind: EntryKind }, wait: OpenWait): void {
  const { cx, run } = a;
  // prettier-ignore
  const written = cx.t.journal.put({ run: run.id, seq: op.seq, kind: op.kind, name: op.name, n: op.n, status: "running",
    ord: 0, attempt: 1, at: cx.now, end: 0, due: wait.due, undo: false });
  if (written) addWait(a, op.seq, wait);
}

/** Notes what an entry waits for. */
export function addWait({ cx, run }: Appending, seq: number, wait: OpenWait): void {
  const { wait: kind, due, ref, key, match, ttl } = wait;
  cx.t.waits.put({ run: run.id, seq, kind, due, ref, key, match, ttl }, cx.now);
  cx.t.runs.mark(run, runFlags.waits);
  cx.addDue(due);
}

/** Counts an entry with an undo when that is written for the first time. */
export function countUndo(
  { cx, run }: Appending,
  op: { readonly seq: number; readonly undo?: boolean | undefined },
): void {
  if (op.undo !== true || op.seq < 0 || cx.t.journal.hasUndo(run.id, op.seq)) return;
  run.undos++;
  cx.t.runs.save(run);
}

/** The encoded value of what the store itself answers. */
export function completed(value: unknown): Settlement {
  return { failed: false, bytes: encodeValue(value) };
}
