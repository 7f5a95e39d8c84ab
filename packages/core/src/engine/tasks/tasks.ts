// Tasks of runs: kept until a worker can do them, given out under an epoch, settled in the journal of the run that asked.
import { encodeError, encodeErrorValue } from "@sluice/protocol";
import type { HeldTask, TaskReport } from "@sluice/protocol";
import { afterLong } from "../../kernel/clock.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { StoreOp } from "../../kernel/run-store.ts";
import type { TaskRecord } from "../../kernel/task-store.ts";
import type { HotRun } from "../hot-runs.ts";
import type { EngineParts } from "../parts.ts";
import type { WorkerLoss } from "../worker-link.ts";
import { ActiveTask } from "./active-task.ts";
import { AloneTasks, Charges, goesAlone, poisonOf } from "./alone.ts";
import { hasRoom, mayDo, roomiest, ticketOf } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";
import { retryDelayMs, TaskEnds, TaskNotes } from "./reports.ts";
import type { TaskResult } from "./reports.ts";
import { StoppingTasks } from "./stopping.ts";
import { TaskQueue } from "./task-queue.ts";
import { beganOf, traceOf, type Began } from "./task-trace.ts";

/** Tasks read from the store at once. */
const pageMax = 1_000;

type Parts = Parameters<typeof beganOf>[0] &
  Pick<EngineParts, "sealer" | "clock" | "limits" | "values" | "watchers" | "route" | "count" | "draining" | "send">;
type Committed = Pick<HotRun, "run" | "workflow" | "version" | "trace">;

