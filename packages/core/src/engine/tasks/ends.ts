// How an attempt of a task ended, on its way into the store: settled, or to be tried again.
import { encodeError, encodeValue, nextRetryDelayMs } from "@sluice/protocol";
import type { TaskReport } from "@sluice/protocol";
import type { TaskOutcome } from "../../kernel/task-store.ts";
import type { EngineParts } from "../parts.ts";
import type { ActiveTask } from "./active-task.ts";

export type TaskResult = Pick<Extract<TaskReport, { readonly type: "result" }>, "value" | "error" | "final" | "after">;
type Parts = Pick<EngineParts, "store" | "clock" | "limits" | "values" | "route" | "count" | "log" | "draining">;

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
    await this.#keep(task, bytes, (kept) => {
      const result = error === undefined && !tooLarge ? { value: kept } : { error: kept };
      return store.settleTask({ task: id, epoch, attempt, ...result, now: clock.now() });
    });
  }

  /** Notes the failed attempt; true when another one may follow. */
  async retry(task: ActiveTask, error: Uint8Array, delayMs: number): Promise<boolean> {
    const { store, clock } = this.#parts;
    const { task: id, epoch, attempt, startedAt } = task;
    return this.#keep(task, error, (kept) => {
      const now = clock.now();
      return store.retryTask({ task: id, epoch, attempt, error: kept, startedAt, due: now + delayMs, now });
    });
  }

  /** Tried until the store takes it, or nobody wants it any more. Large values are blobs first. */
  async #keep(
    task: ActiveTask,
    bytes: Uint8Array,
    write: (kept: Uint8Array) => Promise<TaskOutcome>,
  ): Promise<boolean> {
    const { values, route, clock, limits, log, count } = this.#parts;
    for (;;) {
      let release = (): void => undefined;
      try {
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
