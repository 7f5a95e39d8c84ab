// Hands ready runs to workers: which worker may execute which run, and what happens when none can.
import { encodeError, SluiceError } from "@sluice/protocol";
import type { RunAssignment, RunStatusReason } from "@sluice/protocol";
import { engineItself } from "../kernel/inner-actor.ts";
import { attempt } from "../kernel/result.ts";
import type { ClaimedRun, RunRecord } from "../kernel/run-store.ts";
import type { Apart } from "./apart.ts";
import type { DeployedWorker } from "./deployments.ts";
import { assignmentOf, journalOf } from "./hot-runs.ts";
import type { HotRun } from "./hot-runs.ts";
import type { EngineParts } from "./parts.ts";
import { Places } from "./places.ts";
import { RunCharges } from "./run-charges.ts";

/** Brings up a worker for a version of the code; false when that version cannot be loaded. */
export type ProvideVersion = (version: string, quarantine: boolean) => Promise<boolean>;

/** A run on its way to a worker. */
interface Waiting {
  readonly hot: HotRun;
  readonly assignment: RunAssignment;
  /** Where the rest of its journal begins. */
  readonly journalNext?: ClaimedRun["next"];
}

export class Dispatcher {
  readonly #parts: EngineParts;
  readonly #provide: ProvideVersion;
  readonly #waiting = new Map<string, Waiting[]>();
  /** Runs that may have crashed a worker: they go on alone. */
  readonly #suspects = new Set<string>();
  /** Of losses on other machines. */
  readonly charges = new RunCharges();
  #apart: Apart | undefined;
  readonly #alone: Waiting[] = [];
  #aloneRun: HotRun | undefined;
  /** For runs in memory. */
  readonly places: Places;
  #claiming = false;
  #again = false;
  /** Ready runs in the store, as far as this engine knows. */
  ready = 0;

  constructor(parts: EngineParts, provide: ProvideVersion) {
    this.#parts = parts;
    this.#provide = provide;
    const { limits, hot } = parts;
    this.places = new Places({ max: limits.concurrentRunsMax, taken: () => hot.size, onFree: () => this.kick() });
  }

  /** Runs have become ready. */
  queued(runs: number): void {
    this.ready += runs;
    this.kick();
  }

  kick(): void {
    this.#again = true;
    if (this.#claiming) return;
    this.#claiming = true;
    void this.#claim();
  }

  async #claim(): Promise<void> {
    const { store, owner, clock, limits, log } = this.#parts;
    // What was claimed is on its way until it has been handed out.
    const done = this.places.reserve(0);
    try {
      while (this.#again && !this.#parts.draining() && this.#parts.deployments.workers.length > 0) {
        this.#again = false;
        const limit = Math.min(limits.claimBatchMax, this.places.free);
        if (limit <= 0) {
          this.places.want();
          break;
        }
        const journalBytesMax = limits.journalPieceBytesMax;
        const free = this.places.reserve(limit);
        let claimed: readonly ClaimedRun[];
        try {
          // Nothing more may stand between the store's answer and this: what happens to these runs next is told in turns of its own.
          claimed = await store.claimRuns({ by: engineItself, owner, limit, now: clock.now(), journalBytesMax });
        } finally {
          free();
        }
        // Below 0 while a run was claimed before its creation has been heard of.
        const left = this.ready - claimed.length;
        this.ready = claimed.length < limit ? Math.min(0, left) : left;
        this.#again ||= claimed.length === limit;
        // All of them first: what happens to one while another is being placed is kept for it.
        const taken = claimed.map((each) => this.#add(each));
        for (const { hot, each } of taken) await this.#take(hot, each);
      }
      this.#awaitThrottles();
    } catch (error) {
      log("error", "ready runs could not be claimed", { error: String(error) });
      clock.after(limits.reloadDelayMs, () => this.kick());
    } finally {
      this.#claiming = false;
      done();
    }
  }

  /** A claim may have met a throttle that is closed: when it opens is asked of the store. */
  #awaitThrottles(): void {
    const { deployments, route, clock } = this.#parts;
    if (!deployments.workflows.some(({ manifest }) => manifest.flow?.throttle !== undefined)) return;
    route({ deliveries: [], finished: [], ready: 0, touched: [], due: clock.now() });
  }

