// What comes back of tasks: how attempts ended, on its way into the store, and what tasks say while they run. Lines are written a few
// at a time, never kept without bound: a task that says more than can be written loses lines, and the log says how many.
import { encodeError, encodeValue, nextRetryDelayMs } from "@sluice/protocol";
import type { LogOp, RunOp, TaskReport } from "@sluice/protocol";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { TaskOutcome } from "../../kernel/task-store.ts";
import type { EngineParts } from "../parts.ts";
import { sealOfRun, sealOp } from "../sealing.ts";
import { publishOps } from "../updates.ts";
import type { ActiveTask } from "./active-task.ts";

export type TaskResult = Pick<Extract<TaskReport, { readonly type: "result" }>, "value" | "error" | "final" | "after">;
type Parts = Pick<
  EngineParts,
  "sealer" | "store" | "clock" | "limits" | "values" | "route" | "count" | "log" | "draining"
>;

/** Milliseconds until the next attempt; undefined where there is none. */
export function retryDelayMs(task: ActiveTask, end: TaskResult, now: number): number | undefined {
  if (end.error === undefined || end.final === true) return undefined;
  const { retry } = task.plan;
  const elapsedMs = Math.max(0, now - task.createdAt);
  const delayMs = nextRetryDelayMs(retry, { failedAttempts: task.attempt, elapsedMs, random01: task.chance() });
  if (delayMs === undefined || end.after === undefined) return delayMs;
  return elapsedMs + end.after > retry.totalMsMax ? undefined : end.after;
}

export class TaskEnds {
  readonly #parts: Parts;
  readonly #isWanted: (task: ActiveTask) => boolean;

  constructor(parts: Parts, isWanted: (task: ActiveTask) => boolean) {
    this.#parts = parts;
    this.#isWanted = isWanted;
  }

