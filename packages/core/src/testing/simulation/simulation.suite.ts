// One seed from beginning to end: a time in which everything goes wrong, a time in which it heals, and the reckoning.
import { MemoryRunStore } from "../../store/memory/index.ts";
import type { RunRecord, RunStore } from "../../kernel/run-store.ts";
import { SimulatedRandom } from "../simulated-random.ts";
import type { StoreWrite } from "../faulty-store.ts";
import { answerTokens, ask, emitAll, operate, pauseSchedules, raiseCurtain, resumeQueues } from "./actors.suite.ts";
import type { Stage } from "./actors.suite.ts";
import { memoryBlobs } from "./blobs.suite.ts";
import { check } from "./checks.suite.ts";
import { EngineMachine } from "./engine-machine.suite.ts";
import type { Site } from "./engine-machine.suite.ts";
import { Ledger } from "./ledger.suite.ts";
import { drawProfile } from "./profile.suite.ts";
import type { Profile } from "./profile.suite.ts";
import { hasExtras, withExtras } from "./extras.suite.ts";
import { mayTakeAnotherWay } from "./program-shape.suite.ts";
import { drawPrograms, drawSchedule, withGates } from "./program.suite.ts";
import type { Program } from "./program.suite.ts";
import { Recorder } from "./recorder.suite.ts";
import { World } from "./world.suite.ts";
import { triggersOwe } from "./check-triggers.suite.ts";
import type { EventLoop } from "./world.suite.ts";
import { withTasks } from "./task-play.suite.ts";
import type { WorkerMutant } from "./worker-machine.suite.ts";

// What the engine loads with the first schedule is there before time begins: files are read in no virtual time.
await Promise.all([
  import("../../engine/cron.ts"),
  import("../../engine/schedule-plan.ts"),
  import("../../engine/schedule-times.ts"),
]);

export interface SimulationOptions {
  readonly seed: number;
  readonly loop: EventLoop;
  readonly trace?: boolean | undefined;
  /** In place of what the seed would decide. */
  readonly profile?: Partial<Profile> | undefined;
  readonly programs?: readonly Program[] | undefined;
  readonly planned?: ((write: StoreWrite) => "crash_before" | "crash_after" | undefined) | undefined;
  /** A deliberate defect in the store or the worker, which the simulation is to notice. */
  readonly mutant?:
    | { readonly store?: ((store: RunStore) => RunStore) | undefined; readonly worker?: WorkerMutant | undefined }
    | undefined;
}

export interface SimulationReport {
  readonly seed: number;
  /** The first thing that must not happen and did. */
  readonly failure: string | undefined;
  readonly trace: readonly string[];
  readonly turns: number;
  readonly runs: number;
  readonly effects: number;
  readonly commits: number;
  /** Writes that engines asked for. */
  readonly writes: number;
  readonly sights: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly ends: ReadonlyMap<string, number>;
  /** How often what went wrong. */
  readonly faults: ReadonlyMap<string, number>;
}

/** How often somebody looks after what stands still, and for how long nothing may move, in virtual milliseconds. */
const healMs = 60_000;
const settleMs = 5_000;
const patienceMs = 900_000;
/** Questions that people answer each time they look; hundreds of runs that each ask dozens of them end within the turns there are. */
const answersMax = 1_000;

