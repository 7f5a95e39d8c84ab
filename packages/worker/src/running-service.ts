// One service while it runs in a worker: its calls, its health, and its end.
import type { ServiceReport, ServiceStatus } from "@sluice/protocol";
import { database, isAction, NonRetryableError, validateWithSchema } from "@sluice/sdk";
import type { CallPolicy, Service, StandardSchemaV1, StepContext } from "@sluice/sdk";
import type { WorkerClock } from "./clock.ts";
import { withLimit } from "./start-service.ts";
import type { StartedService } from "./start-service.ts";

/** A look at the health of a service may take this long. */
const checkMsMax = 10_000;

export type ServiceHealth = "running" | "unhealthy";

export interface RunningServiceParts extends StartedService {
  readonly clock: WorkerClock;
  /** Called when its status is another one. */
  readonly changed: () => void;
}

export class RunningService {
  /** Names of the secrets of the store that it uses. */
  readonly secrets: readonly string[];
  readonly #service: Service;
  readonly #parts: RunningServiceParts;
  readonly #whenQuiet: (() => void)[] = [];
  #status: ServiceStatus = "running";
  #since: number;
  #checked: number | undefined;
  #message: string | undefined;
  #calls = 0;
  #failures = 0;
  #underWay = 0;
  #stopped: Promise<void> | undefined;

  constructor(service: Service, parts: RunningServiceParts) {
    this.#service = service;
    this.#parts = parts;
    this.secrets = parts.secrets;
    this.#since = parts.clock.now();
  }

  /** What `ctx.transaction` may use; undefined for a service that has no database. */
  get database(): unknown {
    return this.#parts.actions[database];
  }

  /** How calls of this action are tried, as far as it says so itself. */
  policyOf(action: string): CallPolicy {
    const found = this.#action(action);
    return isAction(found) ? found : {};
  }

  #action(name: string): StartedService["actions"][string] | undefined {
    const { actions } = this.#parts;
    return Object.hasOwn(actions, name) ? actions[name] : undefined;
  }

  /** Calls an action: input and output are checked where it has schemas for them. */
  async call(name: string, input: unknown, step: StepContext): Promise<unknown> {
    const found = this.#action(name);
    const what = `${this.#service.id}.${name}`;
    if (found === undefined) {
      throw new NonRetryableError(`The service ${this.#service.id} has no action ${name}.`, {
        code: "service_not_found",
      });
    }
    this.#calls++;
    this.#underWay++;
    try {
      if (!isAction(found)) return await found(input as never, step);
      const parsed = await checked(found.input, { value: input, what: `The input of ${what}`, code: "invalid_input" });
      const output = await found.run(parsed, step);
      return await checked(found.output, { value: output, what: `What ${what} returned`, code: "service_failed" });
    } catch (error) {
      this.#failures++;
      throw error;
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) for (const resolve of this.#whenQuiet.splice(0)) resolve();
    }
  }

  /** Looks at its health. */
  async check(): Promise<ServiceHealth> {
    const { checks, clock } = this.#parts;
    if (checks.length === 0) return "running";
    let message: string | undefined;
    try {
      const looks = checks.map(async (check) => check());
      await withLimit(Promise.all(looks), { clock, ms: checkMsMax });
    } catch (error) {
      message = error instanceof Error ? error.message : String(error);
    }
    this.#checked = clock.now();
    const health: ServiceHealth = message === undefined ? "running" : "unhealthy";
    if (this.#stopped === undefined) this.#become(health, message);
    return health;
  }

  #become(status: ServiceStatus, message?: string): void {
    this.#message = message;
    if (status === this.#status) return;
    this.#status = status;
    this.#since = this.#parts.clock.now();
    this.#parts.changed();
  }

  /** Waits for its calls, no longer than `ms`, then stops it, in no more than that again. */
  stop(ms: number): Promise<void> {
    this.#stopped ??= this.#stop(ms);
    return this.#stopped;
  }

  async #stop(ms: number): Promise<void> {
    const { clock, stops } = this.#parts;
    const quiet =
      this.#underWay === 0 ? Promise.resolve() : new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
    await withLimit(quiet, { clock, ms }).catch(() => undefined);
    let message: string | undefined;
    for (const stop of stops.toReversed()) {
      try {
        await withLimit(Promise.resolve(stop()), { clock, ms });
      } catch (error) {
        message = error instanceof Error ? error.message : String(error);
      }
    }
    this.#become("stopped", message);
  }

  report(): ServiceReport {
    const { id, name, version } = this.#service;
    return {
      id,
      name,
      version,
      status: this.#status,
      since: this.#since,
      calls: this.#calls,
      failures: this.#failures,
      ...(this.#checked === undefined ? {} : { checked: this.#checked }),
      ...(this.#message === undefined ? {} : { message: this.#message }),
    };
  }
}

async function checked(
  schema: StandardSchemaV1 | undefined,
  { value, what, code }: { readonly value: unknown; readonly what: string; readonly code: string },
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await validateWithSchema(schema, value);
  if (result.ok) return result.value;
  const issues = result.issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
  throw new NonRetryableError(`${what} is not valid: ${issues}`, { code });
}
