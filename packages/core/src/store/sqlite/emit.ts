// Storing an event and waking everybody who waits for it.
import { containing } from "../../kernel/match.ts";
import type { Actor } from "../../kernel/run-store.ts";
import { blobOwners } from "./blob-refs.ts";
import type { Change } from "./change.ts";
import { runFlags } from "./run-row.ts";

export interface Emission {
  readonly by: Actor;
  readonly name: string;
  readonly key?: string | undefined;
  readonly payload: Uint8Array;
  /** The payload itself where `payload` refers to a blob. */
  readonly content?: Uint8Array | undefined;
  readonly id?: string | undefined;
}

/** Stores an event of a name once for its `id` and settles the oldest matching wait of each run. */
export function emit(cx: Change, p: Emission): { event: number; duplicate: boolean } {
  const { events, waits, runs, blobs } = cx.t;
  if (p.id !== undefined) {
    const earlier = events.byDedupe(p.name, p.id);
    if (earlier !== undefined) return { event: earlier, duplicate: true };
  }
  const event = events.insert({ name: p.name, key: p.key, payload: p.payload, at: cx.now, id: p.id });
  blobs.note(blobOwners.event(event), p.payload);
  const contains = containing(p.content ?? p.payload);
  for (const wait of waits.forEvent(p.name, p.key)) {
    if (!contains(wait.match ?? undefined)) continue;
    const run = runs.get(wait.run);
    if (run === undefined || !events.consume(run.id, event, wait.seq)) continue;
    runs.mark(run, runFlags.consumed);
    cx.settle(run, wait.seq, { failed: false, bytes: p.payload });
  }
  return { event, duplicate: false };
}
