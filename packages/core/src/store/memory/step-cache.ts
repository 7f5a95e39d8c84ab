// Results that runs share, and which step of which run is making one while others wait.
import { SluiceError } from "@sluice/protocol";
import type { CacheOp, DoneOp } from "@sluice/protocol";
import { sees } from "../../kernel/patterns.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import { cacheName, cacheScope } from "../../kernel/step-cache.ts";
import type { StepCacheEntry } from "../../kernel/step-cache.ts";
import type { Change } from "./change.ts";
import { openEntry } from "./journal.ts";
import type { RunRow } from "./rows.ts";
import { settle, wait, wake } from "./settle.ts";

type Params<V extends keyof RunStore> = Parameters<RunStore[V]>[0];
type Row = { -readonly [K in keyof StepCacheEntry]: StepCacheEntry[K] };

interface Flight {
  readonly run: RunRow;
  readonly seq: number;
}

export class StepCache {
  readonly rows = new Map<string, Row>();
  readonly flights = new Map<string, Flight>();

  get(name: string, now: number): Row | undefined {
    const row = this.rows.get(name);
    return row === undefined || row.expiresAt <= now ? undefined : row;
  }

  #fitting({ filter, access }: Pick<Params<"clearStepCache">, "filter" | "access">): readonly [string, Row][] {
    return [...this.rows].filter(
      ([, row]) =>
        (filter.scope === undefined || row.scope === filter.scope) &&
        (filter.step === undefined || row.step === filter.step) &&
        (filter.key === undefined || row.key === filter.key) &&
        (access === undefined || (row.scope.startsWith("workflow:") && sees(access, row.scope.slice(9)))),
    );
  }

  clear(p: Params<"clearStepCache">): { readonly cleared: number } {
    const found = this.#fitting(p).slice(0, p.limit);
    for (const [name] of found) this.rows.delete(name);
    return { cleared: found.length };
  }

  list(p: Params<"listStepCache">): {
    readonly entries: readonly StepCacheEntry[];
    readonly next?: string | undefined;
  } {
    const after = p.cursor === undefined ? undefined : positionIn(p.cursor);
    const rows = this.#fitting(p)
      .map(([, row]) => row)
      .filter((row) => row.expiresAt > p.now && (after === undefined || comesBefore(after, row)))
      .toSorted((a, b) => (comesBefore(a, b) ? -1 : 1));
    const entries = rows.slice(0, p.limit).map((row) => ({ ...row }));
    const last = entries.at(-1);
    if (rows.length <= p.limit || last === undefined) return { entries };
    return { entries, next: `c${cacheName(last.scope, last.step, last.key)}` };
  }

  /** Deletes what has expired, or else what is too much, as far as `limit` goes; how many. */
  sweep(now: number, keep: number | undefined, limit: number): number {
    const byEnd = [...this.rows].toSorted(([, a], [, b]) => a.expiresAt - b.expiresAt);
    const expired = byEnd.filter(([, row]) => row.expiresAt <= now);
    const surplus = keep === undefined ? 0 : Math.max(0, byEnd.length - keep);
    const over = (expired.length > 0 ? expired : byEnd.slice(0, surplus)).slice(0, limit);
    for (const [name] of over) this.rows.delete(name);
    return over.length;
  }
}

function positionIn(cursor: string): Pick<StepCacheEntry, "scope" | "step" | "key"> {
  try {
    const [scope, step, key] = JSON.parse(cursor.slice(1)) as readonly unknown[];
    if (typeof scope === "string" && typeof step === "string" && typeof key === "string") return { scope, step, key };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SluiceError({ code: "invalid_filter", message: "The cursor is not one of this list." });
}

type Place = Pick<StepCacheEntry, "scope" | "step" | "key">;

function comesBefore(a: Place, b: Place): boolean {
  if (a.scope !== b.scope) return a.scope < b.scope;
  return a.step === b.step ? a.key < b.key : a.step < b.step;
}

function nameOf(run: RunRow, op: Pick<CacheOp, "name" | "cache">): string {
  return cacheName(cacheScope(op.cache, run.record.workflow), op.name, op.cache.key);
}

export function appendCache(change: Change, run: RunRow, op: CacheOp): void {
  const { stepCache } = change.tables;
  const known = run.entries.get(op.seq);
  if (known !== undefined && known.entry.status !== "running") return;
  const name = nameOf(run, op);
  const place = { ...op, kind: "step", at: change.now } as const;
  const result = stepCache.get(name, change.now);
  if (result !== undefined) {
    result.hits++;
    const row = openEntry(run, place);
    if (row !== undefined) settle(change, row, { value: result.value });
    return;
  }
  const { flight } = op.cache;
  if (flight !== undefined && flight > 0) {
    const other = stepCache.flights.get(name);
    const own = other?.run === run && other.seq === op.seq;
    const due = known?.entry.due ?? change.now + flight;
    if (other !== undefined && !own && due > change.now) {
      const row = known ?? openEntry(run, place);
      if (row !== undefined && row.wait === undefined) wait(change, row, { kind: "cache", due, ref: name });
      change.tell(run, { event: "queued", seq: op.seq });
      return;
    }
    if (other === undefined) stepCache.flights.set(name, { run, seq: op.seq });
  }
  if (known?.wait !== undefined) change.tables.waits.remove(known.wait);
  change.tell(run, { event: "started", seq: op.seq });
}

/** A cached step has ended: its result is kept and given to whoever waits, or its failure lets the next one try. */
export function keepResult(change: Change, run: RunRow, op: DoneOp & Pick<CacheOp, "cache">): void {
  const { stepCache, waits } = change.tables;
  const name = nameOf(run, op);
  const { value } = op;
  if (value === undefined) {
    endFlights(change, run, op.seq);
    return;
  }
  const waiting = waits.waitingFor("cache", name);
  stepCache.flights.delete(name);
  const scope = cacheScope(op.cache, run.record.workflow);
  const expiresAt = change.now + op.cache.ttl;
  const made = { scope, step: op.name, key: op.cache.key, createdAt: change.now, expiresAt };
  stepCache.rows.set(name, { ...made, value, run: run.record.id, hits: waiting.length });
  for (const each of waiting) if (each.entry !== undefined) settle(change, each.entry, { value });
}

/** What a run is making it will not make any more, all of it or that of one entry: those who wait longest go on with it. */
export function endFlights(change: Change, run: RunRow, seq?: number): void {
  const { stepCache, waits } = change.tables;
  const own = [...stepCache.flights].filter(([, at]) => at.run === run && (seq === undefined || at.seq === seq));
  for (const [name] of own) {
    stepCache.flights.delete(name);
    const [next] = waits.waitingFor("cache", name);
    if (next === undefined) continue;
    waits.remove(next);
    stepCache.flights.set(name, { run: next.run, seq: next.seq });
    change.tell(next.run, { event: "wake", seq: next.seq });
    wake(change, next.run);
  }
}
