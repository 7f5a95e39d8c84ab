// A worker process and the connection to its engine: real worker code on simulated time, that can die, hang and be late.
import type { EngineToWorker, WorkerToEngine } from "@sluice/protocol";
import { onEvent, poll, schedule, workflow } from "@sluice/sdk";
import type { Trigger, Workflow } from "@sluice/sdk";
import { manifestOf, Worker, workerLimits } from "@sluice/worker";
import type { StepScope } from "@sluice/worker";
import type { AttachedWorker } from "../../engine/worker-link.ts";
import type { Engine } from "../../engine/engine.ts";
import { plainOffer } from "../../engine/tasks/offer.ts";
import { ringing } from "./extras.suite.ts";
import { play } from "./interpreter.suite.ts";
import type { Host, Life, Witness } from "./life.suite.ts";
import type { Profile } from "./profile.suite.ts";
import type { Program } from "./program.suite.ts";
import { actor, unactor } from "./task-play.suite.ts";
import type { World } from "./world.suite.ts";

export interface WorkerSetup {
  readonly world: World;
  readonly profile: Profile;
  readonly programs: readonly Program[];
  readonly witness: Witness;
  readonly id: string;
  readonly version: string;
  readonly quarantine: boolean;
  readonly mutant?: WorkerMutant | undefined;
}

/** A deliberate defect, to show that the simulation would notice it. */
export interface WorkerMutant {
  /** What the worker takes for a later turn of the event loop. */
  readonly turn?: (callback: () => void) => void;
  readonly alter?: (messages: readonly EngineToWorker[]) => readonly EngineToWorker[];
}

/** User code never calls `ctx` inside a step here, so nothing has to be followed. */
const noScope: StepScope = { run: (_, body) => body(), outside: (body) => body(), current: undefined };
const lateMsMax = 30_000;
const drainGraceMs = 2_000;

