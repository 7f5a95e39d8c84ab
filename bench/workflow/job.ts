// What the process that measures and the process that drives a contender say to each other.

import type { CaseName } from "./contender.ts";
import type { MetricName } from "./metrics.ts";
import type { Scale } from "./scale.ts";

/** What one driving process is to do; its only argument, as JSON. */
export interface Job {
  readonly contender: string;
  readonly folder: string;
  /** `fill` and `resume` are the two halves of recovery. */
  readonly task: { readonly kind: "cases"; readonly cases: readonly CaseName[] } | { readonly kind: "fill" | "resume" };
  readonly parkAfterMs?: number;
  readonly runsInFlightMax?: number;
  readonly scale: Scale;
}

export type Message =
  | {
      readonly type: "figure";
      readonly metric: MetricName;
      readonly value: number;
      readonly samples?: readonly number[];
    }
  | { readonly type: "skip"; readonly metrics: readonly MetricName[]; readonly reason: string }
  | { readonly type: "durability"; readonly text: string }
  | { readonly type: "failed"; readonly case: CaseName; readonly error: string }
  /** Everything is under way and this process may be killed. */
  | { readonly type: "filled" }
  | { readonly type: "done" };
