// An engine with a worker in the same process, for tests: real engine and worker code, a store and a clock of the test's choice.
import { decodeErrorValue, decodeValue, encodeValue } from "@sluice/protocol";
import type { ErrorValue } from "@sluice/protocol";
import type { Task, Workflow } from "@sluice/sdk";
import { attachInProcess, manifestOf, workerLimits } from "@sluice/worker";
import type { Worker, WorkerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { systemClock } from "../kernel/clock.ts";
import type { Clock } from "../kernel/clock.ts";
import { Ids, systemRandom } from "../kernel/ids.ts";
import type { Actor, RunStore } from "../kernel/run-store.ts";
import type { Store } from "../kernel/store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import type { FaultPlan, FaultyStore } from "../testing/faulty-store.ts";
import type { SimulatedClock } from "../testing/simulated-clock.ts";
import { Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { StartRequest } from "./starts.ts";

export const tester: Actor = { kind: "user", id: "tester" };

export interface FixtureOptions {
  readonly workflows: readonly Workflow[];
  readonly tasks?: readonly Task[];
  readonly version?: string;
  readonly store?: RunStore & Partial<Pick<Store, "triggers">>;
  readonly clock?: Clock;
  readonly limits?: EngineOptions["limits"];
  readonly workerLimits?: Partial<WorkerLimits>;
  readonly onDeploy?: "pin" | "move";
  readonly owner?: string;
  readonly provideVersion?: EngineOptions["provideVersion"];
  readonly blobs?: EngineOptions["blobs"];
  readonly sources?: EngineOptions["sources"];
  readonly sealing?: EngineOptions["sealing"];
  /** What goes wrong with its writes. */
  readonly plan?: FaultPlan;
}

export interface Ended {
  readonly status: string;
  readonly reason: string | undefined;
  readonly output: unknown;
  readonly error: ErrorValue | undefined;
}

let owners = 0;

/** Moves simulated time on and lets what is due happen, what has just become due included. */
export async function pass(clock: SimulatedClock, ms: number): Promise<void> {
  for (const step of [0, ms, 0]) {
    await rest();
    clock.advance(step);
  }
  await rest();
}

/** Resolves in a later millisecond: what is stored from now on is younger than what was stored before. */
export async function nextMs(): Promise<void> {
  for (const before = Date.now(); Date.now() === before;) await rest(1);
}

/** Enough turns of the event loop for everything that needs no timer to come to rest. */
export async function rest(turns = 60): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => void setImmediate(resolve));
}

/** Engine and worker on one store. `crash` leaves everything as a killed process would; make another fixture on `store`. */
export class EngineFixture {
  readonly store: RunStore & Partial<Pick<Store, "triggers">>;
  readonly engine: Engine;
  readonly logs: { readonly level: string; readonly message: string; readonly fields: unknown }[] = [];
  readonly #options: FixtureOptions;
  /** What the engine is given: goes silent with the process. */
  readonly #machine: FaultyStore;
  worker!: Worker;
  /** Set by `crash`: messages in both directions are lost from then on. */
  dead = false;

