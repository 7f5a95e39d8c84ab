// Word of whatever changes, for those who show it: heard of at the store, where every change passes. Costs next to nothing
// while nobody listens.
import type { Effects, RunStore, StoreOp } from "../kernel/run-store.ts";
import type { RunWriteVerb } from "../kernel/run-verbs.ts";
import type { TaskOutcome } from "../kernel/task-store.ts";

/**
 * What has changed, or may have. `name` is the run for `runs` and `approvals`, the name for `events`, `SCOPE KEY` for `state`,
 * the workflow for `schedules` and `triggers`, the queue for `queues`; undefined: any of them. `deleted`: runs are gone.
 */
export type ChangedNoun = "runs" | "deleted" | "approvals" | "events" | "schedules" | "state" | "triggers" | "queues";
export type ChangeListener = (noun: ChangedNoun, name: string | undefined) => void;

export class Changes {
  readonly #listeners = new Set<ChangeListener>();

  /** Whether anybody listens. */
  get heard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Hears of what is asked of the store from now on, once it is durable; often of the same thing. Returns how to stop. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  readonly note: ChangeListener = (noun, name) => {
    for (const listener of this.#listeners) listener(noun, name);
  };
}

type Params<Verb extends RunWriteVerb> = Parameters<RunStore[Verb]>[0];
type Answer<Verb extends RunWriteVerb> = Awaited<ReturnType<RunStore[Verb]>>;
type Noting<Verb extends RunWriteVerb> = (note: ChangeListener, p: Params<Verb>, answer: Answer<Verb>) => void;

const changesRun = (
  note: ChangeListener,
  p: { readonly run: string },
  answer: { readonly outcome: string; readonly effects?: Effects },
): void => {
  if (answer.outcome !== "ok") return;
  note("runs", p.run);
  noteEffects(note, answer.effects);
};
const changesByEffects = (note: ChangeListener, _p: unknown, answer: TaskOutcome): void => {
  if (answer.outcome === "ok") noteEffects(note, answer.effects);
};

const changesNothing = (): void => undefined;

/** What the answer of each verb says about what has changed. */
const notes: { readonly [Verb in RunWriteVerb]: Noting<Verb> } = {
  createRun(note, _p, answer) {
    if (answer.outcome !== "created" && answer.outcome !== "joined") return;
    note("runs", answer.run.id);
    noteEffects(note, answer.effects);
  },
  claimRuns(note, _p, answer) {
    for (const { run } of answer) note("runs", run.id);
  },
  append(note, p, answer) {
    if (answer.outcome !== "ok") return;
    // A run that is written to was running before: what went before it was heard of.
    if (answer.status !== "running") note("runs", p.run);
    for (const op of p.ops) noteOp(note, p.run, op);
    noteEffects(note, answer.effects);
  },
  parkRun(note, p, { outcome, effects }) {
    // A run that is parked waits, as it did before; unless it was to be paused.
    if (outcome === "ready" || (outcome === "parked" && p.paused === true)) note("runs", p.run);
    noteEffects(note, effects);
  },
  releaseRuns(note, _p, { released, effects }) {
    for (const run of released) note("runs", run.id);
    noteEffects(note, effects);
  },
  recover: (note, _p, { effects }) => noteEffects(note, effects),
  blockRun: changesRun,
  unblockRuns: (note, _p, { effects }) => noteEffects(note, effects),
  fireTimers(note, _p, { effects }) {
    // The time of an approval may be up.
    for (const { run } of effects.deliveries) note("approvals", run);
    noteEffects(note, effects);
  },
  emitEvent(note, p, answer) {
    if (!answer.duplicate) note("events", p.name);
    noteEffects(note, answer.effects);
  },
  completeToken(note, p, answer) {
    if (answer.outcome !== "ok") return;
    if (p.kind === "approval") note("approvals", answer.run);
    noteEffects(note, answer.effects);
  },
  commentApproval(note, _p, answer) {
    if (answer.outcome === "ok") note("approvals", answer.run);
  },
  cancelRun: changesRun,
  pauseRun: changesRun,
  resumeRun: changesRun,
  retryRun: changesRun,
  forkRun(note, _p, answer) {
    if (answer.outcome !== "created") return;
    note("runs", answer.run.id);
    noteEffects(note, answer.effects);
  },
  importRun(note, p, { outcome }) {
    if (outcome === "created") note("runs", p.run.id);
  },
  moveRun: changesRun,
  deleteRuns(note, _p, { deleted }) {
    if (deleted.length > 0) note("deleted", undefined);
  },
  purgeRuns(note, _p, { deleted }) {
    if (deleted > 0) note("deleted", undefined);
  },
  enterBreaker: changesNothing,
  resetBreaker: changesNothing,
  sweep(note, _p, { swept }) {
    if (swept === 0) return;
    note("events", undefined);
    note("state", undefined);
  },
  setState(note, p, { outcome }) {
    if (outcome === "ok") note("state", `${p.scope} ${p.key}`);
  },
  clearStepCache: changesNothing,
  claimTasks: changesNothing,
  settleTask: changesByEffects,
  retryTask: changesByEffects,
  noteTask: changesNothing,
  deleteState(note, p, { outcome }) {
    if (outcome === "ok") note("state", `${p.scope} ${p.key}`);
  },
  putSchedules(note, p) {
    for (const workflow of p.workflows) note("schedules", workflow);
  },
  setSchedulePaused(note, _p, schedule) {
    if (schedule !== undefined) note("schedules", schedule.workflow);
  },
  fireSchedule(note, p, answer) {
    if (answer.outcome !== "ok") return;
    for (const run of answer.created) note("runs", run.id);
    note("schedules", p.runs[0]?.workflow);
    noteEffects(note, answer.effects);
  },
  putFlow: (note, _p, { effects }) => noteEffects(note, effects),
  setQueuePaused(note, p, answer) {
    if (answer === undefined) return;
    note("queues", p.queue);
    noteEffects(note, answer.effects);
  },
  putVersion: changesNothing,
};

function noteOp(note: ChangeListener, run: string, op: StoreOp): void {
  switch (op.op) {
    case "call":
    case "start":
      note("runs", op.child.id);
      break;
    case "finish":
      if (op.child !== undefined) note("runs", op.child.id);
      break;
    case "approval":
      note("approvals", run);
      break;
    case "emit":
      note("events", op.name);
      break;
    case "state":
      if (op.verb !== "get") note("state", `${op.scope} ${op.key}`);
      break;
    default:
      break;
  }
}

function noteEffects(note: ChangeListener, effects: Effects | undefined): void {
  if (effects === undefined) return;
  for (const { run } of effects.deliveries) note("runs", run);
  // With a run its approvals end, and one that was touched may have been waiting for one whose time is up.
  for (const { run } of effects.finished) {
    note("runs", run);
    note("approvals", run);
  }
  for (const run of effects.touched) {
    note("runs", run);
    note("approvals", run);
  }
}

type AnyVerb = (params: unknown) => Promise<unknown>;

/** The same store, which tells `changes` what its verbs have done while somebody listens. */
export function watchStore<S extends RunStore>(store: S, changes: Changes): S {
  const verbs = new Map<PropertyKey, unknown>();
  const verbOf = (name: PropertyKey, verb: AnyVerb): unknown => {
    if (!Object.hasOwn(notes, name)) return verb.bind(store);
    const noting = notes[name as RunWriteVerb] as (note: ChangeListener, p: unknown, answer: unknown) => void;
    return (params: unknown) => {
      const answer = verb.call(store, params);
      if (!changes.heard) return answer;
      return answer.then((done) => {
        noting(changes.note, params, done);
        return done;
      });
    };
  };
  return new Proxy(store, {
    get(target, name) {
      const known = verbs.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const verb = verbOf(name, value as AnyVerb);
      verbs.set(name, verb);
      return verb;
    },
  });
}
