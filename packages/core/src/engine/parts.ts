// What the rooms of the engine share: the store, time, and how to reach each other. Made once, by the engine.
import type { EngineToWorker, RunEvent } from "@sluice/protocol";
import type { Clock } from "../kernel/clock.ts";
import type { Ids } from "../kernel/ids.ts";
import type { Logger } from "../kernel/log.ts";
import type { Effects, RunStore } from "../kernel/run-store.ts";
import type { Changes } from "./changes.ts";
import type { Deployments } from "./deployments.ts";
import type { EventQuota } from "./event-quota.ts";
import type { HotRun, HotRuns } from "./hot-runs.ts";
import type { EngineLimits } from "./limits.ts";
import type { Tasks } from "./tasks/tasks.ts";
import type { Sealer } from "./sealing.ts";
import type { Values } from "./values.ts";
import type { Watchers } from "./watch.ts";

export interface EngineParts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: EngineLimits;
  readonly values: Values;
  readonly sealer: Sealer;
  readonly deployments: Deployments;
  readonly hot: HotRuns;
  /** The workers as tasks see them. */
  readonly tasks: () => Pick<Tasks, "worker" | "refill">;
  readonly watchers: Watchers;
  readonly changes: Changes;
  readonly events: EventQuota;
  readonly log: Logger;
  /** Name of this engine as the owner of runs. */
  readonly owner: string;
  /** Base of the URLs given out, without a trailing slash. */
  readonly url: () => string;
  /** What happens to runs in flight when new code is deployed. */
  readonly onDeploy: "pin" | "move";
  /** Passes on what a change did to other runs. */
  readonly route: (effects: Effects) => void;
  /** Sends to the worker of a run, in order. */
  readonly tell: (hot: HotRun, events: readonly RunEvent[]) => void;
  readonly send: (worker: string, message: EngineToWorker) => void;
  /** Runs may be ready: claim them. */
  readonly kick: () => void;
  /** So many runs have become ready. */
  readonly queued: (runs: number) => void;
  /** Nobody wants what a run had workers do for it. */
  readonly recall: (run: string) => void;
  /** Resolves when all that a run had workers do for it has stopped; undefined when it has. */
  readonly stopped: (run: string) => Promise<void> | undefined;
  /** A run has left memory. */
  readonly left: (hot: HotRun) => void;
  /** Gives a run that has left memory back, to be claimed anew. */
  readonly release: (hot: HotRun) => Promise<void>;
  readonly draining: () => boolean;
  readonly count: (name: CounterName, by?: number) => void;
}

/** What the engine counts since it started. */
export type CounterName =
  | "runs_started"
  | "runs_completed"
  | "runs_failed"
  | "runs_cancelled"
  | "runs_timedout"
  | "steps"
  | "step_retries"
  | "stale_writes"
  | "commit_failures"
  | "events"
  | "timers"
  | "worker_losses"
  | "starts_debounced"
  | "starts_batched"
  | "starts_skipped"
  | "starts_rate_limited"
  | "telemetry_spans_exported"
  | "telemetry_spans_dropped"
  | "telemetry_runs_dropped"
  | "telemetry_reports_dropped";
