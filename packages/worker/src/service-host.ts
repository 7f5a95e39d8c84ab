// The services of a worker: started when they are first used, looked at from time to time, stopped when the worker leaves or
// their secrets have changed.
import type { SecretRef, ServiceReport } from "@sluice/protocol";
import type { Actions, Service } from "@sluice/sdk";
import type { WorkerClock } from "./clock.ts";
import type { WorkerLimits } from "./limits.ts";
import { RunningService } from "./running-service.ts";
import type { ServiceHealth } from "./running-service.ts";
import { startService } from "./start-service.ts";

export interface ServiceHostOptions {
  readonly readSecret: (ref: SecretRef) => Promise<string>;
  readonly clock: WorkerClock;
  readonly limits: WorkerLimits;
  /** Told of all services whenever one has changed. */
  readonly report: (services: readonly ServiceReport[]) => void;
  /** Actions in place of a service's own, by its id. */
  readonly mocks: Readonly<Record<string, Actions>>;
}

/** Starts that failed and are remembered, to be shown. */
const failuresMax = 100;

export class ServiceHost {
  readonly #options: ServiceHostOptions;
  readonly #starting = new Map<Service, Promise<RunningService>>();
  /** For each start that is under way, the secrets that have changed meanwhile. */
  readonly #changing = new Set<Set<string>>();
  readonly #running = new Map<Service, RunningService>();
  readonly #leaving = new Set<RunningService>();
  readonly #failed = new Map<Service, ServiceReport>();
  #tick: (() => void) | undefined;

  constructor(options: ServiceHostOptions) {
    this.#options = options;
  }

  /** True when there is something to stop. */
  get any(): boolean {
    return this.#running.size + this.#starting.size + this.#leaving.size > 0;
  }

  /** The service, when it has been started. */
  running(service: Service): RunningService | undefined {
    return this.#running.get(service);
  }

  /** Starts the service unless it runs. Rejects with `service_failed`, and is tried anew at the next use. */
  async started(service: Service): Promise<RunningService> {
    const known = this.#running.get(service) ?? this.#starting.get(service);
    if (known !== undefined) return known;
    const starting = this.#start(service).finally(() => this.#starting.delete(service));
    this.#starting.set(service, starting);
    return starting;
  }

  async #start(service: Service): Promise<RunningService> {
    const { clock } = this.#options;
    try {
      let { running, isStale } = await this.#startOnce(service);
      while (isStale) {
        this.#retire(service, running);
        ({ running, isStale } = await this.#startOnce(service));
      }
      this.#running.set(service, running);
      this.#failed.delete(service);
      this.#report();
      this.#armTick();
      return running;
    } catch (error) {
      const { id, name, version } = service;
      const message = error instanceof Error ? error.message : String(error);
      if (this.#failed.size < failuresMax) {
        this.#failed.set(service, {
          id,
          name,
          version,
          status: "failed",
          since: clock.now(),
          message,
          calls: 0,
          failures: 1,
        });
      }
      this.#report();
      throw error;
    }
  }

  /** `isStale`: a secret that it was given changed before it was there. */
  async #startOnce(service: Service): Promise<{ readonly running: RunningService; readonly isStale: boolean }> {
    const { clock, limits, readSecret, mocks } = this.#options;
    const mock = Object.hasOwn(mocks, service.id) ? mocks[service.id] : undefined;
    const changed = new Set<string>();
    this.#changing.add(changed);
    try {
      const parts = await startService(service, { clock, startMsMax: limits.serviceStartMsMax, readSecret, mock });
      const running = new RunningService(service, { ...parts, clock, changed: () => this.#report() });
      return { running, isStale: parts.secrets.some((name) => changed.has(name)) };
    } finally {
      this.#changing.delete(changed);
    }
  }

  /** Secrets have changed: services that used them are started anew at their next use, and stopped when they are quiet. */
  refresh(secrets: readonly string[]): void {
    const changed = new Set(secrets);
    for (const starting of this.#changing) for (const name of secrets) starting.add(name);
    for (const [service, running] of this.#running) {
      if (running.secrets.some((name) => changed.has(name))) this.#retire(service, running);
    }
  }

  #retire(service: Service, running: RunningService): void {
    this.#running.delete(service);
    this.#leaving.add(running);
    void running.stop(this.#options.limits.serviceStopMsMax).then(() => {
      this.#leaving.delete(running);
      this.#report();
    });
  }

  /** Stops every service, when its calls have ended or the time for that is up. */
  async stop(): Promise<void> {
    this.#tick?.();
    this.#tick = undefined;
    await Promise.allSettled(this.#starting.values());
    const all = [...this.#running.values(), ...this.#leaving];
    this.#running.clear();
    await Promise.all(all.map((each) => each.stop(this.#options.limits.serviceStopMsMax)));
    if (all.length > 0) this.#report();
  }

  #report(): void {
    const running = [...this.#running.values(), ...this.#leaving].map((each) => each.report());
    this.#options.report([...running, ...this.#failed.values()]);
  }

  #armTick(): void {
    const { clock, limits } = this.#options;
    if (limits.serviceHealthEveryMs <= 0 || this.#tick !== undefined || this.#running.size === 0) return;
    this.#tick = clock.after(limits.serviceHealthEveryMs, () => {
      this.#tick = undefined;
      void this.#check();
    });
  }

  async #check(): Promise<void> {
    const checks = [...this.#running.values()].map((each): Promise<ServiceHealth> => each.check());
    await Promise.all(checks);
    this.#report();
    this.#armTick();
  }
}
