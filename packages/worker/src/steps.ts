// Executes step functions: attempts, time limits, retries. What it decides is journaled before it counts.
import {
  decodeValue,
  encodeError,
  encodeValue,
  nextRetryDelayMs,
  normalizeRetry,
  parseDuration,
} from "@sluice/protocol";
import type { DoneOp, RetryPlan, StepCacheUse } from "@sluice/protocol";
import { NonRetryableError, RetryAfterError, TimeoutError, decodeError } from "@sluice/sdk";
import type { StepContext, StepOptions, StepRetry } from "@sluice/sdk";
import type { Call, Place, Settlement } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Scope } from "./scope.ts";
import { SeededRandom } from "./seeded.ts";

/** A retry policy ready for use, with the user's own predicate. */
export interface StepPlan {
  readonly retry: RetryPlan;
  readonly when: ((error: unknown, attempt: number) => boolean) | undefined;
  readonly timeoutMs: number | undefined;
}

const once: RetryPlan = normalizeRetry({ attempts: 1 });

/** Reads the options of a step, with the workflow's policy as default. Throws for options that make no sense. */
export function planOf(
  retry: StepRetry | false | undefined,
  fallback: StepRetry | undefined,
  timeout: StepOptions<unknown>["timeout"],
): StepPlan {
  const policy = retry ?? fallback;
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  if (policy === undefined || policy === false) return { retry: once, when: undefined, timeoutMs };
  const { when, ...rest } = policy;
  return { retry: normalizeRetry(rest), when, timeoutMs };
}

/** What one step needs to be executed. */
export interface StepJob {
  readonly run: Incarnation;
  readonly scope: Scope;
  readonly place: Place;
  readonly kind: "step" | "undo";
  readonly plan: StepPlan;
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
  /** The step has lost a race: its result is not wanted any more. */
  #lost = false;
  /** The cache has been asked: what to do when the result is not there. */
  #cleared: (() => void) | undefined;

  constructor(job: StepJob) {
    this.#job = job;
    const { entry } = job.place;
    const failedBefore = entry !== undefined && entry.status === "running" && entry.error !== undefined;
    this.#attempt = entry === undefined ? 1 : failedBefore ? entry.attempt + 1 : Math.max(1, entry.attempt);
    this.#firstAt = entry?.at ?? 0;
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
          call.wait = "waiting_for_cache";
          run.host.flushSoon(run, true);
        },
        wake: () => {
          this.#retryDue = 0;
          if (call.wait !== undefined || this.#cleared !== undefined) this.#run();
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
    const { run, scope, place, plan, body } = this.#job;
    const attempt = new Attempt(scope, run.idempotencyKey(place.seq), this.#attempt);
    this.#current = attempt;
    let over = false;
    let announced: (() => void) | undefined;
    const slot = run.host.onStep?.begin(run.assignment.run, place.name);
    const conclude = (failed: boolean, outcome: unknown): void => {
      if (over) return;
      over = true;
      stopTimer?.();
      attempt.end();
      announced?.();
      if (slot !== undefined) run.host.onStep?.end(slot);
      this.#conclude(failed, outcome, startedAt);
      run.stepEnds();
    };
    const stopTimer =
      plan.timeoutMs === undefined
        ? undefined
        : run.host.clock.after(plan.timeoutMs, () => {
            const error = new TimeoutError(`Step ${place.name} took longer than ${plan.timeoutMs} ms.`);
            attempt.abort(error);
            conclude(true, error);
          });
    try {
      const step = { seq: place.seq, name: place.name, attempt: this.#attempt, lines: 0, pieces: 0 };
      const outcome = run.host.stepScope.run(step, () => body(attempt));
      if (!isThenable(outcome)) {
        conclude(false, outcome);
        return;
      }
      if (!this.#job.undoable) announced = run.host.announce(() => this.#announce(startedAt));
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
    if (this.#lost || scope.abandoned) {
      // It may have been the last thing that was going on.
      run.host.flushSoon(run, true);
      return;
    }
    if (!failed) {
      try {
        this.#done({ value: encodeValue(outcome) }, startedAt);
        return;
      } catch (error) {
        this.#done({ error: encodeError(error) }, startedAt);
        return;
      }
    }
    const delayMs = this.#retryDelay(outcome);
    if (delayMs === undefined) this.#done({ error: encodeError(outcome) }, startedAt);
    else this.#retry(encodeError(outcome), delayMs);
  }

  #done(result: { value?: Uint8Array; error?: Uint8Array }, startedAt: number): void {
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
      ...(this.#job.cache === undefined ? {} : { cache: this.#job.cache }),
    };
    run.push(op, false);
    if (kind === "step" && result.value !== undefined && this.#call !== undefined) run.speculate(this.#call, end);
  }

  #retry(error: Uint8Array, delayMs: number): void {
    const { run, place, kind, undoable } = this.#job;
    if (this.#call !== undefined) this.#call.wait = "waiting_for_retry";
    const { seq, name, n } = place;
    const attempt = this.#attempt;
    this.#attempt++;
    run.push(
      { op: "retry", kind, seq, name, n, at: this.#firstAt, attempt, error, delay: delayMs, undo: undoable },
      true,
    );
  }

  #retryDelay(thrown: unknown): number | undefined {
    const { plan, run, place } = this.#job;
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
    if (delayMs === undefined || !(error instanceof RetryAfterError)) return delayMs;
    return elapsedMs + error.delayMs > plan.retry.totalMsMax ? undefined : error.delayMs;
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

/** What the function of one attempt gets; the signal is made when it is asked for. */
class Attempt implements StepContext {
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly #scope: Scope;
  #controller: AbortController | undefined;

  constructor(scope: Scope, idempotencyKey: string, attempt: number) {
    this.#scope = scope;
    this.idempotencyKey = idempotencyKey;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#scope.follow(new AbortController());
    return this.#controller.signal;
  }

  /** The attempt is over: the scope has nothing to tell it any more. */
  end(): void {
    if (this.#controller !== undefined) this.#scope.unfollow(this.#controller);
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
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
