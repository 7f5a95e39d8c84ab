// A task that has not ended, as the engine has it in memory.
import type { TaskPlan } from "@sluice/protocol";
import type { TaskRecord } from "../../kernel/task-store.ts";
import { ticketOf } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";
import type { Queued } from "./task-queue.ts";
import type { Began } from "./task-trace.ts";

export class ActiveTask implements Queued {
  readonly task: string;
  readonly run: string;
  readonly workflow: string;
  readonly version: string;
  readonly seq: number;
  readonly name: string;
  /** As it is stored. */
  readonly input: Uint8Array;
  readonly plan: TaskPlan;
  readonly createdAt: number;
  epoch: number;
  attempt: number;
  /** Nobody has been given it under this epoch. */
  fresh: boolean;
  /** Losses of workers that it may have caused: the epoch it had, and what is known of the loss. */
  readonly charges = new Map<number, string>();
  /** Has it, or is about to. */
  worker: TaskWorker | undefined;
  /** The span that began its run; undefined until that is known. */
  began: Began | undefined;
  /** Its next epoch is on its way into the store. */
  claiming = false;
  /** That worker has been told of it. */
  isOut = false;
  /** Its worker has lost its connection and is expected to come back with it. */
  keptFor: string | undefined;
  startedAt = 0;
  /** Its place on that worker. */
  #ticket = "";
  readonly #timers = new Set<() => void>();
  #beat: (() => void) | undefined;
  #over: (() => void) | undefined;

  constructor(record: TaskRecord, fresh: boolean) {
    this.task = record.task;
    this.run = record.run;
    this.workflow = record.workflow;
    this.version = record.version;
    this.seq = record.seq;
    this.name = record.name;
    this.input = record.input;
    this.plan = record.plan;
    this.createdAt = record.createdAt;
    this.epoch = record.epoch;
    this.attempt = record.attempt;
    this.fresh = fresh;
  }

  /** Takes a place on a worker: under the epoch it has, where nobody was given it under that, else under the next. */
  take(worker: TaskWorker, epoch = this.fresh ? this.epoch : this.epoch + 1): void {
    this.worker = worker;
    this.#ticket = ticketOf(this.task, epoch);
    worker.held.set(this.#ticket, this.plan);
  }

  /** What its worker is told of it. */
  order(input: Uint8Array): {
    readonly task: string;
    readonly epoch: number;
    readonly name: string;
    readonly input: Uint8Array;
    readonly attempt: number;
    readonly key: string;
    readonly run: string;
    readonly workflow: string;
  } {
    const { task, epoch, name, attempt, run, workflow } = this;
    return { task, epoch, name, input, attempt, key: this.plan.key, run, workflow };
  }

  /** Is not with its worker any more. One that was told of it keeps its place until it says that it has stopped. */
  leaveWorker(): void {
    this.stopTimers();
    if (!this.isOut) this.worker?.held.delete(this.#ticket);
    this.worker = undefined;
    this.isOut = false;
  }

  /** A timer of the attempt under way. */
  timer(cancel: () => void): void {
    this.#timers.add(cancel);
  }

  /** The timer of its next sign of life, in place of the one before. */
  beat(cancel: () => void): void {
    this.#beat?.();
    this.#beat = cancel;
  }

  /** The timer of its end. */
  untilOver(cancel: () => void): void {
    this.#over = cancel;
  }

  /** Stops the timers of the attempt, or (`all`) every one. */
  stopTimers(all = false): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#beat?.();
    this.#beat = undefined;
    if (all) this.#over?.();
  }

  /** 0 ≤ x < 1, the same each time for one attempt: FNV-1a (Fowler, Noll, Vo), 32 bits, of the task's id and the attempt. */
  chance(): number {
    let hash = 0x811c9dc5;
    for (const char of `${this.task} ${this.attempt}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
    return (hash >>> 0) / 2 ** 32;
  }
}
