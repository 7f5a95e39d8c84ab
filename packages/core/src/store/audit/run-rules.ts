// Audit rows about runs, events, approvals, schedules and state.
import type { ErrorCode } from "@sluice/protocol";
import type { ChangeOutcome, CreateOutcome, RunStore, TokenOutcome } from "../../kernel/run-store.ts";
import type { AuditDraft, AuditRule, AuditRules, AuditSight, SeenRun } from "./audit-rule.ts";
import { shownValue } from "./details.ts";

/** What a creation answers; the writer leaves out the record of a run it created, which its caller can tell. */
type Creation = { readonly outcome: "created" } | Exclude<CreateOutcome, { readonly outcome: "created" }>;

/** As the port has them, but for what its answers need not hold. */
type RunRules = Omit<AuditRules<RunStore>, "createRun"> & {
  readonly createRun: AuditRule<Parameters<RunStore["createRun"]>[0], Creation>;
};

const creationRefusals = {
  conflict: "idempotency_conflict",
  id_taken: "run_id_taken",
  chain_broken: "conflict",
} as const;

const tokenRefusals: Readonly<Record<Exclude<TokenOutcome["outcome"], "ok">, ErrorCode>> = {
  unknown: "token_unknown",
  used: "token_used",
  expired: "token_expired",
  decided: "already_decided",
};

/** One row about a change of one run; `refusal` is the code a run is refused with whose state forbids it. */
function changeOfRun(action: string, refusal: ErrorCode) {
  return (p: { readonly run: string; readonly now: number }, sight: AuditSight) => {
    const was = sight.run(p.run);
    const draft = { at: p.now, action, target: `run:${p.run}`, workflow: was?.workflow, before: seen(was) };
    return (answer: ChangeOutcome): AuditDraft => {
      if (answer.outcome === "not_found") return { ...draft, outcome: "refused", reason: "run_not_found" };
      if (answer.outcome === "refused") return { ...draft, outcome: "refused", reason: refusal };
      return { ...draft, outcome: "done", after: seen(answer.run) };
    };
  };
}

function seen(run: SeenRun | undefined): object | undefined {
  return run === undefined ? undefined : { status: run.status, attempt: run.attempt, version: run.version };
}