  #add(each: ClaimedRun): { readonly hot: HotRun; readonly each: ClaimedRun } {
    const { id, epoch, workflow, version, trace } = each.run;
    const entries = each.journal.length;
    return { hot: this.#parts.hot.add({ run: id, epoch, workflow, version, trace, entries }), each };
  }

  async #take(hot: HotRun, claimed: ClaimedRun): Promise<void> {
    const { values, log } = this.#parts;
    const { run } = claimed;
    let assignment: RunAssignment;
    try {
      if (run.payloadKey !== undefined) await this.#seal(hot, run);
      const journal = await values.loadEntries(claimed.journal, journalOf(hot));
      const input = await values.load(run.input);
      const outcome = await this.#loaded(run.outcome);
      assignment = this.assignmentOf({ ...run, input, outcome }, { journal, more: claimed.next !== undefined });
    } catch (error) {
      log("error", "a run could not be taken up", { run: run.id, error: String(error) });
      await this.#block(hot, "error", error);
      return;
    }
    const place = (): Promise<void> =>
      this.#place({ hot, assignment, journalNext: claimed.next }, run).catch((error: unknown) =>
        this.#putBack(hot, error),
      );
    // One that undoes begins with that at once: nothing of it may go on then.
    const stopping = run.outcome === undefined ? undefined : this.#parts.stopped(run.id);
    if (stopping === undefined) await place();
    else void stopping.then(place);
  }

  async #seal(hot: HotRun, { payloadKey = "", forkedFrom }: RunRecord): Promise<void> {
    hot.seal = { by: await this.#parts.sealer.sealOf(payloadKey), fork: forkedFrom !== undefined };
  }

  /** The store did not take what was to be done with a run: it is given back and taken up again later. */
  #putBack(hot: HotRun, error: unknown): void {
    const { hot: hots, log, clock, limits, release } = this.#parts;
    if (hots.remove(hot.run, hot.epoch) === undefined) return;
    log("error", "a run could not be handed out yet", { run: hot.run, error: String(error) });
    this.left(hot, true);
    clock.after(limits.reloadDelayMs, () => void release(hot));
  }

  /** How an undoing run will end, with its error. */
  async #loaded(outcome: RunRecord["outcome"]): Promise<RunRecord["outcome"]> {
    if (outcome?.error === undefined) return outcome;
    return { ...outcome, error: await this.#parts.values.load(outcome.error) };
  }

  /** What a worker is told about a run. */
  assignmentOf(run: RunRecord, rest: Pick<RunAssignment, "journal" | "more">): RunAssignment {
    return assignmentOf(this.#parts, run, rest);
  }

  async #place(waiting: Waiting, run: RunRecord): Promise<void> {
    const { deployments, onDeploy } = this.#parts;
    if (this.#suspects.has(run.id)) {
      this.#alone.push(waiting);
      await this.#nextAlone();
      return;
    }
    const target = deployments.workflow(run.workflow);
    if (run.version === "") {
      await (target === undefined ? this.#unknown(waiting.hot, run) : this.#moved(waiting, run, target.version));
      return;
    }
    const exact = deployments.withVersion(run.version);
    // The code may have been without this workflow when the run was made.
    const lacks = exact !== undefined && target !== undefined && !exact.workflows.has(run.workflow);
    if (exact !== undefined && !lacks) {
      if (exact.remote && this.charges.goesAlone(run.id, this.#parts.limits.crashesMax))
        await this.#setApart(waiting, run);
      else await this.assign(waiting, exact);
      return;
    }
    const current = deployments.forCurrent(run.workflow);
    if ((lacks || onDeploy === "move") && current !== undefined) await this.#check(waiting, run, current);
    else this.#await(waiting, run.version, false);
  }

  async #setApart(waiting: Waiting, run: RunRecord): Promise<void> {
    // Few servers ever need it.
    const { Apart } = await import("./apart.ts");
    this.#apart ??= new Apart(this.#parts);
    this.#apart.place(waiting.hot, run.version, (worker) => {
      const given = worker === undefined ? this.#place(waiting, run) : this.assign(waiting, worker);
      given.catch((error: unknown) => this.#putBack(waiting.hot, error));
    });
  }

  async #unknown(hot: HotRun, run: RunRecord): Promise<void> {
    const error = new SluiceError({
      code: "workflow_not_found",
      message: `There is no workflow named ${JSON.stringify(run.workflow)}.`,
      hint: "Deploy code that has it, or cancel the run.",
    });
    await this.#block(hot, "workflow_unknown", error);
  }

  /** Sends a run to a worker. */
  async assign({ hot, assignment, journalNext }: Waiting, worker: DeployedWorker): Promise<void> {
    const { hot: hots, deployments, release, tell } = this.#parts;
    if (hots.get(hot.run, hot.epoch) !== hot) return;
    if (deployments.get(worker.link.id) !== worker) {
      // The worker has gone while the store was asked.
      hots.remove(hot.run, hot.epoch);
      this.left(hot, true);
      await release(hot);
      return;
    }
    hots.give(hot, worker.link.id);
    this.#parts.send(worker.link.id, { type: "assign", assignment });
    const { early } = hot;
    hot.early = [];
    if (early.length > 0) tell(hot, early);
    try {
      await this.#sendRest(hot, worker.link.id, journalNext);
    } catch (error) {
      tell(hot, [{ event: "drop" }]);
      this.#putBack(hot, error);
    }
  }

  async #sendRest(hot: HotRun, worker: string, next: ClaimedRun["next"]): Promise<void> {
    const { store, limits, values, send } = this.#parts;
    let cursor = next;
    while (cursor !== undefined) {
      const piece = await store.readJournal({ run: hot.run, from: cursor, bytesMax: limits.journalPieceBytesMax });
      hot.entries += piece.entries.length;
      cursor = piece.next;
      const entries = await values.loadEntries(piece.entries, journalOf(hot));
      send(worker, { type: "journal", run: hot.run, epoch: hot.epoch, entries, more: cursor !== undefined });
    }
  }

  /** Replays the run on the current code first; it moves only if that follows the journal. */
  async #check(waiting: Waiting, run: RunRecord, worker: DeployedWorker): Promise<void> {
    const { hot, assignment } = waiting;
    if (assignment.journal.length === 0) {
      await this.#moved(waiting, run, worker.version);
      return;
    }
    const moved = { ...assignment, version: worker.version };
    hot.checking = moved;
    await this.assign({ ...waiting, assignment: { ...moved, check: true } }, worker);
  }

  /** A run that has not begun needs no check to go to another version. */
  async #moved(waiting: Waiting, run: RunRecord, version: string): Promise<void> {
    const { hot, assignment } = waiting;
    const { store, clock } = this.#parts;
    await store.moveRun({ by: engineItself, run: hot.run, epoch: hot.epoch, version, now: clock.now() });
    await this.#place({ ...waiting, assignment: { ...assignment, version } }, { ...run, version });
  }

  /** A worker's answer to a replay check. */
  async checked(hot: HotRun, worker: DeployedWorker, error: Uint8Array | undefined): Promise<void> {
    const assignment = hot.checking;
    hot.checking = undefined;
    if (assignment === undefined) return;
    if (error !== undefined) {
      await this.#block(hot, "replay_check_failed", error);
      return;
    }
    const { store, clock, hot: hots, release, log } = this.#parts;
    try {
      const { version } = worker;
      await store.moveRun({ by: engineItself, run: hot.run, epoch: hot.epoch, version, now: clock.now() });
    } catch (reason) {
      log("error", "a run could not be moved yet", { run: hot.run, error: String(reason) });
    }
    // What settled during the check is in the journal: it is claimed anew, now for a worker that has its version.
    if (hots.remove(hot.run, hot.epoch) === undefined) return;
    this.left(hot, true);
    await release(hot);
  }

  #await(waiting: Waiting, version: string, quarantine: boolean): void {
    const key = `${version}\0${quarantine}`;
    const queue = this.#waiting.get(key);
    if (queue !== undefined) {
      queue.push(waiting);
      return;
    }
    this.#waiting.set(key, [waiting]);
    void this.#provide(version, quarantine).then(
      (provided) => (provided ? undefined : this.#unavailable(key, version)),
      (error: unknown) => this.#unavailable(key, version, error),
    );
  }

  /** The code of waiting runs cannot be loaded: they are parked until an operator acts. */
  async #unavailable(key: string, version: string, cause?: unknown): Promise<void> {
    const left = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    const error = new SluiceError({
      code: "version_unavailable",
      message: `The code this run was started with (version ${version || "unknown"}) cannot be loaded.`,
      hint: "Retry the run with the current code, fork it, or cancel it.",
      ...(cause === undefined ? {} : { details: { cause: cause instanceof Error ? cause.message : "unknown" } }),
    });
    for (const { hot } of left) {
      try {
        await this.#block(hot, "version_unavailable", error);
      } catch (reason) {
        this.#parts.log("error", "a run could not be parked yet", { run: hot.run, error: String(reason) });
        if (this.#parts.hot.remove(hot.run, hot.epoch) !== undefined) await this.#parts.release(hot);
      }
    }
  }

  /** A worker has come: give it the runs that waited for it. */
  async arrived(worker: DeployedWorker): Promise<void> {
    const key = `${worker.version}\0${worker.quarantine}`;
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const each of waiting) await this.assign(each, worker);
    this.kick();
  }

  /** Marks runs as suspected of having crashed their worker. */
  suspect(run: string): void {
    this.#suspects.add(run);
  }

  /** A run has left memory. */
  left(hot: HotRun, cleared: boolean): void {
    if (cleared) {
      this.#suspects.delete(hot.run);
      // One that no worker had been found for has done nothing meanwhile.
      if (hot.worker !== undefined) this.charges.clear(hot.run);
    }
    if (this.#aloneRun === hot) {
      this.#aloneRun = undefined;
      void this.#nextAlone();
    }
    this.places.freed();
  }

  async #nextAlone(): Promise<void> {
    if (this.#aloneRun !== undefined) return;
    const next = this.#alone.shift();
    if (next === undefined) return;
    if (this.#parts.hot.get(next.hot.run, next.hot.epoch) !== next.hot) {
      await this.#nextAlone();
      return;
    }
    this.#aloneRun = next.hot;
    const { version } = next.assignment;
    const worker = this.#parts.deployments.withVersion(version, true);
    if (worker === undefined) this.#await(next, version, true);
    else await this.assign(next, worker);
  }

  async #block(hot: HotRun, reason: RunStatusReason, error: unknown): Promise<void> {
    const { store, clock, hot: hots, left, watchers } = this.#parts;
    const bytes = error instanceof Uint8Array ? error : encodeError(error);
    const now = clock.now();
    const blocked = await attempt(() =>
      store.blockRun({ by: engineItself, run: hot.run, epoch: hot.epoch, reason, error: bytes, now }),
    );
    if (!blocked.ok) {
      this.#putBack(hot, blocked.error.message);
      return;
    }
    const outcome = blocked.value;
    if (hots.remove(hot.run, hot.epoch) !== undefined) left(hot);
    if (outcome.outcome === "ok") {
      watchers.publish({
        run: hot.run,
        type: "run",
        at: clock.now(),
        data: { status: "waiting", statusReason: reason },
      });
    }
  }
}