  /** Settles the entry of the task. A result over the limit is a failure. */
  async settle(task: ActiveTask, { value, error }: TaskResult): Promise<void> {
    const { store, clock, values } = this.#parts;
    const { task: id, epoch, attempt } = task;
    const given = error ?? value ?? encodeValue(undefined);
    const tooLarge = given.length > values.payloadBytesMax;
    const bytes = tooLarge ? encodeError(values.tooLarge(`The result of task ${task.name}`, given)) : given;
    const field = error === undefined && !tooLarge ? "value" : "error";
    await this.#keep(task, { bytes, field }, (kept) => {
      const result = field === "value" ? { value: kept } : { error: kept };
      return store.settleTask({ by: engineItself, task: id, epoch, attempt, ...result, now: clock.now() });
    });
  }

  /** Notes the failed attempt; true when another one may follow. */
  async retry(task: ActiveTask, error: Uint8Array, delayMs: number): Promise<boolean> {
    const { store, clock } = this.#parts;
    const { task: id, epoch, attempt, startedAt } = task;
    return this.#keep(task, { bytes: error, field: "error" }, (kept) => {
      const now = clock.now();
      return store.retryTask({
        by: engineItself,
        task: id,
        epoch,
        attempt,
        error: kept,
        startedAt,
        due: now + delayMs,
        now,
      });
    });
  }

  /** As the run of the task has its values. */
  async #sealed(
    { run, seq }: ActiveTask,
    { bytes, field }: { readonly bytes: Uint8Array; readonly field: "value" | "error" },
  ): Promise<Uint8Array> {
    return (await sealOfRun(this.#parts, run))?.seal({ run, seq, field }, bytes) ?? bytes;
  }

  /** Tried until the store takes it, or nobody wants it any more. Large values are blobs first. */
  async #keep(
    task: ActiveTask,
    given: { readonly bytes: Uint8Array; readonly field: "value" | "error" },
    write: (kept: Uint8Array) => Promise<TaskOutcome>,
  ): Promise<boolean> {
    const { values, route, clock, limits, log, count, sealer } = this.#parts;
    for (;;) {
      let release = (): void => undefined;
      try {
        const bytes = sealer.active ? await this.#sealed(task, given) : given.bytes;
        let stored = bytes;
        if (values.isLarge(bytes)) ({ stored, release } = await values.keep(bytes));
        const written = await write(stored);
        if (written.outcome === "ok") route(written.effects);
        else count("stale_writes");
        return written.outcome === "ok";
      } catch (error) {
        if (this.#parts.draining() || !this.#isWanted(task)) return false;
        log("error", "the end of a task could not be kept yet", { task: task.task, error: String(error) });
        await new Promise<void>((resolve) => void clock.after(limits.reloadDelayMs, resolve));
      } finally {
        release();
      }
    }
  }
}

type Note = Extract<TaskReport, { readonly type: "note" }>;

/** Bytes of one task's lines that may wait for the store. */
export const pendingBytesMax = 8 * 1024 * 1024;
/** From so many on, whoever can wait is asked to. */
const crowdedBytes = pendingBytesMax / 4;
/** Lines written in one commit. */
const linesAtOnceMax = 500;
/** What a line is counted as besides its text and data. */
const lineBytes = 64;

/** What one commit has of it. */
interface Noted {
  readonly lines: readonly LogOp[];
  readonly progress?: Uint8Array;
}

interface Pending {
  readonly run: string;
  readonly task: string;
  readonly epoch: number;
  readonly lines: LogOp[];
  bytes: number;
  lost: number;
  progress: Uint8Array | undefined;
  count: number;
  writing: boolean;
  /** Those who wait until less of it waits. */
  readonly crowd: (() => void)[];
}

type NoteParts = Pick<EngineParts, "sealer" | "store" | "clock" | "values" | "watchers" | "log" | "route">;

export class TaskNotes {
  readonly #parts: NoteParts;
  readonly #pending = new Map<string, Pending>();

  constructor(parts: NoteParts) {
    this.#parts = parts;
  }

  /** Takes a note of a task that is given out under this epoch. */
  take(run: string, note: Note): void {
    const { task, epoch } = note;
    let pending = this.#pending.get(task);
    if (pending?.epoch !== epoch) {
      pending = {
        run,
        task,
        epoch,
        lines: [],
        bytes: 0,
        lost: 0,
        progress: undefined,
        count: 0,
        writing: false,
        crowd: [],
      };
      this.#pending.set(task, pending);
    }
    const ops = this.#add(pending, note);
    const { watchers } = this.#parts;
    if (ops.length > 0 && watchers.wants(run)) publishOps(watchers, run, { ops, events: [] });
    if (!pending.writing) void this.#write(pending);
  }

  /** Whoever can wait waits for this: then no line is lost. Undefined while there is room. */
  roomFor(task: string): Promise<void> | undefined {
    const pending = this.#pending.get(task);
    if (pending === undefined || pending.bytes < crowdedBytes) return undefined;
    return new Promise((resolve) => void pending.crowd.push(resolve));
  }

  #add(pending: Pending, { at, level = "info", message, data, progress }: Note): readonly RunOp[] {
    const ops: RunOp[] = [];
    const { values } = this.#parts;
    if (progress !== undefined && !values.isLarge(progress)) {
      pending.progress = progress;
      ops.push({ op: "progress", value: progress, at });
    }
    if (message === undefined) return ops;
    const fits: boolean = data === undefined || !values.isLarge(data);
    const kept: Uint8Array | undefined = fits ? data : undefined;
    const text = fits ? message : `${message} (data left out: it is too large)`;
    const bytes = lineBytes + text.length + (kept?.length ?? 0);
    if (pending.bytes + bytes > pendingBytesMax) {
      pending.lost++;
      return ops;
    }
    pending.bytes += bytes;
    ops.push(this.#line(pending, { level, message: text, at, data: kept }));
    return ops;
  }

  #line(pending: Pending, line: Omit<LogOp, "op" | "key">): LogOp {
    const op: LogOp = { op: "log", key: `${pending.task}:${pending.epoch}:${pending.count++}`, ...line };
    pending.lines.push(op);
    return op;
  }

  async #write(pending: Pending): Promise<void> {
    const { store, clock, log, route, sealer } = this.#parts;
    pending.writing = true;
    try {
      while (pending.lines.length > 0 || pending.progress !== undefined || pending.lost > 0) {
        // Lines of one turn go together.
        await Promise.resolve();
        this.#tellLost(pending);
        const lines = pending.lines.splice(0, linesAtOnceMax);
        const { task, epoch, run, progress } = pending;
        pending.progress = undefined;
        const noted = { lines, ...(progress === undefined ? {} : { progress }) };
        const kept = sealer.active ? await this.#sealed(run, noted) : noted;
        const written = await store.noteTask({ by: engineItself, task, epoch, ...kept, now: clock.now() });
        for (const line of lines) pending.bytes -= lineBytes + line.message.length + (line.data?.length ?? 0);
        if (pending.bytes < crowdedBytes) for (const go of pending.crowd.splice(0)) go();
        if (written.outcome === "ok") route(written.effects);
        else this.forget(task);
      }
    } catch (error) {
      log("error", "lines of a task could not be written", { task: pending.task, error: String(error) });
      pending.lines.length = 0;
      pending.bytes = 0;
      for (const go of pending.crowd.splice(0)) go();
    }
    pending.writing = false;
  }

  /** As the run of the task has its values. */
  async #sealed(run: string, noted: Noted): Promise<Noted> {
    const by = await sealOfRun(this.#parts, run);
    if (by === undefined) return noted;
    const { lines, progress } = noted;
    return {
      lines: lines.map((line) => sealOp(line, { run, by, events: by }) as LogOp),
      ...(progress === undefined ? {} : { progress: by.seal({ run, field: "progress" }, progress) }),
    };
  }

  #tellLost(pending: Pending): void {
    if (pending.lost === 0 || pending.lines.length > linesAtOnceMax) return;
    const message = `${pending.lost} lines were left out: the task said more than could be written (${pendingBytesMax} bytes)`;
    this.#line(pending, {
      level: "warn",
      message,
      at: this.#parts.clock.now(),
      data: encodeValue({ lines: pending.lost }),
    });
    pending.lost = 0;
  }

  /** The task is not given out under that epoch any more; what it said is still written. */
  forget(task: string): void {
    this.#pending.delete(task);
  }
}