export const runRules: RunRules = {
  createRun: ({ run, now }) => {
    const draft = { at: now, action: "run:start", target: `run:${run.id}`, workflow: run.workflow };
    const { version, key, schedule, tags } = run;
    const after = {
      version,
      key,
      schedule,
      ...(tags.length === 0 ? {} : { tags }),
      inputBytes: run.input.length,
      ...(run.dueAt > now ? { dueAt: run.dueAt } : {}),
    };
    return (answer) => {
      if (answer.outcome === "created") return { ...draft, outcome: "done", after };
      if (answer.outcome === "rate_limited" || answer.outcome === "queue_full")
        return { ...draft, outcome: "refused", reason: answer.outcome };
      const target = `run:${answer.run.id}`;
      if (answer.outcome === "joined") return { ...draft, target, outcome: "done", reason: answer.how };
      if (answer.outcome === "existing") return { ...draft, target, outcome: "done", reason: "existing" };
      return { ...draft, target, outcome: "refused", reason: creationRefusals[answer.outcome] };
    };
  },

  forkRun: (p, sight) => {
    const from = sight.run(p.from);
    const draft = { at: p.now, action: "run:fork", target: `run:${p.run.id}`, workflow: from?.workflow };
    return (answer) => {
      if (answer.outcome === "created") {
        return { ...draft, outcome: "done", after: { from: p.from, before: p.before, version: p.run.version } };
      }
      if (answer.outcome === "not_found") {
        return { ...draft, target: `run:${p.from}`, outcome: "refused", reason: "run_not_found" };
      }
      return { ...draft, outcome: "refused", reason: "conflict" };
    };
  },

  importRun: ({ run, journal, now }) => {
    const draft = { at: now, action: "run:import", target: `run:${run.id}`, workflow: run.workflow };
    const { status, version, createdAt, endedAt, key } = run;
    return ({ outcome }) => {
      if (outcome !== "created") return { ...draft, outcome: "refused", reason: creationRefusals[outcome] };
      return {
        ...draft,
        outcome: "done",
        after: { status, version, createdAt, endedAt, key, entries: journal.length },
      };
    };
  },

  cancelRun: (p, sight) => {
    const make = changeOfRun("run:cancel", "run_is_final")(p, sight);
    return (answer) => ({ ...make(answer), ...(answer.outcome === "ok" ? { reason: p.notice.reason } : {}) });
  },
  pauseRun: changeOfRun("run:pause", "conflict"),
  resumeRun: changeOfRun("run:resume", "run_not_paused"),
  retryRun: changeOfRun("run:retry", "run_not_final"),
  moveRun: changeOfRun("run:move", "conflict"),

  // One row for each run: what became of a run is found under its name, however it was deleted.
  deleteRuns: (p, sight) => {
    const before = p.runs.map((run) => [run, sight.run(run)] as const);
    return ({ deleted }) => {
      const gone = new Set(deleted);
      return before.map(([run, was]): AuditDraft => {
        const draft = { at: p.now, action: "run:delete", target: `run:${run}`, workflow: was?.workflow };
        if (gone.has(run)) return { ...draft, outcome: "done", before: seen(was) };
        return { ...draft, outcome: "refused", reason: was === undefined ? "run_not_found" : "run_not_final" };
      });
    };
  },

  emitEvent: (p) => (answer) => ({
    at: p.now,
    action: "event:send",
    target: `event:${p.name}`,
    outcome: "done",
    ...(answer.duplicate ? { reason: "duplicate" } : {}),
    after: { event: answer.event, key: p.key, payloadBytes: p.payload.length },
  }),

  // The token itself is a capability and in no row.
  completeToken: (p, sight) => {
    const token = sight.waitToken(p.token);
    const draft = {
      at: p.now,
      action: p.kind === "approval" ? "approval:decide" : "callback:complete",
      target: token === undefined ? `${p.kind}:unknown` : `run:${token.run}`,
      workflow: token?.workflow,
    };
    return (answer) => {
      if (answer.outcome !== "ok") return { ...draft, outcome: "refused", reason: tokenRefusals[answer.outcome] };
      const result = p.error === undefined ? given(p.value) : { failed: true };
      return { ...draft, outcome: "done", after: { name: token?.name, ...result } };
    };
  },

  // What was written may say what only those who decide should know.
  commentApproval: (p, sight) => {
    const token = sight.waitToken(p.token);
    const draft = {
      at: p.now,
      action: "approval:comment",
      target: token === undefined ? "approval:unknown" : `run:${token.run}`,
      workflow: token?.workflow,
    };
    return (answer) => {
      if (answer.outcome === "full") return { ...draft, outcome: "refused", reason: "comments_full" };
      if (answer.outcome !== "ok") return { ...draft, outcome: "refused", reason: tokenRefusals[answer.outcome] };
      return { ...draft, outcome: "done", after: { name: token?.name, no: answer.no, chars: p.text.length } };
    };
  },

  setState: (p, sight) => {
    const draft = { at: p.now, action: "state:write", ...stateTarget(p, sight) };
    return (answer) => {
      if (answer.outcome === "conflict") return { ...draft, outcome: "refused", reason: "state_version_conflict" };
      const after = { version: answer.version, ...shownValue(p.value), expiresAt: p.expiresAt };
      return { ...draft, outcome: "done", after };
    };
  },
  deleteState: (p, sight) => {
    const draft = { at: p.now, action: "state:delete", ...stateTarget(p, sight) };
    const reasons = { not_found: "not_found", conflict: "state_version_conflict" } as const;
    return ({ outcome }) =>
      outcome === "ok" ? { ...draft, outcome: "done" } : { ...draft, outcome: "refused", reason: reasons[outcome] };
  },

  setQueuePaused: (p) => (answer) => {
    const action = p.paused ? "queue:pause" : "queue:resume";
    const draft = { at: p.now, action, target: `queue:${p.queue}` };
    if (answer === undefined) return { ...draft, outcome: "refused", reason: "queue_not_found" };
    return { ...draft, outcome: "done", after: { paused: answer.queue.paused } };
  },

  clearStepCache: (p) => (answer) => ({
    at: p.now,
    action: "step-cache:clear",
    target: `step-cache:${p.filter.scope ?? "*"}`,
    workflow: p.filter.scope?.startsWith("workflow:") === true ? p.filter.scope.slice("workflow:".length) : undefined,
    outcome: "done",
    after: { step: p.filter.step, key: p.filter.key, cleared: answer.cleared },
  }),

  putSchedules: (p) => () => ({
    at: p.now,
    action: "schedule:declare",
    target: "schedule:*",
    outcome: "done",
    after: { workflows: p.workflows, schedules: p.schedules.map(({ id }) => id) },
  }),
  resetBreaker: ({ name, now }) => {
    const draft = { at: now, action: "breaker:reset", target: `breaker:${name}` };
    return ({ outcome }) =>
      outcome === "ok" ? { ...draft, outcome: "done" } : { ...draft, outcome: "refused", reason: "breaker_not_found" };
  },

  setSchedulePaused: (p, sight) => {
    const was = sight.schedule(p.schedule);
    const draft = {
      at: p.now,
      action: p.paused ? "schedule:pause" : "schedule:resume",
      target: `schedule:${p.schedule}`,
      workflow: was?.workflow,
    };
    return (answer) => {
      if (answer === undefined) return { ...draft, outcome: "refused", reason: "schedule_not_found" };
      return { ...draft, outcome: "done", before: { paused: was?.paused }, after: { paused: answer.paused } };
    };
  },
};

function given(value: Uint8Array | undefined): object {
  return value === undefined ? {} : shownValue(value);
}

function stateTarget(
  p: { readonly scope: string; readonly key: string; readonly now: number },
  sight: AuditSight,
): Pick<AuditDraft, "target" | "workflow" | "before"> {
  const was = sight.state(p);
  return {
    target: `state:${p.scope}/${p.key}`,
    workflow: p.scope.startsWith("workflow:") ? p.scope.slice("workflow:".length) : undefined,
    before: was === undefined ? undefined : { version: was.version, ...shownValue(was.value) },
  };
}
