// Cached steps: a result that is there settles its entry, otherwise the step is told to make it, one run at a time if wanted.
import type { CacheOp, DoneOp } from "@sluice/protocol";
import { cacheName, cacheScope } from "../../kernel/step-cache.ts";
import { blobOwners } from "./blob-refs.ts";
import { openEntry, settleNow, type Appending } from "./placing.ts";
import type { Run } from "./run-row.ts";
import type { StepCacheKey } from "./step-cache.ts";

type Asking = Pick<CacheOp, "name" | "cache">;

function keyOf(run: Run, { name, cache }: Asking): StepCacheKey {
  return { scope: cacheScope(cache, run.workflow), step: name, key: cache.key };
}

export function askCache(a: Appending, op: CacheOp): void {
  const { cx, run } = a;
  const { stepCache, waits } = cx.t;
  const at = keyOf(run, op);
  const placed = { seq: op.seq, name: op.name, n: op.n, kind: "step" } as const;
  const result = stepCache.get(at, cx.now);
  if (result !== undefined) {
    waits.delete(run.id, op.seq);
    stepCache.hit(at, 1);
    settleNow(a, placed, { failed: false, bytes: result.value });
    return;
  }
  const name = cacheName(at.scope, at.step, at.key);
  const { flight } = op.cache;
  if (flight !== undefined && flight > 0) {
    const other = stepCache.flight(name);
    const own = other?.run === run.id && other.seq === op.seq;
    const due = cx.t.journal.get(run.id, op.seq)?.due ?? cx.now + flight;
    if (other !== undefined && !own && due > cx.now) {
      if (waits.get(run.id, op.seq) === undefined) openEntry(a, placed, { wait: "cache", due, ref: name });
      cx.events.push({ event: "queued", seq: op.seq });
      return;
    }
    if (other === undefined) cx.beginFlight(run, name, op.seq);
  }
  waits.delete(run.id, op.seq);
  cx.events.push({ event: "started", seq: op.seq });
}

/** A cached step has ended: its result is kept and given to whoever waits for it, or its failure lets the next one try. */
export function keepResult(a: Appending, op: DoneOp & Asking): void {
  const { cx, run } = a;
  const { stepCache, waits, blobs } = cx.t;
  const at = keyOf(run, op);
  const name = cacheName(at.scope, at.step, at.key);
  if (op.value === undefined) {
    cx.endFlights(run, op.seq);
    return;
  }
  const waiting = waits.on(name, "cache");
  stepCache.endFlight(name);
  const expiresAt = cx.now + op.cache.ttl;
  stepCache.put({ ...at, value: op.value, createdAt: cx.now, expiresAt, run: run.id, hits: waiting.length });
  blobs.release(blobOwners.stepCache(name));
  blobs.note(blobOwners.stepCache(name), op.value);
  for (const wait of waiting) cx.settleWait(wait, { failed: false, bytes: op.value });
}
