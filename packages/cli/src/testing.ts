// Tests of workflows without a server, a disk or a real clock: the engine itself, in memory, on virtual time. Runs on Node too.
import { Engine, Ids, unwrap } from "@sluice/core";
import type { Logger } from "@sluice/core";
import { MemoryRunStore, SimulatedClock, SimulatedRandom } from "@sluice/core/testing";
import { parseDuration } from "@sluice/protocol";
import type { Client, Duration, Workflow } from "@sluice/sdk";
import { EmbeddedClient } from "@sluice/server/embedded/client";
import { attachInProcess, manifestOf, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";

export interface TestOptions {
  readonly workflows: readonly Workflow[];
  /** What `ctx.now()` begins with; milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly now?: number;
  /** Seed of ids and tokens; the same seed gives the same ones. */
  readonly seed?: number;
  readonly log?: Logger;
}

/** A client like every other, with time in its hands. */
export interface TestEngine extends Client {
  /** Virtual time, milliseconds since 1970. */
  readonly now: number;
  /** Lets time pass: sleeps end, schedules fire, time limits strike, in order. */
  advance(duration: Duration): Promise<void>;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
}

const startDefault = Date.UTC(2026, 0, 1);
/** Cleaning up every minute would be most of what happens in sixty days. */
const sweepIntervalMs = 3_600_000;
/** Turns of the event loop without a new one being asked for, after which nothing is under way. */
const quietTurns = 4;

/** Opens an engine on virtual time with these workflows. */
export async function testEngine(options: TestOptions): Promise<TestEngine> {
  const clock = new SimulatedClock(options.now ?? startDefault);
  const activity = { turns: 0 };
  const store = new MemoryRunStore();
  const engine = new Engine({
    store,
    triggers: store.triggers,
    clock,
    ids: new Ids(clock, new SimulatedRandom(options.seed ?? 1)),
    log: options.log ?? (() => undefined),
    owner: "test",
    onDeploy: "move",
    limits: { sweepIntervalMs },
    url: () => "http://127.0.0.1:7890",
  });
  await engine.start();
  const worker = attachInProcess(engine, {
    id: "test",
    version: "test",
    workflows: options.workflows,
    clock: {
      now: () => clock.now(),
      after: (ms, done) => clock.after(ms, done),
      turn: (done) => {
        activity.turns++;
        setImmediate(done);
      },
    },
    limits: workerLimits,
    stepScope: new AsyncStepScope(),
  });
  unwrap(await engine.deploy("test", manifestOf(options.workflows)));
  worker.deploy();
  return new VirtualClient(engine, clock, activity);
}

class VirtualClient extends EmbeddedClient implements TestEngine {
  readonly #clock: SimulatedClock;
  readonly #activity: { turns: number };

  constructor(engine: Engine, clock: SimulatedClock, activity: { turns: number }) {
    super(engine, { kind: "user", id: "test" }, () => engine.stop(0));
    this.#clock = clock;
    this.#activity = activity;
  }

  get now(): number {
    return this.#clock.now();
  }

  async settle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      const before = this.#activity.turns;
      await new Promise((resolve) => void setImmediate(resolve));
      if (this.#activity.turns !== before) quiet = 0;
    }
  }

  async advance(duration: Duration): Promise<void> {
    const until = this.#clock.now() + parseDuration(duration);
    await this.settle();
    for (let next = this.#clock.nextAt; next !== undefined && next <= until; next = this.#clock.nextAt) {
      this.#clock.advanceTo(Math.max(next, this.#clock.now()));
      await this.settle();
    }
    this.#clock.advanceTo(until);
    await this.settle();
  }
}
