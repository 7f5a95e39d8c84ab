// Builds: rows that wait for a worker that suits them, are given to one under an epoch, and are given to another when it is lost.
import { decodeValue, encodeValue, workerMessageCodes } from "@sluice/protocol";
import type { BuildEnd, BuildPlacement, BuildRecord } from "../kernel/build-store.ts";
import { attempt, fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor } from "../kernel/run-store.ts";
import { digestsOf, type BuildFile } from "./build-files.ts";
import { compact, endOf, writeProgress } from "./build-reports.ts";
import type { BuildReport } from "./build-reports.ts";
import { listAll, noBuild } from "./build-rows.ts";
import { BuildWriter } from "./build-writer.ts";
import { placed } from "./placement.ts";
import type { FleetParts } from "./ports.ts";
import type { RemoteWorker } from "./remote-worker.ts";
import { Watchers } from "./watchers.ts";

/** A build that a worker has, or had until its connection closed. */
interface Running {
  readonly build: string;
  readonly epoch: number;
  /** Name of the worker. */
  readonly worker: string;
  readonly writer: BuildWriter;
  stopTimers: () => void;
  /** Its end is on its way into the store. */
  ending: boolean;
  /** Its worker was asked to end it. */
  interrupted: BuildEnd | undefined;
}

interface Queued {
  readonly on: BuildPlacement;
  /** The same for builds that ask for the same. */
  readonly kind: string;
}

/** After the store refused a write. */
const placeAgainMs = 1_000;

export class Builds {
  readonly #parts: FleetParts;
  readonly #workers: () => Iterable<RemoteWorker>;
  /** Queued builds, oldest first. */
  readonly #queue = new Map<string, Queued>();
  readonly #running = new Map<string, Running>();
  /** Cancelled while they were being given out. */
  readonly #cancelled = new Set<string>();
  readonly #watchers = new Watchers();
  #placing = false;
  #stopped = false;

  constructor(parts: FleetParts, workers: () => Iterable<RemoteWorker>) {
    this.#parts = parts;
    this.#workers = workers;
  }

