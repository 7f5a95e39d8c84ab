// Virtual time and the end of things under way: how a test knows that everything has happened that needs no time.
import type { SimulatedClock } from "@sluice/core/testing";
import { parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/sdk";
import type { WorkerClock } from "@sluice/worker";

/** Turns of the event loop without a new one being asked for, after which nothing is under way. */
const quietTurns = 4;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export class Pace {
  readonly #clock: SimulatedClock;
  readonly #stepGraceMs: number;
  /** Step functions that are running; true for those that have had their grace. */
  readonly #running = new Map<symbol, boolean>();
  #changed: () => void = () => undefined;
  #turns = 0;

  /** `stepGraceMs`: how long of real time a step function that does real work is waited for before time goes on without it. */
  constructor(clock: SimulatedClock, stepGraceMs: number) {
    this.#clock = clock;
    this.#stepGraceMs = stepGraceMs;
  }

  /** The clock as a worker gets it. */
  get workerClock(): WorkerClock {
    const clock = this.#clock;
    return {
      now: () => clock.now(),
      after: (ms, done) => clock.after(ms, done),
      turn: (done) => {
        this.#turns++;
        setImmediate(done);
      },
    };
  }

  get now(): number {
    return this.#clock.now();
  }

  /** Calls a function and notices when what it began has ended. */
  track(body: () => unknown): unknown {
    const outcome = body();
    if (!isThenable(outcome)) return outcome;
    const mark = Symbol("step");
    this.#running.set(mark, false);
    const end = (): void => {
      this.#running.delete(mark);
      this.#changed();
    };
    outcome.then(end, end);
    return outcome;
  }

  /** The worker has died: nobody waits for the steps it was executing. */
  async died(): Promise<void> {
    this.#running.clear();
    this.#changed();
    await this.quiet();
  }

  /** Nothing is under way in the event loop. */
  async quiet(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      const before = this.#turns;
      await nextTurn();
      if (this.#turns !== before) quiet = 0;
    }
  }

  /** Everything has happened that needs no time, step functions that do real work included. */
  async settle(whole: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.quiet();
      await whole();
      if ([...this.#running.values()].every(Boolean)) break;
      if (await this.#grace()) {
        for (const mark of this.#running.keys()) this.#running.set(mark, true);
      }
    }
    await this.quiet();
  }

  /** True when no step function has ended within the grace. */
  #grace(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), this.#stepGraceMs);
      this.#changed = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
  }

  /** Moves time; after every moment at which something is due, what follows from it happens first. */
  async advance(duration: Duration, whole: () => Promise<void>): Promise<void> {
    const until = this.#clock.now() + parseDuration(duration);
    await this.settle(whole);
    for (let next = this.#clock.nextAt; next !== undefined && next <= until; next = this.#clock.nextAt) {
      this.#clock.advanceTo(Math.max(next, this.#clock.now()));
      await this.settle(whole);
    }
    this.#clock.advanceTo(until);
    await this.settle(whole);
  }

  /** Moves to the next moment at which something is due, no later than `until`; false when there is none. */
  async hop(until: number, whole: () => Promise<void>): Promise<boolean> {
    const next = this.#clock.nextAt;
    if (next === undefined || next > until) return false;
    this.#clock.advanceTo(Math.max(next, this.#clock.now()));
    await this.settle(whole);
    return true;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
