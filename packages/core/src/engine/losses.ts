// What happens when a worker is gone: its runs are given out again, and those that may have killed it go on alone.
import { encodeError, SluiceError } from "@sluice/protocol";
import { isTaskId } from "../kernel/ids.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { HotRun } from "./hot-runs.ts";
import type { EngineParts } from "./parts.ts";
import type { TaskWorker } from "./tasks/offer.ts";
import type { WorkerLoss } from "./worker-link.ts";
import { engineItself } from "../kernel/inner-actor.ts";

/** The loss of a machine that executed more runs says too little of any of them. */
const chargedAtOnceMax = 20;

export class Losses {
  readonly #parts: EngineParts;
  readonly #dispatcher: Dispatcher;

  constructor(parts: EngineParts, dispatcher: Dispatcher) {
    this.#parts = parts;
    this.#dispatcher = dispatcher;
  }

  async lost(by: TaskWorker, loss: WorkerLoss): Promise<void> {
    const worker = by.link.id;
    const { hot: hots, deployments, log, count } = this.#parts;
    const alone = deployments.get(worker)?.quarantine === true;
    deployments.remove(worker);
    const runs = hots.on(worker);
    const suspects = loss.crashed ? suspectsAmong(runs, loss, alone) : [];
    const others = runs.filter((hot) => !suspects.includes(hot));
    if (loss.crashed) {
      count("worker_losses");
      log("warn", "a worker is gone", { worker, runs: runs.length, suspects: suspects.length, cause: loss.message });
    }
    for (const hot of suspects) this.#dispatcher.suspect(hot.run);
    for (const hot of runs) hots.remove(hot.run, hot.epoch);
    const poisonous = this.#chargedTooOften(by, loss, runs);
    const only = suspects.length === 1 ? suspects[0] : poisonous;
    if (only !== undefined) await this.#blameOrRelease(only, loss, alone);
    await this.release([...others, ...suspects].filter((hot) => hot !== only));
    for (const hot of runs) this.#dispatcher.left(hot, false);
  }

  /** Charges the loss of a machine to the runs that were executing there; the one that was alone, when that was once too often. */
  #chargedTooOften({ link, remote, held }: TaskWorker, loss: WorkerLoss, runs: readonly HotRun[]): HotRun | undefined {
    const { life } = loss;
    const executing = runs.filter((hot) => !hot.idle);
    if (!remote || loss.unexplained !== true || life === undefined || executing.length > chargedAtOnceMax)
      return undefined;
    const what = `${link.id}: ${loss.message}`;
    const counts = executing.map(({ run }) => this.#dispatcher.charges.charge(run, { life, what }));
    const [losses = 0, ...others] = counts;
    const alone = others.length === 0 && held.size === 0;
    return alone && losses >= this.#parts.limits.crashesMax ? executing[0] : undefined;
  }

  /** Gives runs back to be claimed anew; tried until the store takes it, or this engine stops: the next one takes up what it had. */
  async release(runs: readonly HotRun[], crashed = false): Promise<void> {
    if (runs.length === 0) return;
    const { store, clock, limits, route, kick, log, draining } = this.#parts;
    try {
      const { effects } = await store.releaseRuns({
        by: engineItself,
        runs: runs.map(({ run, epoch }) => ({ run, epoch })),
        crashed,
        now: clock.now(),
      });
      route(effects);
      kick();
    } catch (error) {
      if (draining()) return;
      log("error", "runs could not be given back yet", { runs: runs.length, error: String(error) });
      clock.after(limits.reloadDelayMs, () => void this.release(runs, crashed));
    }
  }

  /** A store that fails must not keep the run for ever: it is given back later, this crash not counted. */
  async #blameOrRelease(hot: HotRun, loss: WorkerLoss, alone: boolean): Promise<void> {
    const { clock, limits, log } = this.#parts;
    try {
      await this.#blame(hot, loss, alone);
    } catch (error) {
      log("error", "the crash of a worker could not be recorded", { run: hot.run, error: String(error) });
      clock.after(limits.reloadDelayMs, () => void this.release([hot]));
    }
  }

  /** Counts a crash against a run; it is parked only for one that happened while it was alone. */
  async #blame(hot: HotRun, loss: WorkerLoss, alone: boolean): Promise<void> {
    const { store, clock, limits, route, log, watchers } = this.#parts;
    const { run } = hot;
    const crashes = ((await store.getRun({ run }))?.crashes ?? 0) + 1;
    const now = clock.now();
    const released = store.releaseRuns({ by: engineItself, runs: [hot], crashed: true, now });
    const far = !loss.crashed;
    if (!far && (!alone || crashes < limits.crashesMax)) {
      route((await released).effects);
      return;
    }
    const step = loss.executing.find((each) => each.run === run)?.step;
    const error = encodeError(
      far ? this.#dispatcher.charges.poisonOf(run) : poison({ crashes, step, cause: loss.message }),
    );
    this.#dispatcher.charges.clear(run);
    // Asked for before the release is answered: nobody can claim the run in between, and crash once more.
    const blocked = store.blockRun({ by: engineItself, run, epoch: hot.epoch + 1, reason: "poison", error, now });
    const [, { outcome }] = await Promise.all([released, blocked]);
    if (outcome !== "ok") return;
    log("error", "a run is parked: it keeps crashing its worker", { run, step, crashes });
    watchers.publish({ run, type: "run", at: clock.now(), data: { status: "waiting", statusReason: "poison" } });
  }
}

function poison(details: { readonly crashes: number; readonly step: string | undefined; readonly cause: string }) {
  const { crashes, step } = details;
  return new SluiceError({
    code: "poison",
    message: `The run took its worker down ${crashes} times${step === undefined ? "" : `, the last time in step "${step}"`}.`,
    hint: "Mend the step, deploy, and resume or retry the run.",
    details,
  });
}

/** Those that were executing a step; without that evidence those that were doing anything, for their workflow's own code. */
function suspectsAmong(runs: readonly HotRun[], loss: WorkerLoss, alone: boolean): readonly HotRun[] {
  if (alone) return runs;
  const executing = new Set(loss.executing.map((each) => each.run));
  const found = runs.filter((hot) => executing.has(hot.run));
  // A task is no run's doing: it is charged by itself.
  if (found.length === 0 && loss.executing.some(({ run }) => isTaskId(run))) return [];
  return found.length > 0 ? found : runs.filter((hot) => !hot.idle);
}
