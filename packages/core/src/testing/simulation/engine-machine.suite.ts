// An engine process on the store that survives it: real engine code on simulated time, killed at any write, started anew.
import type { BlobStore } from "../../kernel/blob-store.ts";
import { Ids } from "../../kernel/ids.ts";
import { unwrap } from "../../kernel/result.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import type { TriggerStore } from "../../kernel/trigger-store.ts";
import { Engine } from "../../engine/engine.ts";
import { faultyStore } from "../faulty-store.ts";
import type { FaultPlan, FaultyStore, StoreWrite } from "../faulty-store.ts";
import { WorkerMachine } from "./worker-machine.suite.ts";
import type { WorkerMutant } from "./worker-machine.suite.ts";
import type { Ledger } from "./ledger.suite.ts";
import type { Profile } from "./profile.suite.ts";
import type { Program } from "./program.suite.ts";
import type { World } from "./world.suite.ts";

/** What all engines of a simulation share. */
export interface Site {
  readonly world: World;
  readonly profile: Profile;
  readonly programs: readonly Program[];
  readonly ledger: Ledger;
  /** The store that outlives every engine, its changes recorded. */
  readonly store: RunStore;
  readonly triggers: TriggerStore;
  /** The same recorded, in seeds with triggers: there it fails like the rest. */
  readonly watched: TriggerStore | undefined;
  readonly blobs: BlobStore | undefined;
  /** A fault planned for this very write, before chance has its say. */
  readonly planned?: ((write: StoreWrite) => "crash_before" | "crash_after" | undefined) | undefined;
  readonly mutant?: WorkerMutant | undefined;
  version: string;
  engines: number;
  writes: number;
  machines: number;
  /** True while every commit fails. */
  outage: boolean;
}

const restartMsMax = 2_000;
const respawnMsMax = 500;
const retireDrainMs = 1_000;
const lateWriteMsMax = 10_000;

export class EngineMachine {
  readonly engine: Engine;
  readonly workers = new Set<WorkerMachine>();
  /** Resolves when this engine is gone. */
  readonly gone: Promise<undefined>;
  readonly #site: Site;
  readonly #faulty: FaultyStore;
  readonly #onGone: () => void;
  #resolveGone: (value: undefined) => void = () => undefined;
  #lastAnswer = 0;
  dead = false;
  stopping = false;
  up = false;

