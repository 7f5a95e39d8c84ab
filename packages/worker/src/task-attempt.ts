// What the function of a task is given, for one attempt.
import { encodeValue } from "@sluice/protocol";
import type { LogOp, TaskOrder, TaskReport } from "@sluice/protocol";
import type { Log, TaskContext } from "@sluice/sdk";
import type { WorkerClock } from "./clock.ts";
import { logLine } from "./log.ts";
import type { Secrets } from "./secrets.ts";

type Note = Omit<Extract<TaskReport, { readonly type: "note" }>, "type" | "task" | "epoch" | "at">;

export class TaskAttempt implements TaskContext {
  readonly order: Extract<TaskOrder, { readonly type: "task" }>;
  readonly #options: {
    readonly clock: WorkerClock;
    readonly secrets: Secrets;
    readonly send: (report: TaskReport) => void;
  };
  #controller: AbortController | undefined;
  #over = false;

  constructor(
    order: TaskAttempt["order"],
    options: { clock: WorkerClock; secrets: Secrets; send: (r: TaskReport) => void },
  ) {
    this.order = order;
    this.#options = options;
  }

  get attempt(): number {
    return this.order.attempt;
  }

  get idempotencyKey(): string {
    return this.order.key;
  }

  get traceparent(): string | undefined {
    return this.order.trace;
  }

  get run(): TaskContext["run"] {
    return { id: this.order.run, workflow: this.order.workflow };
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get secret(): TaskContext["secret"] {
    const { secrets } = this.#options;
    return (ref) => secrets.read(typeof ref === "string" ? { from: "store", name: ref } : ref);
  }

  get log(): Log {
    const write = (level: LogOp["level"], message: string, data: unknown): void =>
      this.#note({ level, ...logLine(message, data) });
    const log = (message: string, data?: unknown): void => write("info", message, data);
    return Object.assign(log, {
      debug: (message: string, data?: unknown) => write("debug", message, data),
      info: (message: string, data?: unknown) => write("info", message, data),
      warn: (message: string, data?: unknown) => write("warn", message, data),
      error: (message: string, data?: unknown) => write("error", message, data),
    });
  }

  /** Taken out of the context by those who like to: they need no `this`. */
  readonly progress = (value: unknown): void => this.#note({ progress: encodeValue(value) });
  readonly heartbeat = (): void => this.#note({});

  #note(note: Note): void {
    if (this.#over) return;
    const { task, epoch } = this.order;
    const { send, clock } = this.#options;
    send({ type: "note", task, epoch, at: clock.now(), ...note });
  }

  /** Nobody wants its result any more. */
  abort(reason: Error): void {
    this.#over = true;
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  end(): void {
    this.#over = true;
  }
}
