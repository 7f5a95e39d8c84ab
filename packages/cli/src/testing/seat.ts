// The place of the worker in a test: what sits there can die, and another sits down.
import type { AttachedWorker, Engine } from "@sluice/core";
import type { EngineToWorker, WorkerToEngine } from "@sluice/protocol";
import type { Actions, Task, Workflow } from "@sluice/sdk";
import { Worker, workerLimits } from "@sluice/worker";
import type { StandIn, WorkerClock } from "@sluice/worker";
import { systemSecrets } from "@sluice/worker/secrets";
import { AsyncStepScope } from "@sluice/worker/step-scope";

export interface SeatOptions {
  readonly version: string;
  readonly workflows: readonly Workflow[];
  readonly tasks?: readonly Task[] | undefined;
  readonly clock: WorkerClock;
  readonly standIn: StandIn;
  /** Actions in place of those of a service, by its id. */
  readonly mocks?: Readonly<Record<string, Actions>> | undefined;
  /** Told that the worker has died; resolves when nothing is under way that needs no time. */
  readonly died: () => Promise<void>;
}

/** What becomes of a message of the worker: it arrives, it is the last that arrives, or it is lost with the worker. */
export type Fate = "passes" | "last" | "lost";

/** One incarnation of the worker process, and how messages reach it. */
interface Sitting {
  readonly worker: Worker;
  readonly attached: AttachedWorker;
  alive: boolean;
}

export class WorkerSeat {
  readonly #engine: Engine;
  readonly #options: SeatOptions;
  #sitting: Sitting | undefined;
  #sittings = 0;
  #crashing: Promise<void> | undefined;
  /** Decides about each message of the worker; a test may let it die at one. */
  judge: (message: WorkerToEngine) => Fate = () => "passes";

  constructor(engine: Engine, options: SeatOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** Workers that have died so far. */
  get crashes(): number {
    return this.#sittings - 1;
  }

  /** Resolves when no crash is under way. */
  async whole(): Promise<void> {
    await this.#crashing;
  }

  /** Puts a worker there. */
  sit(): void {
    let inbox: EngineToWorker[] = [];
    const { version, workflows, tasks, clock, standIn, mocks } = this.#options;
    const id = `test-${++this.#sittings}`;
    const attached = this.#engine.attach({
      id,
      send: (messages) => {
        if (!sitting.alive) return;
        if (inbox.length === 0) {
          clock.turn(() => {
            const batch = inbox;
            inbox = [];
            if (sitting.alive) worker.receive(batch);
          });
        }
        inbox.push(...messages);
      },
    });
    const send = (message: WorkerToEngine): void => {
      if (!sitting.alive) return;
      const fate = this.judge(message);
      if (fate !== "lost") attached.receive(message);
      if (fate !== "passes") void this.crash();
    };
    const stepScope = new AsyncStepScope();
    const worker: Worker = new Worker({
      id,
      version,
      workflows,
      tasks,
      clock,
      // Time passes in leaps here: nobody looks at the health of services in between.
      limits: { ...workerLimits, serviceHealthEveryMs: 0 },
      stepScope,
      send,
      standIn,
      mocks,
      localSecrets: systemSecrets,
    });
    const sitting: Sitting = { worker, attached, alive: true };
    this.#sitting = sitting;
    worker.deploy();
  }

  /** The worker dies at once, as by `kill -9`; what it had said arrives, and another takes its place. */
  crash(): Promise<void> {
    this.#crashing ??= this.#crash().finally(() => {
      this.#crashing = undefined;
    });
    return this.#crashing;
  }

  async #crash(): Promise<void> {
    const sitting = this.#sitting;
    if (sitting === undefined) return;
    sitting.alive = false;
    sitting.worker.abandon();
    await this.#options.died();
    await this.#engine.settled();
    // Nobody is to blame: a suspect would go on alone in quarantine, and be parked for what the test did.
    await sitting.attached.lost({ crashed: false, executing: [], message: "the test let it crash" });
    this.sit();
  }
}