export class Tasks {
  readonly #parts: Parts;
  readonly #workers = new Map<string, TaskWorker>();
  readonly #tasks = new Map<string, ActiveTask>();
  readonly #byRun = new Map<string, Map<number, ActiveTask>>();
  readonly #queue = new TaskQueue<ActiveTask>();
  readonly #alone = new AloneTasks();
  /** What undos wait for. */
  readonly stopping: StoppingTasks;
  readonly #notes: TaskNotes;
  readonly #ends: TaskEnds;
  /** Placed, and to be given out under the next epoch. */
  #claims: ActiveTask[] = [];
  #resting = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.stopping = new StoppingTasks(parts.clock, parts.limits.taskStopMs);
    this.#notes = new TaskNotes(parts);
    this.#ends = new TaskEnds(parts, this.#notes, (task) => this.#isHere(task));
  }

  /** Tasks that wait for a worker. */
  get waiting(): number {
    return this.#queue.size + this.#alone.size;
  }

  get workers(): Iterable<TaskWorker> {
    return this.#workers.values();
  }

  worker(id: string): TaskWorker | undefined {
    return this.#workers.get(id);
  }

  /** Takes up what an earlier engine left behind. */
  async load(): Promise<void> {
    for (let after: number | undefined; ;) {
      const page = await this.#parts.store.listTasks({ limit: pageMax, ...(after === undefined ? {} : { after }) });
      for (const record of page) this.#add(record, false);
      if (page.length < pageMax) return;
      after = page.at(-1)?.place;
    }
  }

  /** A worker says what it can do; one that is known has said it anew. `running`: what it still has of a life before. */
  join(worker: TaskWorker, running: readonly HeldTask[] = []): void {
    const { id } = worker.link;
    for (const { task, epoch } of running) {
      const active = this.#tasks.get(task);
      // It goes on: whatever became of the connection was not its doing.
      active?.charges.delete(epoch);
      if (active?.keptFor !== id || active.epoch !== epoch) {
        this.stopping.cameBack(worker, ticketOf(task, epoch));
        this.#parts.send(id, { type: "revoke", task, epoch, reason: "It was given out again." });
        continue;
      }
      active.keptFor = undefined;
      active.take(worker, epoch);
      active.isOut = true;
    }
    this.#workers.set(id, worker);
    this.#fill(worker);
  }

  /** Gives the worker nothing new. */
  retire(id: string): void {
    const worker = this.#workers.get(id);
    if (worker !== undefined) this.#alone.retire(worker);
  }

  /** The worker is gone. What it has is given out again, but for what it is known to come back with. */
  async lost(id: string, loss: WorkerLoss, keep: readonly HeldTask[] = []): Promise<void> {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    this.#workers.delete(id);
    this.#alone.left(worker);
    const kept = new Set(keep.map(({ task, epoch }) => ticketOf(task, epoch)));
    this.stopping.left(id, kept);
    const charges = new Charges(this.#tasks.values(), { worker, loss, crashesMax: this.#parts.limits.crashesMax });
    const ends: Promise<void>[] = [];
    for (const task of this.#tasks.values()) {
      if (task.worker !== worker) continue;
      if (kept.has(ticketOf(task.task, task.epoch))) {
        task.worker = undefined;
        task.isOut = false;
        task.keptFor = id;
        continue;
      }
      const isPoison = charges.to(task);
      task.leaveWorker();
      if (isPoison) ends.push(this.#settle(task, { error: encodeError(poisonOf(task)) }));
      else this.#enqueue(task);
    }
    await Promise.all(ends);
  }

  /** Whether a run has tasks that have not ended. */
  has(run: string): boolean {
    return this.#byRun.size > 0 && this.#byRun.has(run);
  }

  /** Operations of a run have been committed. */
  appended({ run, workflow, version, trace }: Committed, ops: readonly StoreOp[]): void {
    const now = this.#parts.clock.now();
    for (const op of ops) {
      if (op.op === "task") {
        const { task, seq, name, input, plan, due: deadline } = op;
        // The store keeps one that is asked for again by another life of the run.
        if (this.#byRun.get(run)?.get(seq)?.name === name) continue;
        const limit = deadline === undefined ? {} : { deadline };
        const made = { task, place: 0, run, workflow, version, seq, name, input, plan, createdAt: now, ...limit };
        this.#add({ ...made, epoch: 1, attempt: 1 }, true, { trace });
      } else if (op.op === "race") {
        for (const seq of op.losers) this.#drop(this.#byRun.get(run)?.get(seq), "Another branch won the race.");
      } else if (op.op === "undoing") this.over(run);
    }
  }

  /** The run wants none of its tasks any more. */
  over(run: string): void {
    for (const task of this.#byRun.get(run)?.values() ?? []) this.#drop(task, "The run has ended.");
  }

  /** What a worker says of a task it was given. */
  receive(id: string, report: TaskReport): void {
    const worker = this.#workers.get(id);
    const task = this.#tasks.get(report.task);
    const current = worker !== undefined && task?.worker === worker && task.epoch === report.epoch && task.isOut;
    if (report.type === "note") {
      if (!current) return;
      this.#listen(task);
      if (report.message !== undefined || report.progress !== undefined) this.#notes.take(task.run, report);
      return;
    }
    // One that was revoked, or timed out, ends like any other: only its place was waited for.
    const held = this.stopping.freed(worker, ticketOf(report.task, report.epoch));
    if (current) this.#ended(task, report);
    else {
      task?.charges.delete(report.epoch);
      if (!held) this.#parts.count("stale_writes");
    }
    this.#fill(worker);
  }

  /** Resolves when there is room for more lines of a task that says much; undefined while there is. */
  roomFor(task: string): Promise<void> | undefined {
    return this.#notes.roomFor(task);
  }

  /** There may be room on a worker again, for a reason that is not known here. */
  refill(id: string): void {
    this.#fill(this.#workers.get(id));
  }

  /** A worker that leaves gives back what it has not begun or could not end. */
  handback(id: string, tasks: readonly HeldTask[]): void {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    this.#alone.retire(worker);
    for (const { task: name, epoch } of tasks) {
      this.stopping.freed(worker, ticketOf(name, epoch));
      const task = this.#tasks.get(name);
      if (task?.worker !== worker || task.epoch !== epoch) continue;
      task.leaveWorker();
      this.#enqueue(task);
    }
  }

  /** Gives nobody anything until `wake`, which gives out what has waited meanwhile. */
  rest = (): boolean => (this.#resting = true);
  wake(): void {
    this.#resting = false;
    for (const worker of this.#workers.values()) this.#fill(worker);
  }

  stop(): void {
    for (const task of this.#tasks.values()) task.stopTimers(true);
    this.stopping.end();
  }

  #add(record: TaskRecord, fresh: boolean, began?: Began): void {
    const task = new ActiveTask(record, fresh);
    task.began = began;
    const ofRun = this.#byRun.get(task.run) ?? new Map<number, ActiveTask>();
    // Other code asks for another task in its place.
    this.#drop(ofRun.get(task.seq), "It was asked for anew.");
    this.#tasks.set(task.task, task);
    this.#byRun.set(task.run, ofRun.set(task.seq, task));
    const { deadline, notBefore = 0 } = record;
    if (deadline !== undefined) this.#watchDeadline(task, deadline);
    const leftMs = notBefore - this.#parts.clock.now();
    if (leftMs > 0) this.#delay(task, leftMs);
    else this.#enqueue(task);
  }

  /** The store settles it then; here it is only let go. */
  #watchDeadline(task: ActiveTask, deadline: number): void {
    const { clock } = this.#parts;
    const leftMs = Math.max(0, deadline - clock.now());
    const over = (): void => {
      if (clock.now() < deadline) this.#watchDeadline(task, deadline);
      else this.#drop(task, "Its time is up.");
    };
    task.untilOver(clock.after(leftMs, over));
  }

  #delay(task: ActiveTask, ms: number): void {
    task.timer(afterLong(this.#parts.clock, ms, () => this.#enqueue(task)));
  }

  #enqueue(task: ActiveTask): void {
    if (!this.#isHere(task) || task.claiming || this.#parts.draining()) return;
    if (goesAlone(task, this.#parts.limits.crashesMax)) {
      this.#fill(this.#alone.add(task, this.#workers.values()));
      return;
    }
    const worker = this.#resting ? undefined : roomiest(this.#workers.values(), task);
    if (worker === undefined) this.#queue.add(task);
    else this.#place(task, worker);
  }

  /** Gives a worker what waits and fits, as long as it has room. */
  #fill(worker: TaskWorker | undefined): void {
    if (worker === undefined || this.#resting) return;
    const alone = this.#alone.next(worker);
    if (alone !== undefined) this.#place(alone, worker);
    while (this.#queue.size > 0 && !worker.leaving && worker.held.size < worker.offer.slots) {
      const next = this.#queue.next(({ name, plan }) => mayDo(worker, name, plan) && hasRoom(worker, plan));
      if (next === undefined) return;
      this.#place(next, worker);
    }
  }

  #place(task: ActiveTask, worker: TaskWorker): void {
    task.take(worker);
    if (task.fresh) {
      void this.#send(task);
      return;
    }
    task.claiming = true;
    this.#claims.push(task);
    if (this.#claims.length === 1) queueMicrotask(() => void this.#claim());
  }

  /** Gives tasks out under their next epoch: durable before anybody hears of it. */
  async #claim(): Promise<void> {
    const { store, clock, limits, log } = this.#parts;
    const placed = this.#claims.map((task) => ({ task, worker: task.worker }));
    this.#claims = [];
    try {
      const wanted = placed.map(({ task: { task, epoch } }) => ({ task, epoch }));
      const { claimed } = await store.claimTasks({ by: engineItself, tasks: wanted, now: clock.now() });
      const epochs = new Map(claimed.map(({ task, epoch }) => [task, epoch]));
      for (const { task, worker } of placed) this.#claimed(task, worker, epochs.get(task.task));
    } catch (error) {
      log("error", "tasks could not be given out yet", { tasks: placed.length, error: String(error) });
      for (const { task } of placed) {
        task.claiming = false;
        task.leaveWorker();
        this.#delay(task, limits.reloadDelayMs);
      }
    }
  }

  #claimed(task: ActiveTask, worker: TaskWorker | undefined, epoch: number | undefined): void {
    task.claiming = false;
    if (!this.#isHere(task)) return;
    if (epoch === undefined) {
      // The store has none any more: its entry has settled.
      task.leaveWorker();
      this.#forget(task);
      return;
    }
    task.epoch = epoch;
    task.fresh = true;
    if (task.worker === undefined || task.worker !== worker) this.#enqueue(task);
    else void this.#send(task);
  }

  async #send(task: ActiveTask): Promise<void> {
    const { values, send, clock } = this.#parts;
    const { worker, epoch } = task;
    let { input } = task;
    task.fresh = false;
    if (values.isRef(input) || task.began === undefined) {
      try {
        task.began ??= await beganOf(this.#parts, task.run);
        input = await values.load(input);
      } catch (error) {
        if (task.worker === worker && task.epoch === epoch)
          this.#ended(task, { error: encodeError(error), final: true });
        return;
      }
      if (task.worker !== worker || task.epoch !== epoch || !this.#isHere(task)) return;
    }
    if (worker === undefined) return;
    task.isOut = true;
    task.startedAt = clock.now();
    send(worker.link.id, { type: "task", ...task.order(input), ...traceOf(task) });
    const { timeout } = task.plan;
    if (timeout !== undefined)
      task.timer(afterLong(clock, timeout, () => this.#expire(task, `took longer than ${timeout} ms`)));
    this.#listen(task);
  }

  /** From now on it has its time to be heard of again. */
  #listen(task: ActiveTask): void {
    const { beat } = task.plan;
    if (beat === undefined) return;
    task.beat(this.#parts.clock.after(beat, () => this.#expire(task, `was not heard of for ${beat} ms`)));
  }

  #expire(task: ActiveTask, how: string): void {
    if (!task.isOut) return;
    const message = `The task ${task.name} ${how}.`;
    this.#revoke(task, message);
    this.#ended(task, { error: encodeErrorValue({ name: "TimeoutError", message, code: "timeout" }) });
  }

  /** Its worker is told to stop; its place is free when it has. */
  #revoke(active: ActiveTask, reason: string): void {
    const { task, epoch, worker } = active;
    if (worker === undefined) return;
    this.stopping.add(active, worker.link.id);
    this.#parts.send(worker.link.id, { type: "revoke", task, epoch, reason });
  }

  #ended(task: ActiveTask, end: TaskResult): void {
    task.leaveWorker();
    const delayMs = retryDelayMs(task, end, this.#parts.clock.now());
    const again = delayMs !== undefined && end.error !== undefined;
    const work = again ? this.#retry(task, end.error, delayMs) : this.#settle(task, end);
    work.catch((reason: unknown) =>
      this.#parts.log("error", "the end of a task could not be kept", { task: task.task, error: String(reason) }),
    );
  }

  async #retry(task: ActiveTask, error: Uint8Array, delayMs: number): Promise<void> {
    if (!(await this.#ends.retry(task, error, delayMs))) this.#forget(task);
    if (!this.#isHere(task)) return;
    task.epoch++;
    task.fresh = true;
    task.attempt++;
    this.#delay(task, delayMs);
  }

  #settle(task: ActiveTask, end: TaskResult): Promise<void> {
    return this.#ends.settle(task, end).then(() => this.#forget(task));
  }

  #isHere(task: ActiveTask): boolean {
    return this.#tasks.get(task.task) === task;
  }

  #drop(task: ActiveTask | undefined, reason: string): void {
    if (task === undefined || !this.#isHere(task)) return;
    if (task.isOut) this.#revoke(task, reason);
    task.leaveWorker();
    this.#forget(task);
  }

  #forget(task: ActiveTask): void {
    task.stopTimers(true);
    this.#notes.forget(task.task);
    this.#queue.remove(task);
    this.#fill(this.#alone.remove(task));
    if (this.#isHere(task)) this.#tasks.delete(task.task);
    const ofRun = this.#byRun.get(task.run);
    if (ofRun?.get(task.seq) === task) ofRun.delete(task.seq);
    if (ofRun?.size === 0) this.#byRun.delete(task.run);
  }
}