  /** Takes up what an earlier server has left: workers that had builds have the grace to come back to them. */
  async start(): Promise<void> {
    for (const record of await listAll(this.#parts.store, "queued")) this.#enqueue(record.id, record.on);
    for (const record of await listAll(this.#parts.store, "running")) this.#armTimeout(this.#track(record), record);
    if (this.#running.size > 0) {
      this.#parts.clock.after(this.#parts.limits.reconnectGraceMs, () => this.#giveUpLost());
    }
  }

  /** No build is given out any more. What workers have stays theirs: they come back to the next server. */
  stop(): void {
    this.#stopped = true;
    for (const running of this.#running.values()) running.stopTimers();
  }

  get queued(): number {
    return this.#queue.size;
  }

  async create(p: {
    readonly by: Actor;
    readonly target: string;
    /** As BUILD_REQUEST carries them. */
    readonly options: Readonly<Record<string, unknown>> & { readonly inputs?: readonly BuildFile[] | undefined };
    readonly on: BuildPlacement;
  }): Promise<Result<BuildRecord>> {
    const { clock, limits, newBuildId, store } = this.#parts;
    const build = {
      id: newBuildId(),
      target: p.target,
      options: encodeValue(compact(p.options)),
      on: p.on,
      createdAt: clock.now(),
    };
    const rest = { blobs: digestsOf(p.options.inputs), queuedMax: limits.buildsQueuedMax };
    const made = await attempt(() => store.builds.createBuild({ by: p.by, build, ...rest }));
    if (!made.ok) return made;
    if (made.value.outcome === "full") {
      return fail({
        code: "builds_full",
        message: `${limits.buildsQueuedMax} builds wait for a worker (buildsQueuedMax).`,
        hint: "Try again when there are fewer, or add workers.",
      });
    }
    this.#enqueue(build.id, build.on);
    this.#tell(build.id);
    this.place();
    return ok(made.value.build);
  }

  /** Ends a build early: one that a worker has when that says so, or after a grace. */
  async cancel(p: { readonly by: Actor; readonly build: string }): Promise<Result<BuildRecord>> {
    const { clock, store } = this.#parts;
    const cancelled = await attempt(() => store.builds.cancelBuild({ ...p, now: clock.now() }));
    if (!cancelled.ok) return cancelled;
    const answer = cancelled.value;
    if (answer.outcome === "not_found") return noBuild(p.build);
    if (answer.outcome === "final") {
      return fail({
        code: "build_is_final",
        message: `The build has ended: ${answer.build.status}.`,
        hint: "Begin another one.",
      });
    }
    this.#queue.delete(p.build);
    this.#tell(p.build);
    const running = this.#running.get(p.build);
    if (running !== undefined) this.#interrupt(running, { status: "cancelled" });
    else if (answer.build.status === "running") this.#cancelled.add(p.build);
    return ok(answer.build);
  }

  async get(build: string): Promise<Result<BuildRecord>> {
    const found = await attempt(() => this.#parts.store.builds.getBuild({ build }));
    if (!found.ok) return found;
    return found.value === undefined ? noBuild(build) : ok(found.value);
  }

  /** Calls back whenever something of this build was written. Answers how to stop listening. */
  watch(build: string, changed: () => void): () => void {
    return this.#watchers.watch(build, changed);
  }

  /** Gives out what can be given out. */
  place(): void {
    if (this.#placing || this.#stopped) return;
    this.#placing = true;
    void this.#placeAll();
  }

  async #placeAll(): Promise<void> {
    try {
      for (let again = true; again && !this.#stopped;) {
        again = false;
        /** Where there is no room, there is none for those that ask for the same. */
        const full = new Set<string>();
        for (const [build, { on, kind }] of this.#queue) {
          const worker = full.has(kind) ? undefined : placed(this.#workers(), on);
          if (worker === undefined) {
            full.add(kind);
            continue;
          }
          this.#queue.delete(build);
          // The slot is taken while the claim is on its way.
          worker.held.set(build, { build, epoch: 0, over: false });
          if (!(await this.#give(build, on, worker))) return;
          again = true;
        }
      }
    } finally {
      // In the same turn as the last look, so that nobody who calls in between is overlooked.
      this.#placing = false;
    }
  }

  #enqueue(build: string, on: BuildPlacement): void {
    this.#queue.set(build, { on, kind: JSON.stringify(on) });
  }

  /** False when the store cannot be written to: it is tried again later. */
  async #give(build: string, on: BuildPlacement, worker: RemoteWorker): Promise<boolean> {
    const { clock, store, log } = this.#parts;
    const claimed = await attempt(() => store.builds.claimBuild({ build, worker: worker.id, now: clock.now() }));
    if (!claimed.ok || claimed.value.outcome === "refused") {
      worker.held.delete(build);
      if (!claimed.ok) {
        log("warn", "a build could not be given out", { build, error: claimed.error.message });
        this.#enqueue(build, on);
        clock.after(placeAgainMs, () => this.place());
        return false;
      }
      return true;
    }
    const record = claimed.value.build;
    const running = this.#track(record);
    this.#tell(build);
    if (worker.gone) {
      await this.#release([running], "the worker left");
      return true;
    }
    const request = worker.send(workerMessageCodes.BUILD_REQUEST, {
      build_id: build,
      target: record.target,
      options: decodeValue(record.options),
      epoch: record.epoch,
    });
    worker.held.set(build, { build, epoch: record.epoch, request, over: false });
    this.#armTimeout(running, record);
    if (this.#cancelled.delete(build)) this.#interrupt(running, { status: "cancelled" });
    return true;
  }

  #track(record: BuildRecord): Running {
    const { clock, limits, store } = this.#parts;
    const { id: build, epoch, worker = "" } = record;
    const writer = new BuildWriter({
      store: store.builds,
      build,
      epoch,
      keepBytes: limits.buildOutputBytesMax,
      pendingBytesMax: limits.buildPendingBytesMax,
      now: () => clock.now(),
      written: () => this.#tell(build),
    });
    const interrupted = record.cancelling ? ({ status: "cancelled" } as const) : undefined;
    const running: Running = { build, epoch, worker, writer, stopTimers: () => undefined, ending: false, interrupted };
    this.#running.set(build, running);
    return running;
  }

  #armTimeout(running: Running, record: BuildRecord): void {
    const { timeout_ms: timeoutMs } = decodeValue(record.options) as { readonly timeout_ms?: number };
    if (timeoutMs === undefined) return;
    running.stopTimers = this.#parts.clock.after(timeoutMs, () => {
      const error = { code: "timeout", message: `The build took longer than ${timeoutMs} ms.` };
      this.#interrupt(running, { status: "failed", error });
    });
  }

  /** Asks the worker to end a build, and ends it with these words when the worker does not. */
  #interrupt(running: Running, end: BuildEnd): void {
    const { clock, limits } = this.#parts;
    running.interrupted = end;
    this.#holderOf(running)?.send(workerMessageCodes.BUILD_CANCEL, {
      build_id: running.build,
      grace_ms: limits.buildCancelGraceMs,
    });
    running.stopTimers();
    // A timeout is over at once: what the worker says of it afterwards is late.
    const graceMs = end.status === "cancelled" ? limits.buildCancelGraceMs : 0;
    running.stopTimers = clock.after(graceMs, () => {
      const held = this.#holderOf(running)?.held.get(running.build);
      if (held !== undefined) held.over = true;
      void this.#end(running, end);
    });
  }

  #holderOf({ build, epoch, worker }: Running): RemoteWorker | undefined {
    for (const each of this.#workers()) {
      if (each.id === worker && each.held.get(build)?.epoch === epoch) return each;
    }
    return undefined;
  }

