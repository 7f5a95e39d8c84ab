// Which function of the writer executes which verb of the ports, and the one place where the audit trail hears of it.
import type { RunStore } from "../../kernel/run-store.ts";
import type { RunWriteVerb } from "../../kernel/run-verbs.ts";
import { beginAudit } from "../audit/audit-rules.ts";
import { blobScopeVerbs } from "../blob-scopes/blob-scopes.ts";
import { buildVerbs } from "../builds/builds.ts";
import type { BlobScopeStore, BlobScopeWriteVerb } from "../../kernel/blob-scope-store.ts";
import { clusterVerbs } from "../clusters/clusters.ts";
import type { BuildStore, BuildWriteVerb } from "../../kernel/build-store.ts";
import type { ClusterStore, ClusterWriteVerb } from "../../kernel/cluster-store.ts";
import { append } from "./append.ts";
import { auditVerbs, type AuditWriteVerb } from "./audit/audit-verbs.ts";
import { unflatten, type FlatAppend } from "./flat-append.ts";
import { enterBreaker, resetBreaker } from "./breakers/breaker-verbs.ts";
import { Change } from "./change.ts";
import { commentApproval } from "./approval-comments.ts";
import { completeToken } from "./completing.ts";
import { emit } from "./emit.ts";
import { identityVerbs, type IdentityWriteVerb } from "./identity/identity-verbs.ts";
import { importRun } from "./importing.ts";
import { putFlow, setQueuePaused } from "./flow/queues.ts";
import { claimRuns, createRun, forkRun, parkRun, recover, releaseRuns } from "./lifecycle.ts";
import { blockRun, cancelRun, moveRun, pauseRun, resumeRun, retryRun, unblockRuns } from "./operations.ts";
import { deleteRuns, purgeRuns, sweep } from "./retention.ts";
import { fireSchedule, putSchedules, setSchedulePaused } from "./schedules.ts";
import { payloadKeyVerbs, type PayloadKeyWriteVerb } from "./payload-keys/payload-key-verbs.ts";
import { secretVerbs, type SecretWriteVerb } from "./secrets/secret-verbs.ts";
import { clearStepCache } from "./step-cache.ts";
import { deleteStateKey, setState } from "./state-verbs.ts";
import type { Tables } from "./tables.ts";
import { claimTasks, noteTask, retryTask, settleTask } from "./tasks.ts";
import { fireTimers } from "./timers.ts";
import { triggerVerbs } from "./triggers/trigger-verbs.ts";
import type { TriggerWriteVerb } from "../../kernel/trigger-store.ts";

export type { RunWriteVerb } from "../../kernel/run-verbs.ts";

export type WriteVerb =
  | RunWriteVerb
  | IdentityWriteVerb
  | AuditWriteVerb
  | SecretWriteVerb
  | PayloadKeyWriteVerb
  | BuildWriteVerb
  | BlobScopeWriteVerb
  | ClusterWriteVerb
  | TriggerWriteVerb;

export type WriteParams<Verb extends RunWriteVerb> = Parameters<RunStore[Verb]>[0];

type RunExecutors = { readonly [Verb in RunWriteVerb]: (t: Tables, p: WriteParams<Verb>) => unknown };

const runExecutors: RunExecutors = {
  createRun,
  claimRuns,
  append,
  parkRun,
  releaseRuns,
  recover,
  blockRun,
  unblockRuns,
  fireTimers,
  emitEvent: (t, p) => {
    const cx = new Change(t, p.now);
    return { ...emit(cx, p), effects: cx.effects() };
  },
  completeToken,
  commentApproval,
  cancelRun,
  pauseRun,
  resumeRun,
  retryRun,
  forkRun,
  importRun,
  moveRun,
  deleteRuns,
  purgeRuns,
  sweep,
  enterBreaker,
  resetBreaker,
  clearStepCache,
  claimTasks,
  settleTask,
  retryTask,
  noteTask,
  setState,
  deleteState: deleteStateKey,
  putSchedules: (t, p) => putSchedules(new Change(t, p.now), p),
  setSchedulePaused: (t, p) => setSchedulePaused(new Change(t, p.now), p),
  fireSchedule: (t, p) => fireSchedule(new Change(t, p.now), p),
  putFlow: (t, p) => putFlow(new Change(t, p.now), p),
  setQueuePaused: (t, p) => setQueuePaused(new Change(t, p.now), p),
  putVersion: (t, p) => {
    t.versions.put(p.version);
    for (const retention of p.retentions) t.retention.put(retention);
  },
};

const buildExecutors = Object.fromEntries(
  Object.entries(buildVerbs).map(([verb, run]) => [
    verb,
    (t: Tables, p: Parameters<BuildStore["appendBuild"]>[0]) => (run as typeof buildVerbs.appendBuild)(t.builds, p),
  ]),
);

const blobScopeExecutors = Object.fromEntries(
  Object.entries(blobScopeVerbs).map(([verb, run]) => [
    verb,
    (t: Tables, p: Parameters<BlobScopeStore["useBlobs"]>[0]) =>
      (run as typeof blobScopeVerbs.useBlobs)(t.blobScopes, p),
  ]),
);

const clusterExecutors = Object.fromEntries(
  Object.entries(clusterVerbs).map(([verb, run]) => [
    verb,
    (t: Tables, p: Parameters<ClusterStore["noteHealth"]>[0]) => (run as typeof clusterVerbs.noteHealth)(t.clusters, p),
  ]),
);

const executors = {
  ...runExecutors,
  ...identityVerbs,
  ...auditVerbs,
  ...secretVerbs,
  ...payloadKeyVerbs,
  ...buildExecutors,
  ...blobScopeExecutors,
  ...clusterExecutors,
  ...triggerVerbs,
};

/**
 * Executes one verb; its answer is what goes back to the caller's thread. What somebody asked for from outside is written to
 * the audit trail with it.
 */
export function execute(t: Tables, verb: string, params: unknown): unknown {
  if (verb === "appendFlat") return append(t, unflatten(params as FlatAppend));
  if (!Object.hasOwn(executors, verb)) throw new Error(`the writer has no verb ${verb}`);
  const finish = beginAudit(verb, params, t.sight);
  // The caller's side is typed by the ports; across threads only its word is left.
  const answer: unknown = executors[verb as "append"](t, params as WriteParams<"append">);
  if (finish !== undefined) for (const note of finish(answer)) t.audit.add(note);
  return answer;
}
