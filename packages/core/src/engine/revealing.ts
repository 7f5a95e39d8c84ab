// Hands the values of secrets to workers that use them, and tells workers when they have changed.
import { encodeError } from "@sluice/protocol";
import type { EngineToWorker, WorkerToEngine } from "@sluice/protocol";
import type { SecretSource } from "../kernel/secret-source.ts";
import type { EngineParts } from "./parts.ts";

/** Values pass through here and are neither kept nor told to anybody else. */
export class Revealing {
  readonly #parts: Pick<EngineParts, "send" | "deployments">;
  readonly #source: SecretSource | undefined;

  constructor(parts: Pick<EngineParts, "send" | "deployments">, source: SecretSource | undefined) {
    this.#parts = parts;
    this.#source = source;
  }

  /** Answers a worker. */
  async reveal(worker: string, asked: Extract<WorkerToEngine, { type: "reveal" }>): Promise<void> {
    const { request, name } = asked;
    let answer: EngineToWorker;
    try {
      const value = await this.#source?.read({ from: "store", name });
      answer = { type: "revealed", request, ...(value === undefined ? {} : { value }) };
    } catch (error) {
      answer = { type: "revealed", request, error: encodeError(error) };
    }
    this.#parts.send(worker, answer);
  }

  /** These secrets have other values, or are gone: whoever holds on to one lets it go. */
  changed(secrets: readonly string[]): void {
    for (const { link } of this.#parts.deployments.workers) this.#parts.send(link.id, { type: "refresh", secrets });
  }
}
