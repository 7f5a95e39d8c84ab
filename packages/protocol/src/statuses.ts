// The closed sets of strings that name the state of things; they live here and nowhere else.

/** Every state of a run. The last four are final. */
export const runStatuses = [
  "queued",
  "running",
  "waiting",
  "paused",
  "undoing",
  "completed",
  "failed",
  "cancelled",
  "timedout",
] as const;
export type RunStatus = (typeof runStatuses)[number];

/** The states a run never leaves by itself. */
export const finalRunStatuses = ["completed", "failed", "cancelled", "timedout"] as const;
export type FinalRunStatus = (typeof finalRunStatuses)[number];

/** Why a run has its status, where the status alone does not say it. */
export const runStatusReasons = [
  "delayed",
  "debounced",
  "batching",
  "queue_paused",
  "concurrency_limit",
  "throttled",
  "singleton",
  "fair_share",
  "retrying",
  "sleeping",
  "waiting_for_event",
  "waiting_for_approval",
  "waiting_for_callback",
  "waiting_for_child",
  "waiting_for_task",
  "waiting_for_lock",
  "waiting_for_retry",
  "waiting_for_cache",
  "paused_by_user",
  "non_determinism",
  "version_unavailable",
  "workflow_unknown",
  "undo_unavailable",
  "undo_failed",
  "poison",
  "replay_check_failed",
  "cancelled_by_user",
  "cancelled_by_parent",
  "cancelled_by_schedule",
  "cancelled_by_workflow",
  "replaced",
  "run_timeout",
  "continued",
  "start_deadline",
  "error",
] as const;
export type RunStatusReason = (typeof runStatusReasons)[number];

/** What a journal entry records. */
export const entryKinds = [
  "step",
  "sleep",
  "event",
  "approval",
  "token",
  "callback",
  "call",
  "start",
  "task",
  "emit",
  "state",
  "lock",
  "unlock",
  "race",
  "patched",
  "undo",
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** The states of a journal entry. `aborted` is a lost branch of a race: it never settles. */
export const entryStatuses = ["running", "completed", "failed", "aborted"] as const;
export type EntryStatus = (typeof entryStatuses)[number];

/** The states of a build; the last three are final. */
export const buildStatuses = ["queued", "running", "completed", "failed", "cancelled"] as const;
export type BuildStatus = (typeof buildStatuses)[number];

/** What can be told of a build, in the order in which it happened. */
export const buildEventKinds = [
  "queued",
  "assigned",
  "started",
  "progress",
  "output",
  "lost",
  "cancelling",
  "ended",
] as const;
export type BuildEventKind = (typeof buildEventKinds)[number];

/** `created`: its program has not begun. */
export const terminalStatuses = ["created", "running", "exited"] as const;
export type TerminalStatus = (typeof terminalStatuses)[number];

/** What a viewer may do: look on, or type as well. */
export const terminalRoles = ["viewer", "writer"] as const;
export type TerminalRole = (typeof terminalRoles)[number];

/** What can be recorded of a terminal. Input has whatever is typed in it, passwords too. */
export const recordedParts = ["output", "output and input"] as const;

/** Kinds of work that a token can be limited to. */
export const workKinds = ["build", "task", "run"] as const;
export type WorkKind = (typeof workKinds)[number];

export const catchUpModes = ["skip", "one", "all"] as const;
export type CatchUp = (typeof catchUpModes)[number];

export const overlapModes = ["skip", "queue", "cancel", "allow"] as const;
export type Overlap = (typeof overlapModes)[number];

/** True when a run with this status will never change again by itself. */
export function isFinalStatus(status: RunStatus): status is FinalRunStatus {
  return status === "completed" || status === "failed" || status === "cancelled" || status === "timedout";
}

/** Whether the cluster has done what an object asks for: the words of kstatus. */
export const reconcileStates = ["Current", "InProgress", "Failed", "Terminating", "NotFound", "Unknown"] as const;
export type ReconcileState = (typeof reconcileStates)[number];

/** Whether an object works, from good to bad: the words of Argo CD. */
export const healthStates = ["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"] as const;
export type HealthState = (typeof healthStates)[number];

/** What a plan does to an object. */
export const changeActions = ["create", "update", "unchanged", "prune", "unknown"] as const;
export type ChangeAction = (typeof changeActions)[number];

export const planStatuses = ["open", "approved", "applied"] as const;
export type PlanStatus = (typeof planStatuses)[number];

export const operationStatuses = ["running", "completed", "failed", "superseded"] as const;
export type OperationStatus = (typeof operationStatuses)[number];

/** Phases of a failover, in their order. From `promote` on there is no way back: another failover leads back. */
export const recoveryPhases = [
  "confirm",
  "claim",
  "freeze",
  "fence",
  "assess",
  "promote",
  "shift",
  "verify",
  "open",
  "conclude",
] as const;
export type RecoveryPhase = (typeof recoveryPhases)[number];

/** What may stop a failover, by name. */
export const safetyRules = [
  "site-not-down",
  "too-few-observers",
  "standby-not-ready",
  "epochs-asynchronous",
  "epoch-lost",
  "fence-unproven",
  "loss-above-max",
  "verify-failed",
  "already-active",
] as const;
export type SafetyRule = (typeof safetyRules)[number];

/** Safety rules that a person may override, each by name; the others hold whatever anybody says. */
export const overridableRules: readonly SafetyRule[] = [
  "site-not-down",
  "too-few-observers",
  "fence-unproven",
  "loss-above-max",
  "verify-failed",
];

/** What keeps a failover from being possible, or from being as good as it is meant to be. */
export const readinessRules = [
  "engine-in-failure-domain",
  "database-in-failure-domain",
  "epochs-in-failure-domain",
  "identity-in-failure-domain",
  "sites-share-domain",
  "too-few-observers",
  "epochs-asynchronous",
  "epochs-unreachable",
  "data-unreachable",
  "standby-not-following",
  "not-protected",
  "traffic-unreachable",
  "traffic-elsewhere",
  "no-probe",
  "no-recent-drill",
  "break-glass-unreviewed",
] as const;
export type ReadinessRule = (typeof readinessRules)[number];

export const failoverStatuses = ["open", "approved", "running", "completed", "failed", "superseded"] as const;
export type FailoverStatus = (typeof failoverStatuses)[number];

/** What a component and a cluster can be called. */
export const clusterNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
