// Keeps the workers of each version of the code running: starts them as child processes, restarts those that crash, stops
// those that are no longer needed, and tells the engine what is known when one is gone.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AttachedWorker, Attaching, Clock, Logger, WorkerLink } from "@sluice/core";
import type { WorkflowManifest } from "@sluice/protocol";
import type { ChildSetup } from "@sluice/worker/child";
import { killLeftBehind } from "./supervisor-orphans.ts";
import { WorkerChild } from "./supervisor-child.ts";
import type { CodeProblem } from "./supervisor-child.ts";
import type { SupervisorLimits } from "./supervisor-limits.ts";
import { WorkerSocket } from "./worker-socket.ts";

/** What the supervisor needs of the engine. */
export interface SupervisedEngine {
  attach(link: WorkerLink, options: Attaching): AttachedWorker;
  /** Gives the worker nothing new: it is about to leave. */
  retire(worker: string): void;
}

export interface SupervisorOptions {
  /** Folder for the socket and the flight recorders; made when missing. */
  readonly folder: string;
  readonly socket: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: SupervisorLimits;
  /** Random lower-case hex of so many bytes. */
  readonly secret: (bytes: number) => string;
  readonly newId: () => string;
  /** The engine, once it may be given workers. */
  readonly engine: Promise<SupervisedEngine>;
  /** File with the code of a version; undefined when it is not there. */
  readonly code: (version: string) => Promise<string | undefined>;
  readonly worker: Pick<ChildSetup, "modules" | "limits" | "drainMs">;
  /** Keep one child started and waiting, so that the next version is up sooner. */
  readonly spare: boolean;
}

/** A worker as shown to operators. */
export interface WorkerInfo {
  readonly id: string;
  readonly pid: number;
  readonly version: string;
  readonly lane: "main" | "quarantine";
  readonly status: "starting" | "serving" | "stalled" | "leaving";
  readonly startedAt: number;
  /** Runs in its memory. */
  readonly runs: number;
  /** Where its thread is blocked. */
  readonly stalledIn?: { readonly run: string; readonly step: string } | undefined;
}

export type LaneStart =
  | { readonly ok: true; readonly manifests: readonly WorkflowManifest[] }
  | { readonly ok: false; readonly problem: CodeProblem };

