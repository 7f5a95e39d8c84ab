// Which verbs the recorder listens to, and how it shows what they were given and answered.
import { watchedVerbs } from "./watches.suite.ts";

/** Verbs that change something about runs. */
export const verbs = [
  "createRun",
  "claimRuns",
  "append",
  "parkRun",
  "releaseRuns",
  "recover",
  "blockRun",
  "unblockRuns",
  "fireTimers",
  "emitEvent",
  "completeToken",
  "cancelRun",
  "pauseRun",
  "resumeRun",
  "retryRun",
  "forkRun",
  "moveRun",
  "deleteRuns",
  "fireSchedule",
  "claimTasks",
  "settleTask",
  "retryTask",
] as const;

export type RecordedVerb = (typeof verbs)[number] | (typeof watchedVerbs)[number];

export function isWatched(verb: RecordedVerb): verb is (typeof watchedVerbs)[number] {
  return (watchedVerbs as readonly string[]).includes(verb);
}

/** A short form for traces. */
export function brief(value: unknown): string {
  return (
    JSON.stringify(value, (key, item: unknown) => {
      if (item instanceof Uint8Array) return `<${item.length}>`;
      return key === "now" || key === "by" ? undefined : item;
    }) ?? ""
  );
}
