// The ground a simulation stands on: virtual time, one thing after the other, and what has gone wrong so far.
import { SimulatedClock } from "../simulated-clock.ts";
import { SimulatedRandom } from "../simulated-random.ts";

/** Resolves in a later turn of the event loop, when every microtask has run. */
export type EventLoop = () => Promise<void>;

/** Monday, 2 June 2025, 12:00 UTC. */
const startMs = Date.UTC(2025, 5, 2, 12);
/** A seed that needs more turns than this will not end. */
const turnsMax = 1_000_000;

export class World {
  readonly clock = new SimulatedClock(startMs);
  readonly random: SimulatedRandom;
  readonly lines: string[] | undefined;
  readonly #loop: EventLoop;
  readonly #jumps: { delta: number } = { delta: 0 };
  /** The first thing that must not happen and did. */
  failure: string | undefined;
  turns = 0;
  /** What went wrong, and how often. */
  readonly faults = new Map<string, number>();
  /** True once nothing goes wrong any more. */
  calm = false;
  /** Wall time since when that is so. */
  calmedAt = Number.POSITIVE_INFINITY;
  jumpedBack = false;
  /** How far the wall clock has jumped, back and forth. */
  jumpedMs = 0;

  constructor(p: { readonly seed: number; readonly loop: EventLoop; readonly trace: boolean }) {
    this.random = new SimulatedRandom(p.seed ^ 0x5bd1e995);
    this.#loop = p.loop;
    this.lines = p.trace ? [] : undefined;
  }

  get trace(): ((line: () => string) => void) | undefined {
    const { lines } = this;
    if (lines === undefined) return undefined;
    return (line) => void lines.push(`${String(Math.round(this.elapsed())).padStart(8)} ${line()}`);
  }

  fail(what: string): void {
    this.failure ??= what;
    this.trace?.(() => `FAIL ${what}`);
  }

  /** Something went wrong, as it was meant to. */
  fault(what: string): void {
    this.faults.set(what, (this.faults.get(what) ?? 0) + 1);
  }

  elapsed(): number {
    return this.clock.now() - startMs - this.#jumps.delta;
  }

  jump(deltaMs: number): void {
    this.#jumps.delta += deltaMs;
    this.jumpedMs += Math.abs(deltaMs);
    if (deltaMs < 0) this.jumpedBack = true;
    this.clock.jump(deltaMs);
  }

  /** Whole milliseconds until the next of things that happen at random, given the mean time between two. */
  between(meanMs: number): number {
    return Math.round(-Math.log(1 - this.random.unit()) * meanMs);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** Lets one timer after the other fire, with every promise settled in between, until there is nothing more to wait for. */
  async run(until: () => boolean): Promise<void> {
    for (;;) {
      await this.#loop();
      if (this.failure !== undefined || until()) return;
      if (++this.turns > turnsMax) {
        this.fail(`nothing comes to rest within ${turnsMax} turns`);
        return;
      }
      if (!this.clock.advanceToNext()) return;
    }
  }
}
