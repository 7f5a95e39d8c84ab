// The tasks a worker does: functions that runs anywhere call. Each call is one message in and one out, whatever happens between.
import { decodeValue, encodeError, encodeValue, SluiceError } from "@sluice/protocol";
import type { HeldTask, TaskOffer, TaskOrder, TaskReport } from "@sluice/protocol";
import { CancelledError, NonRetryableError, validateWithSchema } from "@sluice/sdk";
import type { StandardSchemaV1, Task } from "@sluice/sdk";
import type { StepRecorder } from "./calls.ts";
import type { WorkerClock } from "./clock.ts";
import type { Secrets } from "./secrets.ts";
import type { StepScope } from "./step-scope.ts";
import { TaskAttempt } from "./task-attempt.ts";

export interface TaskHostOptions {
  readonly clock: WorkerClock;
  readonly stepScope: StepScope;
  readonly secrets: Secrets;
  readonly recorder: StepRecorder | undefined;
  readonly send: (report: TaskReport) => void;
}

type Order = Extract<TaskOrder, { readonly type: "task" }>;
type Result = Extract<TaskReport, { readonly type: "result" }>;

export class TaskHost {
  readonly #options: TaskHostOptions;
  #tasks: ReadonlyMap<string, Task> = new Map();
  readonly #running = new Map<string, TaskAttempt>();
  /** Came when nothing new was to begin. */
  #refused: HeldTask[] = [];
  #draining = false;
  #quiet: (() => void) | undefined;

  constructor(options: TaskHostOptions) {
    this.#options = options;
  }

  /** Makes these the tasks it can do; what runs goes on. */
  define(tasks: readonly Task[]): void {
    const byName = new Map<string, Task>();
    for (const task of tasks) {
      if (byName.has(task.name) && byName.get(task.name) !== task) {
        throw new SluiceError({
          code: "duplicate_workflow",
          message: `Two tasks are named ${task.name}.`,
          hint: "Rename one of them: a task is called by the name.",
        });
      }
      byName.set(task.name, task);
    }
    this.#tasks = byName;
  }

  named(name: string): Task | undefined {
    return this.#tasks.get(name);
  }

  /** What is told of them; nothing where there are none. */
  get offered(): { readonly tasks?: readonly TaskOffer[] } {
    if (this.#tasks.size === 0) return {};
    const tasks = [...this.#tasks.values()].map(({ name, options: { description } }) =>
      description === undefined ? { name } : { name, description },
    );
    return { tasks };
  }

  /** Tasks under way, wanted or not. */
  get running(): readonly HeldTask[] {
    return [...this.#running.values()].map(({ order: { task, epoch } }) => ({ task, epoch }));
  }

  receive(message: TaskOrder): void {
    if (message.type === "task") this.#begin(message);
    else this.#running.get(ticket(message))?.abort(new CancelledError(message.reason));
  }

  #begin(order: Order): void {
    const { task, epoch } = order;
    if (this.#draining) {
      this.#refused.push({ task, epoch });
      return;
    }
    if (this.#running.has(ticket(order))) return;
    const attempt = new TaskAttempt(order, this.#options);
    this.#running.set(ticket(order), attempt);
    void this.#carryOut(attempt);
  }

  async #carryOut(attempt: TaskAttempt): Promise<void> {
    const { order } = attempt;
    const { recorder, send } = this.#options;
    const slot = recorder?.begin(order.task, `task ${order.name}`);
    const result = await this.#outcome(attempt);
    if (slot !== undefined) recorder?.end(slot);
    // A worker that was abandoned, as a process that died, has nothing to say.
    if (this.#running.get(ticket(order)) !== attempt) return;
    this.#running.delete(ticket(order));
    attempt.end();
    send({ type: "result", task: order.task, epoch: order.epoch, ...result });
    if (this.#running.size === 0) this.#quiet?.();
  }

  async #outcome(attempt: TaskAttempt): Promise<Omit<Result, "type" | "task" | "epoch">> {
    const { name, input, attempt: number } = attempt.order;
    try {
      const task = this.#tasks.get(name);
      if (task === undefined) throw unknownTask(name);
      const { options } = task;
      const given = await checked(`The input of task ${name}`, options.input, decodeValue(input));
      const scope = { seq: 0, name, attempt: number, lines: 0, pieces: 0 };
      const made: unknown = await this.#options.stepScope.run(scope, () => task.handler(given, attempt));
      return { value: encodeValue(await checked(`The result of task ${name}`, options.output, made)) };
    } catch (thrown) {
      return { error: encodeError(thrown), ...verdictOf(thrown) };
    }
  }

  /** Begins nothing new; resolves when what runs has ended. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#quiet = resolve;
    });
  }

  /** What has not ended, which is given up. */
  giveBack(): readonly HeldTask[] {
    const left = [...this.running, ...this.#refused];
    this.abandon(new CancelledError("The worker leaves."));
    this.#refused = [];
    return left;
  }

  /** Forgets every task: nothing of it is sent any more. */
  abandon(reason: Error = new CancelledError("The worker is gone.")): void {
    const attempts = [...this.#running.values()];
    this.#running.clear();
    for (const attempt of attempts) attempt.abort(reason);
  }
}

function ticket({ task, epoch }: HeldTask): string {
  return `${task} ${epoch}`;
}

function unknownTask(name: string): SluiceError {
  return new SluiceError({
    code: "not_found",
    message: `This worker has no task ${JSON.stringify(name)}.`,
    hint: "Export what task() made from the project's code.",
  });
}

async function checked(what: string, schema: StandardSchemaV1 | undefined, value: unknown): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await validateWithSchema(schema, value);
  if (result.ok) return result.value;
  const issues = result.issues.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw new NonRetryableError(`${what} is not valid: ${issues}`, { code: "invalid_input" });
}

/** What the error says of another attempt. */
function verdictOf(thrown: unknown): Pick<Result, "final" | "after"> {
  if (typeof thrown !== "object" || thrown === null) return {};
  try {
    // Known by their names: the program may have them from another copy of the SDK.
    const { name, delayMs } = thrown as { readonly name?: unknown; readonly delayMs?: unknown };
    if (thrown instanceof NonRetryableError || name === "NonRetryableError") return { final: true };
    if (name === "RetryAfterError" && typeof delayMs === "number") return { after: delayMs };
  } catch {
    // It throws as soon as its class is asked for: it says nothing.
  }
  return {};
}
