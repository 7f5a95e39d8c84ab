// Every figure by its name, in the order of the table, with the words that say what it is.

import type { CaseName } from "./contender.ts";

interface Metric {
  readonly case: CaseName;
  readonly label: string;
}

export const metrics = {
  "start.p50Ms": { case: "starts", label: "start of a run, p50 ms" },
  "start.p99Ms": { case: "starts", label: "start of a run, p99 ms" },
  "status.p50Ms": { case: "starts", label: "reading its status, p50 ms" },
  "status.p99Ms": { case: "starts", label: "reading its status, p99 ms" },
  "steps3.p50Ms": { case: "steps3", label: "3-step run, one at a time, p50 ms" },
  "steps3.p95Ms": { case: "steps3", label: "3-step run, one at a time, p95 ms" },
  "steps3.p99Ms": { case: "steps3", label: "3-step run, one at a time, p99 ms" },
  "runs32.perSecond": { case: "throughput", label: "3-step runs a second, 32 callers" },
  "runs256.perSecond": { case: "throughput", label: "3-step runs a second, 256 callers" },
  "steps1000.stepMs": { case: "steps1000", label: "a step in a run of 1,000, median ms" },
  "steps1000.earlyMs": { case: "steps1000", label: "… steps 51–100, median ms" },
  "steps1000.lateMs": { case: "steps1000", label: "… steps 951–1,000, median ms" },
  "steps1000.growth": { case: "steps1000", label: "… late over early" },
  "builder.p50Ms": { case: "builder", label: "12-step builder run, one at a time, p50 ms" },
  "builder.p95Ms": { case: "builder", label: "12-step builder run, one at a time, p95 ms" },
  "limited.plainMs": { case: "limited", label: "3-step run without a limit, beside the next one, p50 ms" },
  "limited.p50Ms": { case: "limited", label: "3-step run under a limit that is not reached, p50 ms" },
  "limited.ratio": { case: "limited", label: "… over that without one" },
  "limited.plainPerSecond": { case: "limited", label: "3-step runs a second without a limit, 32 callers" },
  "limited.perSecond": { case: "limited", label: "… under a limit that is not reached" },
  "fanout.ms": { case: "fanout", label: "fan-out of 1,000 children, median ms" },
  "map.ms": { case: "map", label: "map of 10,000 items, 100 at a time, median ms" },
  "wakeHot.sleepMs": { case: "wake", label: "wake from sleep(100 ms), hot, p50 ms late" },
  "wakeHot.eventMs": { case: "wake", label: "wake from an event, hot, p50 ms" },
  "wakeHot.enqueueMs": { case: "wake", label: "from start to first line, p50 ms" },
  "wakeParked.sleepMs": { case: "parked", label: "wake from sleep(100 ms), parked, p50 ms late" },
  "wakeParked.eventMs": { case: "parked", label: "wake from an event, parked, p50 ms" },
  "enqueue.perSecond": { case: "enqueue", label: "starts a second, 256 callers, nothing executed" },
  "fair.enqueuePerSecond": { case: "fairness", label: "starts a second among 1,000 keys, 256 callers" },
  "fair.spread": { case: "fairness", label: "1,000 keys that take turns: runs that one was ahead of another" },
  "storm.perSecond": { case: "storm", label: "debounced starts a second, 256 callers, 100 keys" },
  "tenant.p50Ms": { case: "tenant", label: "quiet tenant beside 100,000 runs of another, to its first line, p50 ms" },
  "tenant.p99Ms": { case: "tenant", label: "… p99 ms" },
  "tenant.maxMs": { case: "tenant", label: "… longest, ms" },
  "recovery.readyMs": { case: "recovery", label: "after SIGKILL: ready, ms" },
  "recovery.completeMs": { case: "recovery", label: "after SIGKILL: all runs complete, ms" },
  "memory.idleServerMb": { case: "memory", label: "memory idle, server, MiB" },
  "memory.idleServerRssMb": { case: "memory", label: "… resident, shared pages whole, MiB" },
  "memory.idleWorkerMb": { case: "memory", label: "memory idle, worker, MiB" },
  "memory.loadServerMb": { case: "memory", label: "memory under load, server, MiB" },
  "memory.loadWorkerMb": { case: "memory", label: "memory under load, worker, MiB" },
  "disk.liveBytesPerStep": { case: "disk", label: "disk, bytes a step, running" },
  "disk.closedBytesPerStep": { case: "disk", label: "disk, bytes a step, after closing" },
  "harness.monthMs": { case: "harness", label: "test harness: thirty nights of sleeping, median ms" },
  "harness.testMs": {
    case: "harness",
    label: "… a test with a mock, a sleep, an approval and every prefix, median ms",
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as readonly MetricName[];

export const caseNames: readonly CaseName[] = [
  "starts",
  "steps3",
  "throughput",
  "steps1000",
  "builder",
  "limited",
  "fanout",
  "map",
  "wake",
  "parked",
  "enqueue",
  "fairness",
  "storm",
  "tenant",
  "recovery",
  "memory",
  "disk",
  "harness",
];