  /**
   * What a worker says of a build it has. Undefined: it has been taken; a promise: no more of this worker is handled until it has
   * been. An error is for the worker.
   */
  report(worker: RemoteWorker, report: BuildReport): Promise<void> | undefined | { readonly error: string } {
    const { payload } = report;
    const held = worker.held.get(payload.build_id);
    const running = this.#running.get(payload.build_id);
    const named = "epoch" in payload ? payload.epoch : undefined;
    const isEnd = report.name === "BUILD_COMPLETED" || report.name === "BUILD_FAILED";
    if (held !== undefined && isEnd && (named === undefined || named === held.epoch)) worker.held.delete(held.build);
    if (held?.over === true && isEnd) this.place();
    if (
      held === undefined ||
      held.over ||
      running === undefined ||
      running.ending ||
      running.epoch !== held.epoch ||
      (named !== undefined && named !== running.epoch)
    ) {
      this.#parts.log("warn", "a worker spoke of a build that is not its own", {
        worker: worker.id,
        build: payload.build_id,
        epoch: named,
        message: report.name,
      });
      return { error: `The build ${payload.build_id} is not this worker's any more.` };
    }
    return this.#take(running, report);
  }

  /**
   * A worker does not take a build that it was just asked for (`request`: the message), and another one is. False for another
   * message. One that stays gets the next build a little later: it would refuse that as well.
   */
  refused(worker: RemoteWorker, request: string | undefined, why: string): boolean {
    const held = [...worker.held.values()].find((each) => each.request === request && request !== undefined);
    const running = held === undefined || held.over ? undefined : this.#running.get(held.build);
    if (held === undefined || running === undefined || running.ending || running.epoch !== held.epoch) return false;
    held.over = true;
    const free = (): void => {
      if (worker.held.get(held.build) === held) worker.held.delete(held.build);
      this.place();
    };
    if (worker.draining) free();
    else this.#parts.clock.after(placeAgainMs, free);
    void this.#release([running], why);
    return true;
  }

  #take(running: Running, report: BuildReport): Promise<void> | undefined {
    const at = this.#parts.clock.now();
    switch (report.name) {
      case "BUILD_STARTED":
        return running.writer.event({ kind: "started", at });
      case "BUILD_PROGRESS":
        return writeProgress(running.writer, report.payload, at);
      default:
        return this.#end(running, endOf(report));
    }
  }

  async #end(running: Running, end: BuildEnd): Promise<void> {
    if (running.ending) return;
    running.ending = true;
    running.stopTimers();
    const written = await attempt(() => running.writer.end(end));
    if (!written.ok) {
      // Nobody knows of the end: the build is given out again.
      running.ending = false;
      await this.#release([running], `the end could not be stored: ${written.error.message}`);
      return;
    }
    if (this.#running.get(running.build) === running) this.#running.delete(running.build);
    this.#tell(running.build);
    this.place();
  }

  /** The builds a worker has when it comes (back): what it announces and still is its own stays, the rest is given out again. */
  resume(worker: RemoteWorker): void {
    const lost: Running[] = [];
    for (const running of this.#running.values()) {
      if (running.worker !== worker.id || running.ending) continue;
      const announced = worker.hello.running?.some(
        ({ build_id: build, epoch }) => build === running.build && epoch === running.epoch,
      );
      if (announced === true) {
        worker.held.set(running.build, { build: running.build, epoch: running.epoch, over: false });
        if (running.interrupted !== undefined) this.#interrupt(running, running.interrupted);
      } else lost.push(running);
    }
    void this.#release(lost, "the worker came back without it");
  }

  /** The builds of a worker that is gone are given out again. */
  release(worker: string, why: string): void {
    const lost = [...this.#running.values()].filter((running) => running.worker === worker && !running.ending);
    void this.#release(lost, why);
  }

  #giveUpLost(): void {
    const lost = [...this.#running.values()].filter(
      (running) => !running.ending && this.#holderOf(running) === undefined,
    );
    void this.#release(lost, "its worker did not come back after the server had started");
  }

  async #release(lost: readonly Running[], why: string): Promise<void> {
    if (lost.length === 0) return;
    for (const running of lost) {
      running.stopTimers();
      running.ending = true;
      if (this.#running.get(running.build) === running) this.#running.delete(running.build);
    }
    const { clock, log, store } = this.#parts;
    const builds = lost.map(({ build, epoch }) => ({ build, epoch }));
    const released = await attempt(() => store.builds.releaseBuilds({ builds, why, now: clock.now() }));
    if (!released.ok) {
      log("error", "builds of a lost worker could not be given back; it is tried again", { error: released.error });
      clock.after(placeAgainMs, () => void this.#release(lost, why));
      return;
    }
    for (const record of released.value.released) {
      if (record.status === "queued") this.#enqueue(record.id, record.on);
      this.#tell(record.id);
    }
    this.place();
  }

  #tell(build: string): void {
    this.#watchers.tell(build);
    this.#parts.changed?.("build");
  }
}
