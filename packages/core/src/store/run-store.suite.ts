// The one suite of the store port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import type { RunStore } from "../kernel/run-store.ts";
import type { Store } from "../kernel/store.ts";
import { breakersSuite } from "./run-store.breakers.suite.ts";
import { accessSuite } from "./run-store.access.suite.ts";
import { attributesSuite } from "./run-store.attributes.suite.ts";
import { approvalsSuite } from "./run-store.approvals.suite.ts";
import { appendingSuite } from "./run-store.appending.suite.ts";
import { fencingSuite } from "./run-store.fencing.suite.ts";
import { continuingSuite } from "./run-store.continuing.suite.ts";
import { crossingSuite } from "./run-store.crossing.suite.ts";
import { endingSuite } from "./run-store.ending.suite.ts";
import type { MakeStore } from "./run-store.fixture.suite.ts";
import { importingSuite } from "./run-store.importing.suite.ts";
import { gatesSuite } from "./run-store.gates.suite.ts";
import { heldTimesSuite } from "./run-store.held-times.suite.ts";
import { joiningSuite } from "./run-store.joining.suite.ts";
import { keepingSuite } from "./run-store.keeping.suite.ts";
import { listingSuite } from "./run-store.listing.suite.ts";
import { matchingSuite } from "./run-store.matching.suite.ts";
import { operatingSuite } from "./run-store.operating.suite.ts";
import { resultsSuite } from "./run-store.results.suite.ts";
import { searchingSuite } from "./run-store.searching.suite.ts";
import { ratesSuite } from "./run-store.rates.suite.ts";
import { tasksSuite } from "./run-store.tasks.suite.ts";
import { sharingSuite } from "./run-store.sharing.suite.ts";
import { streamingSuite } from "./run-store.streaming.suite.ts";
import { startingSuite } from "./run-store.starting.suite.ts";
import { turnsSuite } from "./run-store.turns.suite.ts";
import { sleepingSuite } from "./run-store.sleeping.suite.ts";
import { waitingSuite } from "./run-store.waiting.suite.ts";

export type { MakeStore } from "./run-store.fixture.suite.ts";

/** Registers the tests of the port for one adapter; `makeStore` opens an empty store for each of them. */
export function runStoreSuite(name: string, makeStore: MakeStore): void {
  const asked = new Set<string>();
  const watched: MakeStore = async () => noting(await makeStore(), asked);
  startingSuite(name, watched);
  fencingSuite(name, watched);
  appendingSuite(name, watched);
  sleepingSuite(name, watched);
  waitingSuite(name, watched);
  approvalsSuite(name, watched);
  matchingSuite(name, watched);
  sharingSuite(name, watched);
  resultsSuite(name, watched);
  tasksSuite(name, watched);
  operatingSuite(name, watched);
  endingSuite(name, watched);
  continuingSuite(name, watched);
  importingSuite(name, watched);
  keepingSuite(name, watched);
  listingSuite(name, watched);
  streamingSuite(name, watched);
  attributesSuite(name, watched);
  crossingSuite(name, watched);
  accessSuite(name, watched);
  searchingSuite(name, watched);
  breakersSuite(name, watched);
  gatesSuite(name, watched);
  turnsSuite(name, watched);
  heldTimesSuite(name, watched);
  joiningSuite(name, watched);
  ratesSuite(name, watched);
  describe(`${name}: the suite`, () => {
    // How a copy is made, and of what, is each adapter's own.
    test("asks an adapter for every verb of the port but backup", () => {
      expect(Object.keys(verbs).filter((verb) => !asked.has(verb))).toEqual(["backup"]);
    });
  });
}

/** A store that notes which of its verbs are asked for. */
function noting(store: Store, asked: Set<string>): Store {
  return new Proxy(store, {
    get: (target, verb) => {
      const value: unknown = Reflect.get(target, verb, target);
      if (typeof value !== "function") return value;
      asked.add(String(verb));
      return value.bind(target) as unknown;
    },
  });
}

const verbs: Readonly<Record<keyof RunStore, true>> = {
  createRun: true,
  claimRuns: true,
  readJournal: true,
  append: true,
  parkRun: true,
  releaseRuns: true,
  recover: true,
  blockRun: true,
  unblockRuns: true,
  fireTimers: true,
  emitEvent: true,
  completeToken: true,
  commentApproval: true,
  cancelRun: true,
  pauseRun: true,
  resumeRun: true,
  retryRun: true,
  forkRun: true,
  importRun: true,
  moveRun: true,
  deleteRuns: true,
  purgeRuns: true,
  sweep: true,
  setState: true,
  deleteState: true,
  clearStepCache: true,
  listStepCache: true,
  readStream: true,
  getState: true,
  listState: true,
  putSchedules: true,
  listSchedules: true,
  setSchedulePaused: true,
  fireSchedule: true,
  listHeldTimes: true,
  countHeldTimes: true,
  putVersion: true,
  putFlow: true,
  setQueuePaused: true,
  listQueues: true,
  listVersions: true,
  listRetentions: true,
  versionsInUse: true,
  getRun: true,
  getRuns: true,
  searchRuns: true,
  searchEventNames: true,
  searchStateKeys: true,
  findByKey: true,
  listRuns: true,
  countRuns: true,
  listLogs: true,
  getToken: true,
  listTokens: true,
  listComments: true,
  listEvents: true,
  blobsInUse: true,
  stats: true,
  enterBreaker: true,
  resetBreaker: true,
  listTasks: true,
  claimTasks: true,
  settleTask: true,
  retryTask: true,
  noteTask: true,
  listBreakers: true,
  backup: true,
  close: true,
};
