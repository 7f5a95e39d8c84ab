// The closed sets of words in the URLs of runs, and what runs, steps and log lines are to the rest of this folder.
import type { Answer } from "../api.ts";

export type Run = Answer<"getRun">["run"];
export type ListedRun = Answer<"listRuns">["runs"][number];
export type Step = Answer<"listSteps">["steps"][number];
export type LogLine = Answer<"listLogs">["logs"][number];
export type RunError = NonNullable<Run["error"]>;

export const runTabs = [
  "timeline",
  "graph",
  "journal",
  "logs",
  "output",
  "events",
  "children",
  "details",
  "audit",
] as const;
export type RunTab = (typeof runTabs)[number];

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** How a step stands, as people ask for it: `retrying` and `waiting` are running steps that do nothing now. */
export const entryStates = ["completed", "running", "waiting", "retrying", "failed", "undone", "aborted"] as const;
export type EntryState = (typeof entryStates)[number];

/** Lengths of time up to now that lists of runs are narrowed to. */
export const timeSpans = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;
export type TimeSpan = (typeof timeSpans)[number];
