// The bars that Sluice is to clear, absolute and against Restate in the same run, and whether it did.

import type { MetricName } from "./metrics.ts";
import type { Outcomes } from "./tally.ts";

interface Bar {
  readonly label: string;
  readonly contender: string;
  readonly metric: MetricName;
  /** Against this contender's figure, instead of absolute. */
  readonly against?: string;
  readonly limit: number;
  readonly want: "under" | "over";
}

export interface BarResult {
  readonly label: string;
  readonly kind: "absolute" | "ratio";
  readonly want: "under" | "over";
  readonly limit: number;
  /** Null when it was not measured. */
  readonly measured: number | null;
  readonly met: boolean | null;
}

const EMBEDDED = "sluice-embedded";
const HTTP = "sluice-http";
const RESTATE = "restate";

const both = (label: string, metric: MetricName, bar: Pick<Bar, "limit" | "want">): Bar[] => [
  { label: `${label}, embedded`, contender: EMBEDDED, metric, ...bar },
  { label: `${label}, over HTTP`, contender: HTTP, metric, ...bar },
];

const under = (limit: number) => ({ limit, want: "under" }) as const;

const bars: readonly Bar[] = [
  { label: "3-step run p50 ms, embedded", contender: EMBEDDED, metric: "steps3.p50Ms", ...under(0.8) },
  { label: "3-step run p50 ms, over HTTP", contender: HTTP, metric: "steps3.p50Ms", ...under(1.5) },
  { label: "runs/s at 256, embedded", contender: EMBEDDED, metric: "runs256.perSecond", limit: 15_000, want: "over" },
  { label: "runs/s at 256, over HTTP", contender: HTTP, metric: "runs256.perSecond", limit: 5_000, want: "over" },
  ...(["runs32.perSecond", "runs256.perSecond"] as const).flatMap((metric): Bar[] => {
    const at = metric === "runs32.perSecond" ? "32" : "256";
    const ratio = { metric, against: RESTATE, want: "over" } as const;
    return [
      { label: `runs/s at ${at} over Restate's, embedded`, contender: EMBEDDED, limit: 10, ...ratio },
      { label: `runs/s at ${at} over Restate's, over HTTP`, contender: HTTP, limit: 4, ...ratio },
    ];
  }),
  ...both("3-step run p50 over Restate's", "steps3.p50Ms", under(0.25)).map((bar) => ({ ...bar, against: RESTATE })),
  ...both("12-step builder run p50 ms", "builder.p50Ms", under(5)),
  ...both("a quiet tenant beside 100,000 runs of another, p99 ms", "tenant.p99Ms", under(50)),
  ...both("a step in a run of 1,000, ms", "steps1000.stepMs", under(0.25)),
  ...both("step 1,000 over step 1", "steps1000.growth", under(1.2)),
  ...both("start of a run p50 ms", "start.p50Ms", under(0.5)),
  ...both("reading its status p50 ms", "status.p50Ms", under(0.3)),
  ...both("wake from sleep, hot, p50 ms", "wakeHot.sleepMs", under(1)),
  ...both("wake from an event, hot, p50 ms", "wakeHot.eventMs", under(1)),
  ...both("wake from enqueue, p50 ms", "wakeHot.enqueueMs", under(1)),
  ...both("wake from sleep, parked, p50 ms", "wakeParked.sleepMs", under(3)),
  ...both("wake from an event, parked, p50 ms", "wakeParked.eventMs", under(3)),
  { label: "idle server, MiB", contender: HTTP, metric: "memory.idleServerMb", ...under(39) },
];

export function judge(outcomes: Outcomes): readonly BarResult[] {
  return bars.map((bar) => {
    const { label, limit, want, against } = bar;
    const measured = measuredFor(bar, outcomes);
    const met = measured === null ? null : want === "under" ? measured < limit : measured >= limit;
    return { label, kind: against === undefined ? "absolute" : "ratio", want, limit, measured, met };
  });
}

function measuredFor({ contender, metric, against }: Bar, outcomes: Outcomes): number | null {
  const ours = outcomes[contender]?.figures[metric]?.median;
  if (ours === undefined) return null;
  if (against === undefined) return ours;
  const theirs = outcomes[against]?.figures[metric]?.median;
  return theirs === undefined ? null : ours / theirs;
}
