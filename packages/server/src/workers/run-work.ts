// Gives workers on other machines runs and tasks: each is a worker of the engine like any other, whatever lies between.
import { isTaskId } from "@sluice/core";
import type { AttachedWorker, Clock, Engine, Logger, WorkerOffer } from "@sluice/core";
import type { LeftWorker, OtherWork, RemoteWorker } from "@sluice/core/workers";
import type { EngineToWorker, HeldTask, WireMessage, WorkerToEngine, WorkflowManifest } from "@sluice/protocol";
import { blockedInstead, WireDecoder, WireEncoder, WireFault } from "@sluice/worker/child";
import { isBuildWorker, ofBuild } from "../builds/build-seat.ts";

export interface RunWorkParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  /** The server has a project of its own: the code of workers on other machines never becomes what new runs get. */
  readonly hasOwnCode: () => boolean;
}

/** A worker's seat at the engine. */
interface Seat {
  readonly worker: RemoteWorker;
  readonly attached: AttachedWorker;
  readonly decoder: WireDecoder;
  /** The engine has taken back what it had, and gives it nothing. */
  givenUp: boolean;
  /** It was told to stop, and has given back what it could not end: nobody is to blame that it goes. */
  handedBack: boolean;
  deployed: { readonly version: string; readonly workflows: readonly WorkflowManifest[] } | undefined;
}

/** Slots that builds have left are offered again no later than this. */
const refillMs = 500;

export class RunWork implements OtherWork {
  readonly #parts: RunWorkParts;
  readonly #encoder: WireEncoder;
  readonly #seats = new Map<RemoteWorker, Seat>();
  /** Left in this turn: one that comes back in it goes on with its tasks. */
  readonly #left = new Map<string, { readonly seat: Seat; readonly left: LeftWorker }>();
  #deploying: Promise<void> = Promise.resolve();
  #stopRefill: (() => void) | undefined;

  constructor(parts: RunWorkParts) {
    this.#parts = parts;
    const { clock } = parts;
    this.#encoder = new WireEncoder({ runtime: "bun", now: () => clock.now(), id: () => crypto.randomUUID() });
  }

