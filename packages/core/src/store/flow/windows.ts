// What becomes of a start that is limited in time, debounced or gathered: decided from what is remembered of those before it.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { Admission } from "../../kernel/flow.ts";

/** What is remembered of starts, by the id of their gate. Times are milliseconds since 1970. */
export interface WindowRow {
  readonly id: string;
  /** The run that starts become part of; null: none. */
  readonly run: string | null;
  readonly openedAt: number;
  /** It counts for nothing from here on, unless its run still waits. */
  readonly until: number;
  /** Starts so far; of a debounce 0 while the run has begun at the leading edge. */
  readonly count: number;
  /** Of gathered inputs. */
  readonly bytes: number;
}

type Part<Name extends keyof Admission> = NonNullable<Admission[Name]>;

/** Counts one start more; without `row` it is one too many. */
export function countRate(
  rate: Part<"rate">,
  before: WindowRow | undefined,
  now: number,
): { readonly row?: WindowRow; readonly retryAt: number } {
  if (before === undefined || before.until <= now) {
    const until = now + rate.perMs;
    return { row: { id: rate.id, run: null, openedAt: now, until, count: 1, bytes: 0 }, retryAt: until };
  }
  const { until, count } = before;
  return count >= rate.count ? { retryAt: until } : { row: { ...before, count: count + 1 }, retryAt: until };
}

export type Debounced =
  /** A run of its own, at once. */
  | { readonly kind: "begin"; readonly until: number }
  /** A run of its own that waits. */
  | { readonly kind: "wait"; readonly due: number; readonly openedAt: number }
  /** Part of the run that waits, which has to wait on, with this input. */
  | { readonly kind: "renew"; readonly run: string; readonly due: number }
  /** Nothing but a sign that the one that has begun was wanted again. */
  | { readonly kind: "ignore"; readonly run: string; readonly until: number };

/** `waits`: the run of what is remembered is still waiting for quiet. */
export function debounce(
  asked: Part<"debounce">,
  before: WindowRow | undefined,
  at: { readonly waits: boolean; readonly now: number },
): Debounced {
  const { waitMs, maxWaitMs = Number.POSITIVE_INFINITY, leading, trailing } = asked;
  const { now } = at;
  const end = (openedAt: number): number => Math.min(now + waitMs, openedAt + maxWaitMs);
  if (before !== undefined && before.run !== null) {
    if (before.count > 0 && at.waits) return { kind: "renew", run: before.run, due: end(before.openedAt) };
    if (before.count === 0 && now < before.until) {
      if (trailing) return { kind: "wait", due: end(before.openedAt), openedAt: before.openedAt };
      return { kind: "ignore", run: before.run, until: end(before.openedAt) };
    }
  }
  return leading ? { kind: "begin", until: end(now) } : { kind: "wait", due: end(now), openedAt: now };
}

/** True when a batch takes no more and its run begins. */
export function isFull(batch: Part<"batch">, row: Pick<WindowRow, "count" | "bytes">): boolean {
  return row.count >= batch.size || row.bytes >= batch.bytesMax;
}

/** The input of a run that was started with these. */
export function gathered(inputs: readonly Uint8Array[]): Uint8Array {
  return encodeValue(inputs.map((input) => decodeValue(input)));
}