  constructor(site: Site, onGone: () => void) {
    this.#site = site;
    this.#onGone = onGone;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    const { world, profile } = site;
    const { watched } = site;
    this.#faulty = faultyStore(site.store, {
      plan: (write) => this.#plan(write),
      afterCrash: "silence",
      ...(watched === undefined ? {} : { triggers: watched }),
    });
    const name = `engine-${++site.engines}`;
    const clock = {
      now: () => world.clock.now(),
      after: (ms: number, callback: () => void) => this.#after(ms, callback),
    };
    this.engine = new Engine({
      triggers: watched === undefined ? site.triggers : this.#faulty.triggers,
      store: profile.slowReads ? slowReads(this.#faulty.store, () => this.#pause()) : this.#faulty.store,
      blobs: site.blobs,
      clock,
      ids: new Ids(clock, world.random.split()),
      log: (level, message, fields) => {
        world.trace?.(() => `log  ${level} ${message} ${JSON.stringify(fields)}`);
        if (level === "error") this.#checkLog(message, fields);
      },
      owner: name,
      limits: profile.limits,
      onDeploy: profile.onDeploy,
      url: () => "http://127.0.0.1:7890",
      provideVersion: (version, quarantine) => this.#provide(version, quarantine),
    });
  }

  #after(ms: number, callback: () => void): () => void {
    return this.#site.world.clock.after(ms, () => {
      if (!this.dead) callback();
    });
  }

  /** Errors that a failing store explains are part of life; anything else is a defect. */
  #checkLog(message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    const text = JSON.stringify(fields ?? {});
    if (/TypeError|RangeError|ReferenceError|[Aa]ssertion/.test(text))
      this.#site.world.fail(`the engine logged: ${message} ${text}`);
  }

  #pause(): Promise<void> {
    const { world, profile } = this.#site;
    return new Promise((resolve) => void this.#after(world.random.int(0, profile.storeDelayMsMax), resolve));
  }

  #plan(write: StoreWrite): ReturnType<FaultPlan> {
    const { world, profile, planned, outage } = this.#site;
    this.#site.writes++;
    const wanted = planned?.(write);
    if (wanted !== undefined) return this.#crashAt(write, wanted);
    const { crashPerWrite, failPerWrite } = profile.faults;
    if (!world.calm) {
      if (outage || world.random.chance(failPerWrite)) {
        world.trace?.(() => `fault ${write.verb} fails`);
        world.fault("fail");
        return { fault: "fail" };
      }
      if (world.random.chance(crashPerWrite))
        return this.#crashAt(write, world.random.chance(0.5) ? "crash_before" : "crash_after");
    }
    if (profile.storeDelayMsMax === 0) return undefined;
    // Answers come in the order of the writes, as from a thread that commits them.
    const at = Math.max(this.#lastAnswer, world.elapsed() + world.random.int(0, profile.storeDelayMsMax));
    this.#lastAnswer = at;
    return { fault: "delay", until: new Promise((resolve) => void this.#after(at - world.elapsed(), resolve)) };
  }

  #crashAt(write: StoreWrite, fault: "crash_before" | "crash_after"): NonNullable<ReturnType<FaultPlan>> {
    const { world, store } = this.#site;
    world.trace?.(() => `fault ${fault} of ${write.verb}`);
    world.fault(write.verb === "append" ? `${fault} append` : fault);
    if (fault === "crash_before" && write.verb === "append" && world.random.chance(0.5)) {
      // A write that was under way may still arrive, before or after the next engine has taken over.
      const append = (): Promise<unknown> => store.append(write.params as Parameters<RunStore["append"]>[0]);
      world.clock.after(world.random.int(0, lateWriteMsMax), () => void append());
    }
    this.#die();
    return { fault };
  }

  /** Takes up what is there, deploys the code, brings up the workers. */
  async start(): Promise<void> {
    const { world } = this.#site;
    try {
      await this.engine.start();
      await this.deploy(this.#site.version);
    } catch (error) {
      world.trace?.(() => `an engine did not start: ${String(error)}`);
      this.crash();
    }
  }

  /** Makes a version current; workers of others leave where runs move with the code. */
  async deploy(version: string): Promise<void> {
    const { world, profile } = this.#site;
    const workers = Array.from({ length: profile.workers }, () => this.#spawn(version, false));
    const [first] = workers;
    if (first === undefined) return;
    const deployed = await this.engine.deploy(version, first.manifests);
    if (!deployed.ok && deployed.error.code !== "store_failed")
      world.fail(`version ${version} could not be deployed: ${deployed.error.message}`);
    unwrap(deployed);
    for (const worker of workers) worker.worker.deploy();
    this.up = true;
    if (profile.onDeploy === "pin") return;
    for (const worker of this.workers) if (worker.version !== version && !worker.quarantine) void this.retire(worker);
  }

  #spawn(version: string, quarantine: boolean): WorkerMachine {
    const { world, profile, programs, ledger, mutant } = this.#site;
    const id = `worker-${++this.#site.machines}`;
    const setup = { world, profile, programs, witness: ledger, id, version, quarantine, mutant };
    const worker = new WorkerMachine(setup, this.engine, () => this.dead);
    this.workers.add(worker);
    return worker;
  }

  async #provide(version: string, quarantine: boolean): Promise<boolean> {
    this.#site.world.trace?.(() => `a worker is wanted for ${version}${quarantine ? ", alone" : ""}`);
    await this.#site.world.sleep(this.#site.world.random.int(0, respawnMsMax));
    if (this.dead) return true;
    this.#spawn(version, quarantine).worker.deploy();
    return true;
  }

  /** A worker is gone; its supervisor starts another, unless nobody needs it any more. */
  async #respawn(worker: WorkerMachine): Promise<void> {
    await this.#site.world.sleep(this.#site.world.random.int(0, respawnMsMax));
    if (this.dead || this.stopping) return;
    if (worker.quarantine) return;
    if (worker.version !== this.#site.version && this.#site.profile.onDeploy === "move") return;
    this.#spawn(worker.version, false).worker.deploy();
  }

  /** A worker that is no longer needed gives back what it runs and leaves. */
  async retire(worker: WorkerMachine): Promise<void> {
    // What it runs it may still report, but it is given nothing new.
    const known = this.engine.deployments.get(worker.name);
    if (known !== undefined) this.engine.deployments.add({ ...known, quarantine: true });
    this.engine.tasks.retire(worker.name);
    await Promise.race([worker.drain(retireDrainMs), this.gone]);
    this.workers.delete(worker);
    await this.#told(worker.die(false));
  }

  async crashWorker(worker: WorkerMachine): Promise<void> {
    this.workers.delete(worker);
    void this.#respawn(worker);
    await this.#told(worker.die(true));
  }

  /** A worker stops answering; after a while it is given up, or comes back before that. */
  async hangWorker(worker: WorkerMachine, forMs: number, noticed: boolean): Promise<void> {
    const { world } = this.#site;
    worker.hung = true;
    world.trace?.(() => `hang ${worker.name} for ${Math.round(forMs)} ms, noticed ${noticed}`);
    world.fault(noticed ? "worker hangs and is given up" : "worker hangs and comes back");
    if (noticed) {
      await world.sleep(forMs / 2);
      this.workers.delete(worker);
      void this.#respawn(worker);
      await this.#told(worker.cutOff());
      await world.sleep(forMs / 2);
    } else await world.sleep(forMs);
    if (!worker.dead) worker.resume();
    if (!noticed) return;
    await world.sleep(forMs);
    worker.dead = true;
  }

  /** The engine's handling of a loss must not fail: nobody could act on it. */
  async #told(lost: Promise<void>): Promise<void> {
    try {
      await lost;
    } catch (error) {
      if (!this.dead) this.#site.world.fail(`the loss of a worker could not be dealt with: ${String(error)}`);
    }
  }

  crash(): void {
    this.#faulty.crash();
    this.#die();
  }

  #die(): void {
    if (this.dead) return;
    this.dead = true;
    this.#site.world.trace?.(() => "the engine is gone");
    for (const worker of this.workers) worker.dead = true;
    this.#resolveGone(undefined);
    this.#site.world.clock.after(this.#site.world.random.int(0, restartMsMax), this.#onGone);
  }

  /** Lets go of what it has, as for a successor, and goes on after all: with other workers, as a supervisor brings them up. */
  async rest(drainMs: number, forMs: number): Promise<void> {
    const { world } = this.#site;
    if (this.dead || this.stopping || !this.up) return;
    world.trace?.(() => `rest for ${forMs} ms, ${drainMs} ms to drain`);
    world.fault("the engine rests");
    await Promise.race([this.engine.rest(drainMs), this.gone]);
    await world.sleep(forMs);
    if (this.dead || this.stopping) return;
    this.engine.wake();
    const before = [...this.workers];
    for (const worker of before) {
      this.workers.delete(worker);
      void this.#respawn(worker);
    }
    await Promise.all(before.map((worker) => this.#told(worker.die(false))));
  }

  /** Stops in order. */
  async stop(drainMs: number): Promise<void> {
    if (this.dead || this.stopping) return;
    this.stopping = true;
    try {
      await Promise.race([this.engine.stop(drainMs), this.gone]);
    } catch (error) {
      this.#site.world.trace?.(() => `stopping failed: ${String(error)}`);
    }
    this.crash();
  }
}

const reads = new Set(["readJournal", "getRun", "findByKey", "stats", "listSchedules"]);

/** Reads are answered later, with what was true when they were asked. */
function slowReads(store: RunStore, pause: () => Promise<void>): RunStore {
  const verbs = store as unknown as Record<string, (params: unknown) => Promise<unknown>>;
  const wrapped: Record<string, (params: unknown) => Promise<unknown>> = {};
  for (const verb of Object.keys(verbs)) {
    const call = verbs[verb];
    if (call === undefined) continue;
    wrapped[verb] = reads.has(verb)
      ? async (params) => {
          const answer = await call(params);
          await pause();
          return answer;
        }
      : call;
  }
  return wrapped as unknown as RunStore;
}
