// What steps in workers need of the engine besides their journal: values of secrets, leave to go through a circuit breaker, and
// somebody who knows how their services are.
import { encodeError } from "@sluice/protocol";
import type { EngineToWorker, ServiceReport, WorkerToEngine } from "@sluice/protocol";
import type { BreakerRecord } from "../kernel/breaker-store.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor } from "../kernel/run-store.ts";
import type { SecretSource } from "../kernel/secret-source.ts";
import type { EngineParts } from "./parts.ts";

type Parts = Pick<EngineParts, "send" | "deployments" | "store" | "clock">;
type Asked<Type extends WorkerToEngine["type"]> = Extract<WorkerToEngine, { readonly type: Type }>;

/** A service in one worker. */
export interface WorkerService extends ServiceReport {
  readonly worker: string;
}

/** Services of one worker that are remembered. */
const servicesMax = 1_000;
/** Runs that are looked up for one question. */
const pastMax = 500;

export class Facilities {
  readonly #parts: Parts;
  readonly #secrets: SecretSource | undefined;
  readonly #services = new Map<string, readonly ServiceReport[]>();

  constructor(parts: Parts, secrets: SecretSource | undefined) {
    this.#parts = parts;
    this.#secrets = secrets;
  }

  /** What a worker asks for or tells. */
  receive(worker: string, message: Asked<"reveal" | "admit" | "services" | "past">): void {
    if (message.type === "reveal") void this.#answer(worker, this.#reveal(message));
    else if (message.type === "admit") void this.#answer(worker, this.#admit(message));
    else if (message.type === "past") void this.#answer(worker, this.#past(message));
    else this.#services.set(worker, message.services.slice(0, servicesMax));
  }

  async #answer(worker: string, answer: Promise<EngineToWorker>): Promise<void> {
    this.#parts.send(worker, await answer);
  }

  /** The value passes through here and is neither kept nor told to anybody else. */
  async #reveal({ request, name }: Asked<"reveal">): Promise<EngineToWorker> {
    try {
      const value = await this.#secrets?.read({ from: "store", name });
      return { type: "revealed", request, ...(value === undefined ? {} : { value }) };
    } catch (error) {
      return { type: "revealed", request, error: encodeError(error) };
    }
  }

  async #admit({ request, breaker: plan }: Asked<"admit">): Promise<EngineToWorker> {
    const { store, clock } = this.#parts;
    try {
      const answer = await store.enterBreaker({ by: engineItself, plan, now: clock.now() });
      if (answer.outcome === "in") return { type: "admitted", request, round: answer.round };
      return { type: "admitted", request, retry: answer.retryAt };
    } catch (error) {
      return { type: "admitted", request, error: encodeError(error) };
    }
  }

  /** A run that has failed may be tried again, and one that is not known here may be another engine's: only completed ones are over. */
  async #past({ request, runs }: Asked<"past">): Promise<EngineToWorker> {
    try {
      const known = await this.#parts.store.getRuns({ runs: runs.slice(0, pastMax) });
      const over = known.filter(({ status }) => status === "completed").map(({ id }) => id);
      return { type: "passed", request, runs: over };
    } catch (error) {
      return { type: "passed", request, error: encodeError(error) };
    }
  }

  /** These secrets have other values, or are gone: whoever holds on to one lets it go. */
  secretsChanged(secrets: readonly string[]): void {
    for (const { link } of this.#parts.deployments.workers) this.#parts.send(link.id, { type: "refresh", secrets });
  }

  /** How services are, in the workers that are here. */
  get services(): readonly WorkerService[] {
    const here = new Set(this.#parts.deployments.workers.map(({ link }) => link.id));
    for (const worker of this.#services.keys()) if (!here.has(worker)) this.#services.delete(worker);
    return [...this.#services].flatMap(([worker, services]) => services.map((service) => ({ ...service, worker })));
  }

  /** In order of names. */
  breakers(): Promise<readonly BreakerRecord[]> {
    return this.#parts.store.listBreakers();
  }

  /** Closes a circuit breaker, whatever it has seen. */
  async resetBreaker(p: { readonly by: Actor; readonly name: string }): Promise<Result<null>> {
    const { store, clock } = this.#parts;
    const { outcome } = await store.resetBreaker({ ...p, now: clock.now() });
    if (outcome === "ok") return ok(null);
    return fail({
      code: "breaker_not_found",
      message: `There is no circuit breaker ${JSON.stringify(p.name)}.`,
      hint: "One is there as soon as a step has met it; `sluice breakers list` shows them.",
    });
  }
}
