// The engine of a test: the real one, in memory, on virtual time or on that of the machine. Runs on Node too.
import { Engine, Ids, systemClock, unwrap } from "@sluice/core";
import type { Clock, Logger } from "@sluice/core";
import { MemoryRunStore, SimulatedClock, SimulatedRandom } from "@sluice/core/testing";
import type { Actions, Client, Decision, Duration, Task, Workflow } from "@sluice/sdk";
import { EmbeddedClient } from "@sluice/server/embedded/client";
import { manifestOf, systemWorkerClock } from "@sluice/worker";
import type { StandIn, StepFunctions } from "@sluice/worker";
import { Pace } from "./pace.ts";
import { WorkerSeat } from "./seat.ts";

export interface TestOptions {
  readonly workflows: readonly Workflow[];
  /** Tasks that the test's worker does; a name of theirs stands for the real one. */
  readonly tasks?: readonly Task[];
  /** What `ctx.now()` begins with; milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly now?: number;
  /** Seed of ids and tokens; the same seed gives the same ones. */
  readonly seed?: number;
  readonly log?: Logger;
  /** `virtual` (default): time stands still until the test moves it. `real`: the clock of the machine. */
  readonly clock?: "virtual" | "real";
  /**
   * How long of real time a step function that does real work (a request, a file) is waited for before virtual time goes on
   * without it; milliseconds, 250 by default.
   */
  readonly stepGraceMs?: number;
  /** Values of secrets, by name; there are no others. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Actions in place of those of a service, by its id: the service itself is never started. */
  readonly services?: Readonly<Record<string, Actions>>;
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

/** A decision in a test. */
export interface TestDecision extends Decision {
  /** Who decides: that person has to be among the approvers, where there are any. */
  readonly by?: string;
  /** What roles that person has. */
  readonly roles?: readonly string[];
}

/** In whose name a test does what it does. */
const tester = "test";
const startDefault = Date.UTC(2026, 0, 1);
const stepGraceMsDefault = 250;
/** Cleaning up every minute would be most of what happens in sixty days. */
const sweepIntervalMs = 86_400_000;
const version = "test";

/** What stands behind a test: engine, worker and time. */
export class TestHost extends EmbeddedClient implements TestEngine {
  readonly engine: Engine;
  readonly seat: WorkerSeat;
  readonly #pace: Pace | undefined;

  constructor(engine: Engine, seat: WorkerSeat, pace: Pace | undefined) {
    super(engine, { kind: "user", id: tester }, () => engine.stop(0));
    this.engine = engine;
    this.seat = seat;
    this.#pace = pace;
  }

  /** Opens it; `standIn` decides what steps execute. */
  static async open(options: TestOptions, standIn: StandIn = (_, own) => own): Promise<TestHost> {
    const clock = options.clock === "real" ? undefined : new SimulatedClock(options.now ?? startDefault);
    const pace = clock === undefined ? undefined : new Pace(clock, options.stepGraceMs ?? stepGraceMsDefault);
    const engineClock = clock === undefined ? systemClock : steady(clock);
    const store = new MemoryRunStore();
    const engine = new Engine({
      store,
      triggers: store.triggers,
      clock: engineClock,
      ids: new Ids(engineClock, new SimulatedRandom(options.seed ?? 1)),
      log: options.log ?? (() => undefined),
      owner: "test",
      onDeploy: "move",
      limits: { sweepIntervalMs },
      secrets: { read: async ({ name }) => options.secrets?.[name] },
      url: () => "http://127.0.0.1:7890",
    });
    await engine.start();
    const seat = new WorkerSeat(engine, {
      version,
      workflows: options.workflows,
      tasks: options.tasks?.map((each) => inTime(each, pace)),
      clock: pace?.workerClock ?? systemWorkerClock,
      standIn: pace === undefined ? standIn : (call, own) => tracked(standIn(call, own), pace),
      mocks: options.services,
      died: async () => pace?.died(),
    });
    unwrap(await engine.deploy(version, manifestOf(options.workflows)));
    seat.sit();
    return new TestHost(engine, seat, pace);
  }

  get now(): number {
    return this.#pace?.now ?? systemClock.now();
  }

  /** Undefined where the test runs on the clock of the machine. */
  get pace(): Pace | undefined {
    return this.#pace;
  }

  readonly #whole = (): Promise<void> => this.seat.whole();

  async settle(): Promise<void> {
    await this.#pace?.settle(this.#whole);
  }

  async advance(duration: Duration): Promise<void> {
    if (this.#pace === undefined) throw new TypeError("Only virtual time can be advanced; this test has a real clock.");
    await this.#pace.advance(duration, this.#whole);
  }

  /** Moves to the next moment at which something is due, no later than `until`; false when there is none. */
  async hop(until: number): Promise<boolean> {
    return (await this.#pace?.hop(until, this.#whole)) ?? false;
  }

  /** In somebody's name the rules of the approval hold; without one the test may decide everything. */
  override async approve(token: string, decision: TestDecision): Promise<void> {
    const { by = tester, roles = [], ...rest } = decision;
    const decider = {
      by: { kind: "user", id: by } as const,
      operator: decision.by === undefined,
      ...(decision.by === undefined ? {} : { person: { id: by, name: by, roles } }),
      requester: async () => tester,
    };
    unwrap(await this.engine.approvals.decide({ ...rest, decider, token }));
  }
}

/** Virtual time as the engine gets it: no test lets it jump. */
function steady(clock: SimulatedClock): Clock {
  return { now: () => clock.now(), after: (ms, callback) => clock.after(ms, callback), steady: true };
}

/** Virtual time waits for what a task does, as it does for steps. */
function inTime(own: Task, pace: Pace | undefined): Task {
  return pace === undefined ? own : { ...own, handler: (input, at) => pace.track(() => own.handler(input, at)) };
}

function tracked({ body, undo }: StepFunctions, pace: Pace): StepFunctions {
  return {
    body: (step) => pace.track(() => body(step)),
    undo: undo && ((result, step) => pace.track(() => undo(result, step))),
  };
}

/** Opens an engine on virtual time with these workflows. */
export function testEngine(options: TestOptions): Promise<TestEngine> {
  return TestHost.open(options);
}