/** Plays one seed; what must not happen is in the report, nothing is thrown. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  return new Simulation(options).play();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #profile: Profile;
  readonly #programs: readonly Program[];
  readonly #recorder: Recorder;
  readonly #ledger: Ledger;
  readonly #site: Site;
  readonly #stage: Stage;
  readonly #store: RunStore;
  #machine: EngineMachine | undefined;
  #healed = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, mutant } = options;
    this.#profile = { ...drawProfile(seed), ...options.profile };
    this.#programs = options.programs ?? this.#draw(seed);
    const world = new World({ seed, loop: options.loop, trace: options.trace === true });
    this.#world = world;
    const memory = new MemoryRunStore();
    this.#store = memory;
    const fail = (what: string): void => world.fail(what);
    const extras = this.#programs.some(hasExtras);
    this.#recorder = new Recorder(mutant?.store?.(memory) ?? memory, fail, { trace: world.trace, extras });
    this.#ledger = new Ledger(this.#recorder, fail, world.trace);
    this.#site = {
      world,
      profile: this.#profile,
      programs: this.#programs,
      ledger: this.#ledger,
      store: this.#recorder.store,
      triggers: memory.triggers,
      watched: this.#programs.some(({ watches }) => watches !== undefined)
        ? this.#recorder.triggers(memory.triggers)
        : undefined,
      blobs: this.#profile.blobs ? memoryBlobs() : undefined,
      planned: options.planned,
      mutant: mutant?.worker,
      version: "v1",
      engines: 0,
      writes: 0,
      machines: 0,
      outage: false,
    };
    this.#stage = this.#makeStage();
  }

  #draw(seed: number): readonly Program[] {
    const { features, programs: count, schedules, chaosMs, blobs } = this.#profile;
    const random = new SimulatedRandom(seed ^ 0x9e3779b9);
    const gated = withTasks(withGates(drawPrograms(random, features, count), seed), seed);
    const programs = withExtras(gated, { seed, features, schedules, blobs });
    if (!schedules) return programs;
    return programs.map((program, index) =>
      index === count - 1 ? { ...program, schedule: drawSchedule(random, chaosMs) } : program,
    );
  }

  #makeStage(): Stage {
    return {
      world: this.#world,
      profile: this.#profile,
      programs: this.#programs,
      ledger: this.#ledger,
      recorder: this.#recorder,
      engine: () =>
        this.#machine?.up === true && !this.#machine.dead && !this.#machine.stopping ? this.#machine : undefined,
      deploy: async (version) => {
        const machine = this.#machine;
        if (machine?.up !== true || machine.dead || machine.stopping) return;
        this.#site.version = version;
        try {
          await Promise.race([machine.deploy(version), machine.gone]);
        } catch {
          // The commit failed: a developer would try again; here the process is restarted with the new code.
          machine.crash();
        }
      },
      outage: (on) => {
        this.#site.outage = on;
      },
    };
  }

  #boot(): void {
    this.#machine = new EngineMachine(this.#site, () => this.#boot());
    void this.#machine.start();
  }

  async play(): Promise<SimulationReport> {
    const world = this.#world;
    world.trace?.(() => `profile ${show(this.#profile)}`);
    for (const program of this.#programs) world.trace?.(() => `program ${JSON.stringify(program)}`);
    this.#boot();
    raiseCurtain(this.#stage);
    await world.run(() => world.elapsed() >= this.#profile.chaosMs);
    world.calm = true;
    world.calmedAt = world.clock.now();
    this.#site.outage = false;
    world.trace?.(() => "from here on nothing goes wrong");
    void this.#heal();
    await world.run(() => this.#healed);
    if (world.failure === undefined && !this.#healed) world.fail("everything stands still and not all has healed");
    const ends = new Map<string, number>();
    if (world.failure === undefined) {
      try {
        const machine = this.#machine;
        if (machine !== undefined)
          await check({
            store: this.#store,
            engine: machine.engine,
            world,
            ledger: this.#ledger,
            recorder: this.#recorder,
            programs: this.#programs,
            profile: this.#profile,
            ends,
          });
      } catch (error) {
        world.fail(`the reckoning failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      }
    }
    return {
      seed: this.#options.seed,
      failure: world.failure,
      trace: world.lines ?? [],
      turns: world.turns,
      runs: this.#recorder.runs.size,
      effects: this.#ledger.effects,
      commits: this.#recorder.commits,
      writes: this.#site.writes,
      sights: this.#ledger.sights,
      counts: this.#recorder.counts,
      ends,
      faults: world.faults,
    };
  }

  /** What people do once the machines work again: they go on with what stands still, and answer what is asked. */
  async #heal(): Promise<void> {
    const world = this.#world;
    let before = "";
    let since = world.elapsed();
    while (world.elapsed() - since < patienceMs + world.jumpedMs + 4 * this.#profile.parkAfterMs) {
      await world.sleep(healMs);
      if (this.#stage.engine() === undefined) continue;
      await pauseSchedules(this.#stage);
      await resumeQueues(this.#stage);
      if (await this.#isOver()) {
        this.#healed = true;
        return;
      }
      const now = `${this.#recorder.unfinished} ${this.#ledger.sights} ${this.#ledger.effects}`;
      if (now !== before) since = world.elapsed();
      before = now;
      await this.#unstick();
      await answerTokens(this.#stage, "open", answersMax);
      if (this.#recorder.waitsForEvents) await emitAll(this.#stage);
    }
    const owed = await triggersOwe(this.#stage);
    if (owed === undefined) await this.#describeStuck();
    else this.#world.fail(owed);
  }

  /**
   * A retry that leads another way than the one on record is noticed by the worker, which says so: somebody has to decide. Where
   * nothing but what is done again can come out differently, it must not be.
   */
  #mayDiffer(run: RunRecord): boolean {
    const edited = run.attempt > 1 || run.forkedFrom !== undefined;
    const program = this.#programs.find((each) => each.name === run.workflow);
    return edited && program !== undefined && mayTakeAnotherWay(program.root);
  }

  /** True when all has ended, and still has when what was on its way has arrived. */
  async #isOver(): Promise<boolean> {
    if (this.#recorder.unfinished > 0 || (await this.#isOwed())) return false;
    await this.#world.sleep(settleMs);
    return this.#recorder.unfinished === 0;
  }

  /** True while triggers have not dealt with everything. */
  async #isOwed(): Promise<boolean> {
    if (!this.#programs.some(({ watches }) => watches !== undefined)) return false;
    return (await triggersOwe(this.#stage)) !== undefined;
  }

  async #describeStuck(): Promise<void> {
    const stuck = await this.#store.listRuns({
      filter: { status: ["queued", "running", "waiting", "paused", "undoing"] },
      limit: 100,
    });
    const described = await Promise.all(
      stuck.runs.map(async (run) => {
        const { entries } = await this.#store.readJournal({ run: run.id, bytesMax: Number.MAX_SAFE_INTEGER });
        const open = entries
          .filter((entry) => entry.status === "running")
          .map((entry) => `${entry.seq} ${entry.kind} ${entry.name}`);
        return `${run.id} ${run.workflow} ${run.status}/${run.reason ?? ""} owner ${run.owner} cancel ${run.cancel?.reason} outcome ${run.outcome?.status} open [${open.join(", ")}]`;
      }),
    );
    this.#world.fail(
      `runs never end although everything works and everybody has answered:\n  ${described.join("\n  ")}`,
    );
  }

  async #unstick(): Promise<void> {
    const { runs } = await this.#store.listRuns({ filter: { status: ["waiting", "paused"] }, limit: 1_000 });
    for (const run of runs) {
      if (run.status === "paused") await operate(this.#stage, "resume", run.id);
      else if (run.blocked) {
        if (run.reason === "poison") await operate(this.#stage, "resume", run.id);
        else if (this.#mayDiffer(run)) await operate(this.#stage, "cancel", run.id);
        else {
          const error = run.error === undefined ? "" : new TextDecoder().decode(run.error);
          this.#world.fail(`run ${run.id} is parked for ${run.reason}: ${error.replaceAll(/[^\x20-\x7e]+/g, " ")}`);
          return;
        }
      }
    }
    await ask(this.#stage, async ({ cleaning }) => ({ ok: true, value: await cleaning.clean() }));
  }
}

function show(profile: Profile): string {
  return JSON.stringify(profile, (_, item: unknown) => (item instanceof Set ? [...item] : item));
}