  constructor(options: FixtureOptions) {
    this.#options = options;
    this.store = options.store ?? new MemoryRunStore();
    const { triggers = new MemoryRunStore().triggers } = this.store;
    this.#machine = faultyStore(this.store, {
      plan: options.plan ?? (() => undefined),
      afterCrash: "silence",
      triggers,
    });
    const clock = options.clock ?? systemClock;
    this.engine = new Engine({
      store: this.#machine.store,
      triggers: this.#machine.triggers,
      blobs: options.blobs,
      sources: options.sources,
      sealing: options.sealing,
      clock,
      ids: new Ids(clock, systemRandom),
      log: (level, message, fields) => this.logs.push({ level, message, fields }),
      owner: options.owner ?? `engine-${++owners}`,
      limits: options.limits,
      onDeploy: options.onDeploy ?? "move",
      url: () => "http://127.0.0.1:7890",
      provideVersion: options.provideVersion,
    });
  }

  static async start(options: FixtureOptions): Promise<EngineFixture> {
    const fixture = new EngineFixture(options);
    await fixture.engine.start();
    await fixture.attach();
    return fixture;
  }

  /** Attaches a worker and makes its code current, unless told that it only serves the runs of its version. */
  async attach(
    options: Partial<Pick<FixtureOptions, "workflows" | "tasks" | "version">> & {
      readonly id?: string;
      readonly current?: boolean;
    } = {},
  ): Promise<Worker> {
    const workflows = options.workflows ?? this.#options.workflows;
    const version = options.version ?? this.#options.version ?? "v1";
    const clock = this.#options.clock ?? systemClock;
    this.worker = attachInProcess(
      {
        attach: (link) => {
          const attached = this.engine.attach({
            id: link.id,
            send: (messages) => {
              if (!this.dead) link.send(messages);
            },
          });
          return {
            receive: (message) => {
              if (!this.dead) attached.receive(message);
            },
          };
        },
      },
      {
        id: options.id ?? `worker-${version}`,
        version,
        workflows,
        tasks: options.tasks ?? this.#options.tasks,
        clock: {
          now: () => clock.now(),
          after: (ms, done) => clock.after(ms, done),
          turn: (done) => void setImmediate(done),
        },
        limits: { ...workerLimits, ...this.#options.workerLimits },
        stepScope: new AsyncStepScope(),
      },
    );
    if (options.current !== false) {
      const deployed = await this.engine.deploy(version, manifestOf(workflows));
      if (!deployed.ok) throw new Error(deployed.error.message);
    }
    this.worker.deploy();
    return this.worker;
  }

  /** Starts a run; its id. */
  async run(workflow: Workflow | string, input?: unknown, more: Partial<StartRequest> = {}): Promise<string> {
    const name = typeof workflow === "string" ? workflow : workflow.name;
    const started = await this.engine.startRun({ by: tester, workflow: name, input: encodeValue(input), ...more });
    if (!started.ok) throw new Error(`${started.error.code}: ${started.error.message}`);
    return started.value.run.id;
  }

  async ended(run: string): Promise<Ended> {
    const ended = await this.engine.ended(run);
    if (!ended.ok) throw new Error(ended.error.message);
    const { status, reason, output, error } = ended.value;
    return {
      status,
      reason,
      output: output === undefined ? undefined : decodeValue(await this.engine.values.load(output)),
      error: error === undefined ? undefined : decodeErrorValue(await this.engine.values.load(error)),
    };
  }

  async result(workflow: Workflow | string, input?: unknown): Promise<Ended> {
    return this.ended(await this.run(workflow, input));
  }

  async emit(
    name: string,
    payload?: unknown,
    more: { readonly key?: string; readonly id?: string } = {},
  ): Promise<void> {
    const emitted = await this.engine.emit({ by: tester, name, payload: encodeValue(payload), ...more });
    if (!emitted.ok) throw new Error(emitted.error.message);
  }

  /** The journal as lines `seq kind name status`. */
  async journal(run: string): Promise<string[]> {
    const { entries } = await this.store.readJournal({ run, bytesMax: Number.MAX_SAFE_INTEGER });
    return entries.map((entry) => `${entry.seq} ${entry.kind} ${entry.name} ${entry.status}`);
  }

  /** Resolves when the run has this status (looked at after every turn of the event loop; a test's time limit ends the wait). */
  async until(run: string, status: string, reason?: string): Promise<void> {
    for (;;) {
      const record = await this.store.getRun({ run });
      if (record?.status === status && (reason === undefined || record.reason === reason)) return;
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  /** The process is gone: nothing is said, heard or written any more. */
  crash(): void {
    this.dead = true;
    this.#machine.crash();
  }
}
