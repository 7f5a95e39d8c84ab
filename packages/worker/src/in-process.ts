// A worker in the engine's own process: messages pass as objects, one delivery a turn of the event loop.
import type { EngineToWorker, WorkerToEngine } from "@sluice/protocol";
import type { Actions, Task, Workflow } from "@sluice/sdk";
import type { WorkerClock } from "./clock.ts";
import type { WorkerLimits } from "./limits.ts";
import type { LocalSecrets } from "./secrets.ts";
import type { StepScope } from "./step-scope.ts";
import { Worker } from "./worker.ts";

/** The engine's side, as far as a worker in the same process needs it. */
export interface EnginePort {
  attach(link: { readonly id: string; send(messages: readonly EngineToWorker[]): void }): {
    receive(message: WorkerToEngine): void;
  };
}

export interface InProcessOptions {
  readonly id: string;
  readonly version: string;
  readonly workflows: readonly Workflow[];
  readonly tasks?: readonly Task[] | undefined;
  readonly clock: WorkerClock;
  readonly limits: WorkerLimits;
  readonly stepScope: StepScope;
  readonly localSecrets?: LocalSecrets | undefined;
  readonly mocks?: Readonly<Record<string, Actions>> | undefined;
}

/** Connects a worker to an engine in the same process. */
export function attachInProcess(engine: EnginePort, options: InProcessOptions): Worker {
  let inbox: EngineToWorker[] = [];
  const attached = engine.attach({
    id: options.id,
    send(messages) {
      if (inbox.length === 0) {
        options.clock.turn(() => {
          const batch = inbox;
          inbox = [];
          // Whoever caused this may be a step function of another run.
          options.stepScope.outside(() => worker.receive(batch));
        });
      }
      inbox.push(...messages);
    },
  });
  const worker: Worker = new Worker({ ...options, send: (message) => attached.receive(message) });
  return worker;
}
