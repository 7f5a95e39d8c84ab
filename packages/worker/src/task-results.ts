// Results of tasks that ended while their worker had no connection: kept until it has one again.
import type { HeldTask, TaskReport, WorkerToEngine } from "@sluice/protocol";

type Result = Extract<TaskReport, { readonly type: "result" }>;

/** Bytes of results that are kept; a task whose result does not fit is done again. */
export const keptResultBytesMax = 64 * 1024 * 1024;

export class TaskResults {
  #kept: Result[] = [];
  #bytes = 0;

  /** Keeps a result; other words are for a connection that is over. */
  keep(message: WorkerToEngine): void {
    if (message.type !== "result") return;
    const bytes = (message.value?.length ?? 0) + (message.error?.length ?? 0);
    if (this.#bytes + bytes > keptResultBytesMax) return;
    this.#bytes += bytes;
    this.#kept.push(message);
  }

  /** Which tasks they are of. */
  get tasks(): readonly HeldTask[] {
    return this.#kept.map(({ task, epoch }) => ({ task, epoch }));
  }

  /** All of them, which are not kept any more. */
  take(): readonly Result[] {
    const taken = this.#kept;
    this.#kept = [];
    this.#bytes = 0;
    return taken;
  }
}
