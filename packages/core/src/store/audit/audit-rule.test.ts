// Each verb of the run port that changes something says on whose behalf, by its type; what it is called with, the faulty store
// looks at in every simulated world.
import { expect, test } from "bun:test";
import type { InnerActor } from "../../kernel/inner-actor.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import type { RunWriteVerb } from "../../kernel/run-verbs.ts";
import type { TriggerStore, TriggerWriteVerb } from "../../kernel/trigger-store.ts";
import { auditedVerbs } from "./audit-rules.ts";

type By<Port, Verb extends keyof Port> = Port[Verb] extends (p: infer P) => unknown
  ? P extends { readonly by: infer Actor }
    ? Actor extends InnerActor
      ? "inner"
      : "anybody"
    : "nobody"
  : "nobody";

/** Who acts with a verb; one of which nobody does has no place here, and the types say so. */
const actors: { readonly [Verb in RunWriteVerb]: Exclude<By<RunStore, Verb>, "nobody"> } & {
  readonly [Verb in TriggerWriteVerb]: Exclude<By<TriggerStore, Verb>, "nobody">;
} = {
  createRun: "anybody",
  claimRuns: "inner",
  append: "inner",
  parkRun: "inner",
  releaseRuns: "inner",
  recover: "inner",
  blockRun: "inner",
  unblockRuns: "inner",
  fireTimers: "inner",
  emitEvent: "anybody",
  completeToken: "anybody",
  commentApproval: "anybody",
  cancelRun: "anybody",
  pauseRun: "anybody",
  resumeRun: "anybody",
  retryRun: "anybody",
  forkRun: "anybody",
  importRun: "anybody",
  moveRun: "anybody",
  deleteRuns: "anybody",
  purgeRuns: "inner",
  sweep: "inner",
  enterBreaker: "inner",
  resetBreaker: "anybody",
  clearStepCache: "anybody",
  claimTasks: "inner",
  settleTask: "inner",
  retryTask: "inner",
  noteTask: "inner",
  setState: "anybody",
  deleteState: "anybody",
  putSchedules: "anybody",
  setSchedulePaused: "anybody",
  fireSchedule: "inner",
  putVersion: "inner",
  putFlow: "inner",
  setQueuePaused: "anybody",
  putTriggers: "anybody",
  setTriggerPaused: "anybody",
  advanceTrigger: "inner",
  recordDelivery: "inner",
  sweepTriggers: "inner",
};

test("what anybody from outside may ask for has an audit rule, and nothing else has", () => {
  const audited = new Set(auditedVerbs);
  for (const [verb, who] of Object.entries(actors))
    expect([verb, audited.has(verb)]).toEqual([verb, who === "anybody"]);
});