export class WorkerMachine implements Host {
  readonly name: string;
  readonly version: string;
  readonly quarantine: boolean;
  readonly worker: Worker;
  readonly #setup: WorkerSetup;
  readonly #world: World;
  readonly #attached: AttachedWorker;
  readonly #engineDead: () => boolean;
  readonly #executing = new Map<number, { readonly run: string; readonly step: string }>();
  readonly #lives = new Map<string, Life>();
  readonly #epochs = new Map<string, { readonly epoch: number; readonly attempt: number; readonly check: boolean }>();
  /** Due times of the last message each way, which the next one does not overtake. */
  #lastIn = 0;
  #lastOut = 0;
  #slots = 0;
  #resolveHandedBack: () => void = () => undefined;
  readonly #handedBack = new Promise<void>((resolve) => {
    this.#resolveHandedBack = resolve;
  });
  #held: (() => void)[] = [];
  dead = false;
  hung = false;
  /** Its engine takes it for gone. */
  cut = false;

  constructor(setup: WorkerSetup, engine: Engine, engineDead: () => boolean) {
    this.#setup = setup;
    this.#world = setup.world;
    this.name = setup.id;
    this.version = setup.version;
    this.quarantine = setup.quarantine;
    this.#engineDead = engineDead;
    this.#attached = engine.attach(
      { id: setup.id, send: (messages) => this.#fromEngine(messages) },
      { quarantine: setup.quarantine, offer: { ...plainOffer, slots: 1 + (setup.profile.seed % 3) } },
    );
    this.worker = this.#makeWorker();
  }

  /** What it can execute, to be told to the engine. */
  get manifests(): ReturnType<typeof manifestOf> {
    return manifestOf(this.#workflows());
  }

  #workflows(): Workflow[] {
    return this.#setup.programs.map((program) => this.#workflow(program));
  }

  #workflow(program: Program): Workflow {
    const { witness, programs } = this.#setup;
    const { timeoutMs, schedule: times, flow } = program;
    const triggers: Trigger[] =
      times === undefined
        ? []
        : [schedule(times.cron, { ...times, input: { by: "time" }, catchUpMax: 20, jitter: times.jitterMs })];
    triggers.push(...this.#watching(program));
    return workflow(
      {
        name: program.name,
        triggers,
        ...flow,
        attributes: { last: "keyword" },
        ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      },
      async (ctx, input: { readonly round?: number } | undefined) => {
        const known = this.#epochs.get(ctx.run.id);
        const life: Life = {
          run: ctx.run.id,
          epoch: known?.epoch ?? 0,
          attempt: known?.attempt ?? 0,
          workflow: program.name,
          version: this.version,
          host: this,
          parked: false,
          seen: 0,
          check: known?.check ?? false,
          steps: new Map(),
          unsure: undefined,
        };
        this.#lives.set(ctx.run.id, life);
        const result = await play(program.root, { ctx, root: ctx, life, witness, programs, suffix: "" });
        const round = input?.round ?? 0;
        return round < program.rounds ? ctx.continueAs({ ...input, round: round + 1 }) : result;
      },
    );
  }

  #watching({ watches }: Program): Trigger[] {
    const { witness } = this.#setup;
    const { event, poll: looks } = watches ?? {};
    const made: Trigger[] = [];
    if (event !== undefined)
      made.push(onEvent(ringing, event.debounceMs === undefined ? {} : { debounce: event.debounceMs }));
    if (looks === undefined) return made;
    const found = poll<{ readonly id: number }, number>("outside", {
      every: looks.everyMs,
      fetch: ({ cursor = 0 }) => {
        if (!this.#world.calm && this.#world.random.chance(looks.failing)) throw new Error("nobody is there");
        // The last one again, as a feed with a coarse clock has it.
        const items = witness.outside.slice(Math.max(0, cursor - 1)).map((id) => ({ id }));
        return { items, cursor: witness.outside.length };
      },
    });
    return [...made, found];
  }

  #makeWorker(): Worker {
    const { world, profile, id, version, mutant } = this.#setup;
    return new Worker({
      id,
      version,
      workflows: this.#workflows(),
      tasks: [actor(this, this.#setup.witness), unactor(this, this.#setup.witness)],
      clock: {
        now: () => world.clock.now(),
        after: (ms, callback) => this.after(ms, callback),
        turn: mutant?.turn ?? ((callback) => void this.after(0, callback)),
      },
      limits: { ...workerLimits, parkAfterMs: profile.parkAfterMs },
      stepScope: noScope,
      send: (message) => this.#toEngine(message),
      onStep: {
        begin: (run, step) => {
          this.#executing.set(++this.#slots, { run, step });
          return this.#slots;
        },
        end: (slot) => void this.#executing.delete(slot),
      },
    });
  }

  now(): number {
    return this.#world.clock.now();
  }

  elapsed(): number {
    return this.#world.elapsed();
  }

  /** A timer of this process: it does not fire once the process is gone, and late while it hangs. */
  after(delayMs: number, callback: () => void): () => void {
    let over = false;
    const fire = (): void => {
      if (over || this.dead) return;
      if (this.hung) this.#held.push(fire);
      else {
        over = true;
        callback();
      }
    };
    const cancel = this.#world.clock.after(delayMs, fire);
    return () => {
      over = true;
      cancel();
    };
  }

  #delay(): number {
    const { linkDelayMsMax } = this.#setup.profile;
    return linkDelayMsMax === 0 ? 0 : this.#world.random.int(0, linkDelayMsMax);
  }

  #fromEngine(messages: readonly EngineToWorker[]): void {
    if (this.dead || this.cut) return;
    const at = Math.max(this.#lastIn, this.#world.elapsed() + this.#delay());
    this.#lastIn = at;
    this.after(at - this.#world.elapsed(), () => this.#receive(messages));
  }

  #receive(messages: readonly EngineToWorker[]): void {
    for (const message of messages) {
      this.#world.trace?.(() => `-> ${this.name} ${show(message)}`);
      if (message.type === "task") this.#setup.witness.given(message.task, message.epoch);
      if (message.type !== "assign") continue;
      const { run, epoch, attempt, check = false } = message.assignment;
      this.#epochs.set(run, { epoch, attempt, check });
    }
    const { mutant } = this.#setup;
    this.worker.receive(mutant?.alter?.(messages) ?? messages);
  }

  #toEngine(message: WorkerToEngine): void {
    if (this.dead) return;
    if (
      message.type === "ops" &&
      message.ops.some((op) => op.op === "park" || op.op === "finish" || op.op === "blocked")
    ) {
      const life = this.#lives.get(message.run);
      if (life?.epoch === message.epoch) life.parked = true;
    }
    const { profile } = this.#setup;
    if (message.type === "handback") this.#resolveHandedBack();
    // A supervisor waits for what a worker can execute, and then tells the engine of both at once.
    if (profile.link === "direct" || message.type === "deploy") {
      this.#arrive(message);
      return;
    }
    const at = Math.max(this.#lastOut, this.#world.elapsed() + this.#delay());
    this.#lastOut = at;
    // What is on its way arrives even if the sender is gone by then, unless the connection was cut.
    this.#world.clock.after(at - this.#world.elapsed(), () => this.#arrive(message));
    if (!this.#world.calm && this.#world.random.chance(profile.faults.again)) {
      const againMs = at - this.#world.elapsed() + this.#world.random.int(1, lateMsMax);
      this.#world.clock.after(againMs, () => this.#arriveAgain(message));
    }
  }

  /** A connection repeats nothing; what comes again comes from a life that is over. */
  #arriveAgain(message: WorkerToEngine): void {
    if (message.type !== "ops" || this.#setup.witness.holds(message.run, message.epoch)) return;
    this.#world.fault("message comes again");
    this.#arrive(message);
  }

  #arrive(message: WorkerToEngine): void {
    if (this.#engineDead()) return;
    if (this.cut) {
      if (!this.#world.random.chance(this.#setup.profile.faults.late)) return;
      this.#world.fault("lost worker answers late");
    }
    this.#world.trace?.(() => `<- ${this.name} ${show(message)}`);
    this.#attached.receive(message);
  }

  /** The process is gone. Steps that were executing are the evidence. */
  async die(crashed: boolean): Promise<void> {
    if (this.cut) {
      this.dead = true;
      return;
    }
    const executing = [...this.#executing.values()].toReversed();
    this.dead = true;
    await this.#lost(crashed, executing);
  }

  /** The connection is gone and the engine knows; the process may go on for a while, to no effect. */
  async cutOff(): Promise<void> {
    if (this.cut) return;
    await this.#lost(true, [...this.#executing.values()].toReversed());
  }

  async #lost(crashed: boolean, executing: readonly { readonly run: string; readonly step: string }[]): Promise<void> {
    this.cut = true;
    if (this.#engineDead()) return;
    if (crashed) this.#world.fault(executing.length > 0 ? "worker dies in a step" : "worker dies");
    this.#world.trace?.(() => `lost ${this.name} crashed ${crashed} executing ${JSON.stringify(executing)}`);
    await this.#attached.lost({ crashed, executing, message: "the process is gone" });
  }

  /** Asks it to begin nothing new and to give back what it has; resolves when it has done so, or is gone. */
  async drain(ms: number): Promise<void> {
    this.#fromEngine([{ type: "drain", ms }]);
    await Promise.race([this.#handedBack, this.#world.sleep(ms * 2 + drainGraceMs)]);
    await this.#world.sleep(this.#setup.profile.linkDelayMsMax);
  }

  resume(): void {
    this.hung = false;
    const held = this.#held;
    this.#held = [];
    for (const fire of held) this.#world.clock.after(0, fire);
  }
}

function show(message: EngineToWorker | WorkerToEngine): string {
  return (
    JSON.stringify(message, (key, item: unknown) => {
      if (item instanceof Uint8Array) return `<${item.length}>`;
      return key === "workflows" ? undefined : item;
    }) ?? ""
  );
}