  joined(worker: RemoteWorker): void {
    const running = runningOf(worker);
    const before = this.#left.get(worker.id);
    this.#left.delete(worker.id);
    if (before !== undefined) {
      // One that still has something has lost its connection and nothing else.
      const life = lifeOf(worker);
      const survived =
        (worker.hello.running ?? []).length > 0 || (life !== undefined && life === lifeOf(before.seat.worker));
      this.#lose(before.seat, survived ? { why: before.left.why } : before.left, running);
    }
    const link = { id: worker.id, send: (messages: readonly EngineToWorker[]) => this.#send(worker, messages) };
    const attached = this.#parts.engine.attach(link, {
      offer: offerOf(worker),
      quarantine: worker.draining,
      remote: true,
      running,
      life: lifeOf(worker),
    });
    const seat = { worker, attached, decoder: new WireDecoder(), deployed: undefined };
    this.#seats.set(worker, { ...seat, givenUp: false, handedBack: false });
    this.#count(worker);
    this.#armRefill();
  }

  received(worker: RemoteWorker, message: WireMessage): Promise<void> | undefined {
    const seat = this.#seats.get(worker);
    if (seat === undefined) return undefined;
    let crowded: Promise<void> | undefined;
    try {
      for (const each of seat.decoder.take(message).runs as readonly WorkerToEngine[]) {
        this.#take(seat, each);
        if (each.type === "note") crowded ??= this.#parts.engine.tasks.roomFor(each.task);
      }
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      worker.line.end(error.code, error.message);
    }
    this.#count(worker);
    return crowded;
  }

  draining(worker: RemoteWorker): void {
    const { engine } = this.#parts;
    const known = engine.deployments.get(worker.id);
    if (known !== undefined) engine.deployments.add({ ...known, quarantine: true });
    engine.tasks.retire(worker.id);
  }

  left(worker: RemoteWorker, left: LeftWorker): void {
    const seat = this.#seats.get(worker);
    if (seat === undefined) return;
    this.#seats.delete(worker);
    this.#left.set(worker.id, { seat, left });
    queueMicrotask(() => {
      if (this.#left.get(worker.id)?.seat !== seat) return;
      this.#left.delete(worker.id);
      this.#lose(seat, left, []);
    });
    this.#chooseCurrent();
  }

  /** The server goes on after all: workers that it had given up connect anew, at once. */
  resumed(): void {
    const message = "The server goes on: what this worker had was taken back. Connect again.";
    const givenUp = [...this.#seats.values()].filter((seat) => seat.givenUp);
    for (const { worker } of givenUp) worker.line.end("connect_again", message);
  }

  stop(): void {
    this.#stopRefill?.();
    for (const seat of this.#seats.values()) this.#lose(seat, { why: "the server is stopping" }, []);
    this.#seats.clear();
  }

  /** Nobody knows what was executing there: the engine charges what was there alone, unless the worker turns out to live. */
  #lose(seat: Seat, { why, unexplained = false }: LeftWorker, keep: readonly HeldTask[]): void {
    const { attached, worker, handedBack } = seat;
    const loss = { message: why, unexplained: unexplained && !handedBack, life: lifeOf(worker) };
    attached.lost({ crashed: false, executing: [], ...loss }, keep).catch((error: unknown) =>
      this.#parts.log("error", "the loss of a worker could not be dealt with", {
        worker: worker.id,
        error: String(error),
      }),
    );
  }

  #take(seat: Seat, said: WorkerToEngine): void {
    const { worker, attached } = seat;
    const message = isBuildWorker(worker.id) ? ofBuild(said) : said;
    if (message === undefined) {
      worker.line.end("forbidden", "A worker of one build does nothing else.");
      return;
    }
    if (message.type === "handback") seat.handedBack = true;
    if (message.type !== "deploy") {
      attached.receive(message);
      return;
    }
    const workflows = worker.may("run") ? message.workflows : [];
    const tasks = worker.may("task") ? message.tasks : [];
    seat.deployed = { version: message.version, workflows };
    attached.receive({ ...message, worker: worker.id, workflows, tasks });
    if (workflows.length > 0 && !isBuildWorker(worker.id)) this.#chooseCurrent();
  }

  #send(worker: RemoteWorker, messages: readonly EngineToWorker[]): void {
    // A server that stops gives its workers up; they come back to the next one.
    if (messages.some(({ type }) => type === "drain")) {
      const seat = this.#seats.get(worker);
      if (seat === undefined) return;
      seat.givenUp = true;
      queueMicrotask(() => this.#lose(seat, { why: "the server is stopping" }, []));
      return;
    }
    const made = this.#encoder.messages(messages, (message, fault) => {
      const instead = blockedInstead(message, fault);
      if (instead !== undefined) queueMicrotask(() => this.#seats.get(worker)?.attached.receive(instead));
    });
    for (const { type, payload } of made) worker.send(type, payload);
    this.#count(worker);
  }

  /** Builds are given out by the same slots. */
  #count(worker: RemoteWorker): void {
    worker.otherWork = this.#parts.engine.tasks.worker(worker.id)?.held.size ?? 0;
  }

  #armRefill(): void {
    this.#stopRefill ??= this.#parts.clock.after(refillMs, () => {
      this.#stopRefill = undefined;
      const { tasks } = this.#parts.engine;
      if (tasks.waiting > 0) for (const { worker } of this.#seats.values()) tasks.refill(worker.id);
      if (this.#seats.size > 0) this.#armRefill();
    });
  }

  /**
   * Without code of the server's own, new runs get the newest version that a worker has: of those that are here, the one that was
   * first seen last. A version that goes on with the runs it has is not brought back by a worker that is late with its update.
   */
  #chooseCurrent(): void {
    this.#deploying = this.#deploying
      .then(() => this.#deployNewest())
      .catch((error: unknown) =>
        this.#parts.log("error", "the code of a worker could not be deployed", { error: String(error) }),
      );
  }

  async #deployNewest(): Promise<void> {
    const { engine, log, hasOwnCode } = this.#parts;
    const here = new Map(
      [...this.#seats.values()].flatMap(({ deployed, worker }) =>
        deployed === undefined || deployed.workflows.length === 0 || isBuildWorker(worker.id)
          ? []
          : [[deployed.version, deployed.workflows] as const],
      ),
    );
    if (here.size === 0 || hasOwnCode()) return;
    const seen = new Map((await engine.store.listVersions()).map(({ version, createdAt }) => [version, createdAt]));
    const firstSeen = (version: string): number => seen.get(version) ?? Number.POSITIVE_INFINITY;
    const [newest] = [...here].toSorted(([a], [b]) => firstSeen(b) - firstSeen(a) || (a < b ? -1 : 1));
    if (newest === undefined || newest[0] === engine.deployments.version) return;
    const deployed = await engine.deploy(...newest);
    if (deployed.ok) log("info", "code of a worker deployed", { version: newest[0] });
    else log("error", "the code of a worker was not deployed", { version: newest[0], ...deployed.error });
  }
}

/** Names its process, where it says so. */
function lifeOf({ hello }: RemoteWorker): string | undefined {
  return hello.life;
}

/** What it still has of a connection before, as far as that is tasks. */
function runningOf({ hello }: RemoteWorker): readonly HeldTask[] {
  return (hello.running ?? [])
    .filter(({ build_id }) => isTaskId(build_id))
    .map(({ build_id, epoch }) => ({ task: build_id, epoch }));
}

function offerOf(worker: RemoteWorker): WorkerOffer {
  const { hello, runtime, labels, capabilities } = worker;
  const tasks = worker.may("task")
    ? (hello.tasks ?? []).map((each) => (typeof each === "string" ? each : each.name))
    : [];
  return {
    runtime,
    labels: [...labels],
    capabilities: [...capabilities],
    // Asked anew each time: builds take slots, too.
    get slots() {
      return Math.max(0, worker.slots - worker.held.size);
    },
    resources: hello.resources ?? {},
    tasks,
  };
}
