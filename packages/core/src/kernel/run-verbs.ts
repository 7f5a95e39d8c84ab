// Which verbs of the run port change something; all others read.
import type { RunFinder } from "./run-search.ts";
import type { RunStore } from "./run-store.ts";

export type RunWriteVerb = Exclude<
  keyof RunStore,
  | keyof RunFinder
  | "readJournal"
  | "listBreakers"
  | "listStepCache"
  | "listTasks"
  | "readStream"
  | "getState"
  | "listState"
  | "listSchedules"
  | "listHeldTimes"
  | "countHeldTimes"
  | "listVersions"
  | "listQueues"
  | "listRetentions"
  | "versionsInUse"
  | "getRun"
  | "findByKey"
  | "listRuns"
  | "countRuns"
  | "listLogs"
  | "getToken"
  | "listTokens"
  | "listComments"
  | "listEvents"
  | "blobsInUse"
  | "stats"
  | "backup"
  | "close"
>;
