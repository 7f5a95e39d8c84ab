// Executes step functions: attempts, time limits, retries. What it decides is journaled before it counts.
import { decodeValue, encodeError, encodeValue, nextRetryDelayMs } from "@sluice/protocol";
import type { BreakerMark, DoneOp, StepCacheUse } from "@sluice/protocol";
import { CircuitOpenError, NonRetryableError, RetryAfterError, TimeoutError, decodeError } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import { Attempt } from "./attempt.ts";
import type { Call, Place, Settlement } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Scope } from "./scope.ts";
import { isRedo } from "./replay.ts";
import { SeededRandom } from "./seeded.ts";
import type { StepPlan } from "./step-plan.ts";

/** An attempt that was let in through a circuit breaker: what is written about the breaker with how it ended. */
export type Passage = (failed: boolean, error: unknown) => BreakerMark;

/** Passed before the function of an attempt is called; an attempt that is not let in has failed. */
export type Gate = () => Promise<Passage | undefined>;

/** What one step needs to be executed. */
export interface StepJob {
  readonly run: Incarnation;
  readonly scope: Scope;
  readonly place: Place;
  readonly kind: "step" | "undo";
  /** Asked for when an attempt begins and when it has failed. */
  readonly plan: () => StepPlan;
  readonly gate?: Gate | undefined;
  readonly body: (step: StepContext) => unknown;
  /** Called with each attempt's begin, when the step has an undo. */
  readonly onBegin?: (() => void) | undefined;
  /** Called with the decoded result. */
  readonly onResult?: ((value: unknown) => void) | undefined;
  readonly undoable: boolean;
  /** Results of other runs count. */
  readonly cache?: StepCacheUse | undefined;
}

/** One step of one incarnation, from its call to its settlement. */
export class StepExecution {
  readonly #job: StepJob;
  #attempt: number;
  #firstAt: number;
  #result: Uint8Array | undefined;
  #failure: Uint8Array | undefined;
  #retryDue = 0;
  #pendingStart: (() => void) | undefined;
  #call: Call | undefined;
  #current: Attempt | undefined;
  #passage: Passage | undefined;
  /** The step has lost a race: its result is not wanted any more. */
  #lost = false;
  /** The cache has been asked: what to do when the result is not there. */
  #cleared: (() => void) | undefined;
  /** There was news while the answer was on its way: a second question meanwhile could settle what the first one begins. */
  #news = false;

  constructor(job: StepJob) {
    this.#job = job;
    const { entry } = job.place;
    const failedBefore = entry !== undefined && entry.status === "running" && entry.error !== undefined;
    this.#attempt = entry === undefined ? 1 : failedBefore ? entry.attempt + 1 : Math.max(1, entry.attempt);
    // What a retry has done again begins when it is called.
    this.#firstAt = entry === undefined || (isRedo(entry) && !failedBefore) ? 0 : entry.at;
    if (failedBefore) this.#retryDue = entry.due ?? 0;
  }

  /** Opens the call; resolves or rejects with the decoded result when it is durable. */
  start(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { run, scope, place } = this.#job;
      const call: Call = {
        seq: place.seq,
        scope,
        wait: undefined,
        settle: (settlement) => this.#settle(settlement, resolve, reject),
        reject: (error) => {
          this.#dropStart();
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is what the run was refused with, passed on as it came
          reject(error);
        },
        started: () => {
          const start = this.#pendingStart ?? this.#cleared;
          this.#pendingStart = undefined;
          this.#cleared = undefined;
          start?.();
        },
        queued: () => {
          if (this.#cleared === undefined) return;
          if (this.#news) {
            this.#run();
            return;
          }
          call.wait = "waiting_for_cache";
          run.host.flushSoon(run, true);
        },
        wake: () => {
          this.#retryDue = 0;
          if (call.wait !== undefined) this.#run();
          else if (this.#cleared !== undefined) this.#news = true;
        },
        giveUp: (reason) => {
          this.#lost = true;
          this.#dropStart();
          this.#current?.abort(reason);
        },
      };
      this.#call = call;
      run.open(call);
      const { entry } = place;
      // What an earlier incarnation began may have had its effect.
      if (entry?.undo === true) {
        this.#job.onBegin?.();
        // Known to its undo even where the workflow never sees it: a lost race has no use for it.
        if (entry.status === "completed" && entry.value !== undefined) this.#job.onResult?.(decodeValue(entry.value));
      }
      if (entry !== undefined && entry.status !== "running") return;
      run.live(() => this.#begin());
    });
  }

  /** The attempt whose start is being journaled is not wanted any more: it does not begin. */
  #dropStart(): void {
    this.#cleared = undefined;
    if (this.#pendingStart === undefined) return;
    this.#pendingStart = undefined;
    this.#job.run.stepEnds();
  }

  #settle(settlement: Settlement, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    this.#cleared = undefined;
    if (settlement.status === "completed") {
      const bytes = settlement.value ?? this.#result;
      const value = bytes === undefined ? undefined : decodeValue(bytes);
      this.#job.onResult?.(value);
      resolve(value);
      return;
    }
    const bytes = settlement.error ?? this.#failure;
    const error = bytes === undefined ? new Error("The step failed.") : decodeError(bytes);
    this.#job.run.ending.blame(error, settlement.seq);
    reject(error);
  }

