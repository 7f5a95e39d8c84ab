// Tasks that were told to stop and have not yet: what takes their effects back waits for them. Known in memory alone: a worker that is
// gone has stopped, and a server that starts anew knows of none.
import type { Clock } from "../../kernel/clock.ts";
import type { ActiveTask } from "./active-task.ts";
import { ticketOf } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";

interface Stopping extends Pick<ActiveTask, "run" | "plan"> {
  /** Id of the worker that has it. */
  readonly worker: string;
  readonly giveUp: () => void;
}

export class StoppingTasks {
  readonly #clock: Clock;
  readonly #waitMs: number;
  /** By `ticketOf`. */
  readonly #tasks = new Map<string, Stopping>();
  readonly #byRun = new Map<string, { readonly tickets: Set<string>; readonly over: Over }>();

  /** `waitMs`: nobody waits longer for one of them. */
  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  /** A worker has been told to stop a task. */
  add({ task, epoch, run, plan }: ActiveTask, worker: string): void {
    const ticket = ticketOf(task, epoch);
    if (this.#tasks.has(ticket)) return;
    const giveUp = this.#clock.after(this.#waitMs, () => this.#stopped(ticket));
    this.#tasks.set(ticket, { run, plan, worker, giveUp });
    const ofRun = this.#byRun.get(run) ?? { tickets: new Set<string>(), over: madeOver() };
    ofRun.tickets.add(ticket);
    this.#byRun.set(run, ofRun);
  }

  /** A worker does not have it any more, wanted or not; false when it had not. */
  freed(worker: TaskWorker | undefined, ticket: string): boolean {
    const had = worker?.held.delete(ticket) === true;
    if (had) this.#stopped(ticket);
    return had;
  }

  /** A worker that has come back still has it: it takes its place there. */
  cameBack(worker: TaskWorker, ticket: string): void {
    const task = this.#tasks.get(ticket);
    if (task !== undefined) worker.held.set(ticket, task.plan);
  }

  /** A worker is gone, and with it what it had, but for what it is known to come back with. */
  left(worker: string, keep: ReadonlySet<string>): void {
    for (const [ticket, task] of this.#tasks) if (task.worker === worker && !keep.has(ticket)) this.#stopped(ticket);
  }

  /** Resolves when nothing of the run goes on that was told to stop; undefined when nothing does. */
  ofRun(run: string): Promise<void> | undefined {
    return this.#byRun.get(run)?.over.promise;
  }

  /** Nobody waits any more. */
  end(): void {
    for (const { giveUp } of this.#tasks.values()) giveUp();
    this.#tasks.clear();
  }

  #stopped(ticket: string): void {
    const task = this.#tasks.get(ticket);
    if (task === undefined) return;
    this.#tasks.delete(ticket);
    task.giveUp();
    const ofRun = this.#byRun.get(task.run);
    if (ofRun?.tickets.delete(ticket) !== true || ofRun.tickets.size > 0) return;
    this.#byRun.delete(task.run);
    ofRun.over.resolve();
  }
}

/** Resolved when the last one has stopped. */
interface Over {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** Node 20, which the engine runs on in tests of workflows, has no `Promise.withResolvers`. */
function madeOver(): Over {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