/** One version of the code, for runs in general or for suspects alone. */
interface Lane {
  readonly version: string;
  readonly quarantine: boolean;
  child: WorkerChild | undefined;
  starting: Promise<LaneStart> | undefined;
  crashes: number;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Those whose child gives back what it runs: should their version be wanted again, another child is started for it. */
  readonly #leaving = new Set<Lane>();
  readonly #children = new Set<WorkerChild>();
  readonly #socket: WorkerSocket;
  readonly #stopBeat: () => void;
  #spare: WorkerChild | undefined;
  #current = "";
  #lastBeatAt: number;
  #resting = false;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    const { folder, socket, clock, log, limits, newId } = options;
    this.#options = options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    killLeftBehind(readdirSync(folder), log);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
    this.#socket = new WorkerSocket({
      path: socket,
      clock,
      log,
      newId,
      heartbeatMs: limits.workerHeartbeatMs,
      leaseMs: limits.leaseMs,
      helloTimeoutMs: limits.helloTimeoutMs,
      admit: (worker, token) => [...this.#children].find((child) => child.id === worker && child.knows(token)),
    });
    this.#lastBeatAt = clock.now();
    const timer = setInterval(() => this.#beat(), limits.workerHeartbeatMs);
    this.#stopBeat = () => clearInterval(timer);
  }

  /** Starts a child that waits for its code, so that loading code and starting a process overlap. */
  prepare(): void {
    this.#spare ??= this.#spawn();
  }

  get workers(): readonly WorkerInfo[] {
    const infos: WorkerInfo[] = [];
    for (const { child, quarantine } of [...this.#leaving, ...this.#lanes.values()]) {
      if (child === undefined) continue;
      const { id, pid, version, startedAt, stalled } = child;
      const status =
        stalled !== undefined
          ? "stalled"
          : child.serving
            ? "serving"
            : child.attached === undefined
              ? "starting"
              : "leaving";
      const stalledIn = stalled?.executing[0];
      const lane = quarantine ? "quarantine" : "main";
      infos.push({
        id,
        pid,
        version,
        lane,
        status,
        startedAt,
        runs: child.runs.size,
        ...(stalledIn === undefined ? {} : { stalledIn }),
      });
    }
    return infos;
  }

  /** Brings up a worker of this version and says what it can execute. It is not current yet. */
  load(version: string): Promise<LaneStart> {
    return this.#ensure(version, false);
  }

  /** From now on a worker of this version is kept running. With `move`, those of other versions give back what they run. */
  async setCurrent(version: string, move: boolean): Promise<void> {
    this.#current = version;
    if (this.#options.spare) this.#options.clock.after(0, () => this.prepare());
    if (!move) return;
    const old = [...this.#lanes.values()].filter((lane) => lane.version !== version && !lane.quarantine);
    await Promise.all(old.map((lane) => this.#handOver(lane)));
  }

  /** Gives up a version that was loaded and then not made current. */
  async discard(version: string): Promise<void> {
    const lane = this.#lanes.get(laneKey(version, false));
    if (lane !== undefined && version !== this.#current) await this.#stopLane(lane);
  }

  /** For the engine: a worker of a version that a run needs. */
  async provide(version: string, quarantine: boolean): Promise<boolean> {
    if (version === "" || this.#stopping) return false;
    const { clock, limits } = this.#options;
    for (let starts = 1; ; starts++) {
      const start = await this.#ensure(version, quarantine);
      if (start.ok) return true;
      // The current one has worked before: it is tried until it works again.
      if (version === this.#current && !quarantine && !this.#stopping) continue;
      // A child that was killed says nothing about its code: whoever waits for it is not parked for that.
      if (start.problem.code === "worker_failed" && starts < startsMax && !this.#stopping) {
        await new Promise<void>((resolve) => clock.after(restartDelayMs(starts, limits), resolve));
        continue;
      }
      this.#options.log("error", "a version of the code cannot be loaded", { version, ...start.problem });
      return false;
    }
  }

  /** Workers that give back what they run stay from now on: they still check inputs and look for what triggers runs. */
  rest(): void {
    this.#resting = true;
  }

  /** Ends a rest: others take the place of those that gave back what they ran. */
  async wake(): Promise<void> {
    this.#resting = false;
    await Promise.all([...this.#lanes.values()].map((lane) => this.#handOver(lane)));
  }

  /** Ends every child at once. The engine has drained or given up before. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stopBeat();
    const children = [...this.#children];
    for (const child of children) child.leave();
    const { clock } = this.#options;
    const cancel = clock.after(leaveGraceMs, () => {
      for (const child of children) child.kill("it did not leave");
    });
    await Promise.all(children.map((child) => child.ended));
    cancel();
    this.#socket.stop();
  }

  /** A worker of this lane that serves, started where there is none. */
  async #ensure(version: string, quarantine: boolean): Promise<LaneStart> {
    const key = laneKey(version, quarantine);
    const lane = this.#lanes.get(key) ?? { version, quarantine, child: undefined, starting: undefined, crashes: 0 };
    this.#lanes.set(key, lane);
    lane.starting ??= this.#start(lane).catch((error: unknown) => ({
      ok: false as const,
      problem: { code: "worker_failed", message: `A worker could not be started: ${String(error)}` },
    }));
    const { starting } = lane;
    const start = await starting;
    if (!start.ok && lane.starting === starting) {
      lane.starting = undefined;
      lane.crashes++;
      if (version !== this.#current && this.#lanes.get(key) === lane) this.#lanes.delete(key);
    }
    return start;
  }

  async #start(lane: Lane): Promise<LaneStart> {
    const { clock, limits, project, socket, worker, code } = this.#options;
    const delayMs = restartDelayMs(lane.crashes, limits);
    if (delayMs > 0) await new Promise<void>((resolve) => clock.after(delayMs, resolve));
    const file = await code(lane.version);
    if (file === undefined) {
      return { ok: false, problem: { code: "version_unavailable", message: "Its code is not in the data folder." } };
    }
    if (this.#stopping) return { ok: false, problem: { code: "draining", message: "The server is stopping." } };
    const child = this.#spare ?? this.#spawn();
    this.#spare = undefined;
    lane.child = child;
    const { workerHeartbeatMs: heartbeatMs } = limits;
    child.begin({ socket, version: lane.version, code: file, project, heartbeatMs, ...worker });
    const loading = import("./supervisor-offer.ts");
    const [start, engine, { childOffer }] = await Promise.all([child.started, this.#options.engine, loading]);
    if (!start.ok) {
      if (lane.child === child) lane.child = undefined;
      child.leave();
      return start;
    }
    child.attached = engine.attach(child, { quarantine: lane.quarantine, offer: childOffer(limits) });
    child.attached.receive(start.deploy);
    // One that gives its runs back is about to leave, whoever told it to.
    void child.handedBack.then(() => (this.#resting ? undefined : engine.retire(child.id)));
    void child.ended.then((end) => this.#ended(lane, child, end));
    return { ok: true, manifests: start.deploy.workflows };
  }

  #spawn(): WorkerChild {
    const { folder, project, env, clock, log, limits, secret } = this.#options;
    const id = `worker-${secret(6)}`;
    const recorder = join(folder, `${id}.steps`);
    const child = new WorkerChild({ id, token: secret(32), recorder, project, env, clock, log, limits });
    this.#children.add(child);
    void child.ended.then(() => {
      this.#children.delete(child);
      if (this.#spare === child) this.#spare = undefined;
    });
    return child;
  }

  async #ended(lane: Lane, child: WorkerChild, end: Awaited<WorkerChild["ended"]>): Promise<void> {
    if (lane.child === child) {
      lane.child = undefined;
      lane.starting = undefined;
    }
    if (this.#stopping) return;
    const { clock, limits, log } = this.#options;
    lane.crashes = clock.now() - child.startedAt >= limits.stableAfterMs ? 0 : lane.crashes;
    if (end.crashed) {
      lane.crashes++;
      const [first] = end.executing;
      log("error", "a worker crashed", {
        worker: child.id,
        version: lane.version,
        cause: end.message,
        ...first,
        executing: end.executing.length,
      });
    }
    await child.attached?.lost(end);
    await this.#restart(lane);
  }

  /** The current version always has a worker; others get one when a run needs it. */
  async #restart(lane: Lane): Promise<void> {
    while (!this.#stopping && lane.version === this.#current && !lane.quarantine) {
      const start = await this.#ensure(lane.version, false);
      if (start.ok) return;
      this.#options.log("error", "the worker cannot be started again yet", { version: lane.version, ...start.problem });
    }
  }

  async #handOver(lane: Lane): Promise<void> {
    const { child } = lane;
    if (child?.attached === undefined) return;
    this.#forget(lane);
    this.#leaving.add(lane);
    const engine = await this.#options.engine;
    engine.retire(child.id);
    child.send([{ type: "drain", ms: this.#options.worker.drainMs }]);
    await child.handedBack;
    await this.#stopLane(lane);
    this.#leaving.delete(lane);
  }

  #forget(lane: Lane): void {
    const key = laneKey(lane.version, lane.quarantine);
    if (this.#lanes.get(key) === lane) this.#lanes.delete(key);
  }

  async #stopLane(lane: Lane): Promise<void> {
    const { child } = lane;
    this.#forget(lane);
    if (child === undefined) return;
    child.leave();
    await child.ended;
  }

  #beat(): void {
    const { clock, limits } = this.#options;
    const now = clock.now();
    // When this process itself was stopped or busy, its children are not to blame for the silence.
    const lateMs = Math.max(0, now - this.#lastBeatAt - 2 * limits.workerHeartbeatMs);
    this.#lastBeatAt = now;
    for (const child of this.#children) child.beat(lateMs);
    for (const lane of this.#lanes.values()) {
      const { child } = lane;
      if (child === undefined || !child.serving || child.runs.size + child.tasks.size > 0) continue;
      const needed = lane.version === this.#current && !lane.quarantine;
      if (!needed && now - child.lastBusyAt >= limits.idleStopMs) void this.#retire(lane, child);
    }
  }

  async #retire(lane: Lane, child: WorkerChild): Promise<void> {
    const engine = await this.#options.engine;
    engine.retire(child.id);
    this.#options.log("info", "a worker without work is stopped", { worker: child.id, version: lane.version });
    await this.#stopLane(lane);
  }
}

/** As often a worker of a version that runs wait for is started before its code counts as the reason that it ends. */
const startsMax = 8;
/** How long a child that was told to leave may take. */
const leaveGraceMs = 2_000;

/** None after the first crash, which may have been anybody's doing; then longer each time. */
function restartDelayMs(crashes: number, limits: SupervisorLimits): number {
  return crashes < 2 ? 0 : Math.min(limits.restartDelayMsMax, limits.restartDelayMs * 2 ** (crashes - 2));
}

function laneKey(version: string, quarantine: boolean): string {
  return `${version} ${quarantine ? "quarantine" : "main"}`;
}