  #begin(): void {
    const { run, scope } = this.#job;
    if (this.#lost || scope.abandoned) return;
    if (this.#retryDue > run.host.clock.now()) {
      if (this.#call !== undefined) this.#call.wait = "waiting_for_retry";
      run.host.flushSoon(run, true);
      return;
    }
    this.#run();
  }

  #run(): void {
    const { run, place, kind, undoable } = this.#job;
    if (this.#call !== undefined) this.#call.wait = undefined;
    const now = run.host.clock.now();
    if (this.#job.cache !== undefined && this.#attempt === 1) {
      this.#askCache(this.#job.cache);
      return;
    }
    if (this.#firstAt === 0) this.#firstAt = now;
    run.stepBegins();
    if (!undoable && kind === "step") {
      this.#attemptOnce(now);
      return;
    }
    this.#job.onBegin?.();
    this.#pendingStart = () => this.#attemptOnce(run.host.clock.now());
    const { seq, name, n } = place;
    run.push({ op: "started", seq, name, n, at: this.#firstAt, attempt: this.#attempt, undo: true }, false);
  }

  /** Asks whether somebody has made the result. Until it is told to make it, the step has not begun. */
  #askCache(cache: StepCacheUse): void {
    const { run, place } = this.#job;
    this.#news = false;
    this.#cleared = () => {
      if (this.#call !== undefined) this.#call.wait = undefined;
      const now = run.host.clock.now();
      if (this.#firstAt === 0) this.#firstAt = now;
      run.stepBegins();
      this.#attemptOnce(now);
    };
    const { seq, name, n } = place;
    run.push({ op: "cache", seq, name, n, cache }, false);
  }

  #attemptOnce(startedAt: number): void {
    const { run, scope, place, gate } = this.#job;
    const attempt = new Attempt(run, { scope, seq: place.seq, attempt: this.#attempt });
    this.#current = attempt;
    this.#passage = undefined;
    let over = false;
    const slot = run.host.onStep?.begin(run.assignment.run, run.host.redactor.text(place.name));
    const ending: (() => void)[] = [];
    const conclude = (failed: boolean, outcome: unknown): void => {
      if (over) return;
      over = true;
      for (const end of ending) end();
      attempt.end();
      if (slot !== undefined) run.host.onStep?.end(slot);
      this.#conclude(failed, outcome, startedAt);
      run.stepEnds();
    };
    const step = { attempt, ending, conclude, startedAt };
    if (gate === undefined) {
      this.#execute(step);
      return;
    }
    if (!this.#job.undoable) ending.push(run.host.announce(() => this.#announce(startedAt)));
    gate().then(
      (passage) => {
        this.#passage = passage;
        // The run may have been cancelled, or the race lost, while the attempt waited to be let in.
        if (this.#isWanted) this.#execute(step);
        else conclude(true, undefined);
      },
      (error: unknown) => conclude(true, error),
    );
  }

  get #isWanted(): boolean {
    const { run, scope, kind } = this.#job;
    return !this.#lost && !scope.abandoned && (kind === "undo" || run.phase === "running");
  }

  #execute({ attempt, ending, conclude, startedAt }: Executing): void {
    const { run, place, plan, body, gate } = this.#job;
    const { timeoutMs } = plan();
    if (timeoutMs !== undefined) {
      const late = (): void => {
        const error = new TimeoutError(`Step ${place.name} took longer than ${timeoutMs} ms.`);
        attempt.abort(error);
        conclude(true, error);
      };
      ending.push(run.host.clock.after(timeoutMs, late));
    }
    try {
      const step = { seq: place.seq, name: place.name, attempt: this.#attempt, lines: 0, pieces: 0 };
      const outcome = run.host.stepScope.run(step, () => body(attempt));
      if (!isThenable(outcome)) {
        conclude(false, outcome);
        return;
      }
      if (!this.#job.undoable && gate === undefined) ending.push(run.host.announce(() => this.#announce(startedAt)));
      outcome.then(
        (value) => conclude(false, value),
        (error: unknown) => conclude(true, error),
      );
    } catch (error) {
      conclude(true, error);
    }
  }

  #announce(at: number): void {
    const { run, place, kind } = this.#job;
    if (kind === "undo" || run.phase !== "running") return;
    const { seq, name, n } = place;
    run.push({ op: "started", seq, name, n, at, attempt: this.#attempt, undo: false }, false);
  }

  #conclude(failed: boolean, outcome: unknown, startedAt: number): void {
    const { run, scope, kind } = this.#job;
    if (run.phase === "gone" || run.phase === "finishing" || (kind === "step" && run.phase !== "running")) return;
    // Cut off by the end of its run it has not failed: a retry executes it again.
    const cutOff = failed && kind === "step" && run.ending.settled;
    if (this.#lost || scope.abandoned || cutOff) {
      // It may have been the last thing that was going on.
      run.host.flushSoon(run, true);
      return;
    }
    const breaker = this.#passage?.(failed, outcome);
    if (!failed) {
      try {
        this.#done({ value: this.#masked(encodeValue(outcome)), breaker }, startedAt);
        return;
      } catch (error) {
        this.#done({ error: this.#masked(encodeError(error)), breaker }, startedAt);
        return;
      }
    }
    const delayMs = this.#retryDelay(outcome);
    if (delayMs === undefined) this.#done({ error: this.#masked(encodeError(outcome)), breaker }, startedAt);
    else this.#retry({ error: encodeError(outcome), breaker }, delayMs);
  }

  /** As the journal gets it: the workflow sees the same now as on replay. */
  #masked(bytes: Uint8Array): Uint8Array {
    return this.#job.run.host.redactor.bytes(bytes);
  }

  #done({ breaker, ...result }: Outcome, startedAt: number): void {
    const { run, place, kind, undoable } = this.#job;
    this.#result = result.value;
    this.#failure = result.error;
    // From here on there is a result to take back, whether or not the workflow lives to see it.
    if (undoable && result.value !== undefined) this.#job.onResult?.(decodeValue(result.value));
    const end = run.host.clock.now();
    const op: DoneOp = {
      op: "done",
      end,
      kind,
      seq: place.seq,
      name: place.name,
      n: place.n,
      at: startedAt,
      attempt: this.#attempt,
      ...result,
      ...(undoable ? { undo: true } : {}),
      ...(breaker === undefined ? {} : { breaker }),
      ...(this.#job.cache === undefined ? {} : { cache: this.#job.cache }),
    };
    run.push(op, false);
    if (kind === "step" && result.value !== undefined && this.#call !== undefined) run.speculate(this.#call, end);
  }

  #retry({ error = new Uint8Array(0), breaker }: Outcome, delayMs: number): void {
    const { run, place, kind, undoable } = this.#job;
    if (this.#call !== undefined) this.#call.wait = "waiting_for_retry";
    const { seq, name, n } = place;
    const attempt = this.#attempt;
    this.#attempt++;
    const rest = { at: this.#firstAt, attempt, error, delay: delayMs, undo: undoable };
    run.push({ op: "retry", kind, seq, name, n, ...rest, ...(breaker === undefined ? {} : { breaker }) }, true);
  }

  #retryDelay(thrown: unknown): number | undefined {
    const { run, place } = this.#job;
    const plan = this.#job.plan();
    const error = comparable(thrown);
    if (error instanceof NonRetryableError) return undefined;
    if (plan.when !== undefined && !this.#wanted(plan.when, error)) return undefined;
    const elapsedMs = run.host.clock.now() - this.#firstAt;
    // Decided by the run, as the seed that made its id decides everything else.
    const chance = new SeededRandom(`${run.idempotencyKey(place.seq)} ${this.#attempt}`);
    const delayMs = nextRetryDelayMs(plan.retry, {
      failedAttempts: this.#attempt,
      elapsedMs,
      random01: chance.float(),
    });
    const wantedMs = delayMs === undefined ? undefined : this.#wantedDelay(error, delayMs);
    return wantedMs === undefined || wantedMs === delayMs || elapsedMs + wantedMs <= plan.retry.totalMsMax
      ? wantedMs
      : undefined;
  }

  /** Some errors say when another attempt makes sense. */
  #wantedDelay(error: unknown, delayMs: number): number {
    if (error instanceof RetryAfterError) return error.delayMs;
    if (error instanceof CircuitOpenError) return Math.max(delayMs, error.retryAt - this.#job.run.host.clock.now());
    return delayMs;
  }

  /** A predicate that throws wants no further attempt: its own failure would hide behind retries. */
  #wanted(when: NonNullable<StepPlan["when"]>, error: unknown): boolean {
    try {
      return when(error, this.#attempt);
    } catch {
      return false;
    }
  }
}

/** An attempt under way. */
interface Executing {
  readonly attempt: Attempt;
  /** To be called when it is over. */
  readonly ending: (() => void)[];
  readonly conclude: (failed: boolean, outcome: unknown) => void;
  readonly startedAt: number;
}

/** How an attempt ended, as it is written. */
interface Outcome {
  readonly value?: Uint8Array;
  readonly error?: Uint8Array;
  readonly breaker?: BreakerMark | undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** What was thrown, unless it throws as soon as its class is asked for. */
function comparable(thrown: unknown): unknown {
  try {
    void (thrown instanceof Error);
    return thrown;
  } catch {
    return undefined;
  }
}
