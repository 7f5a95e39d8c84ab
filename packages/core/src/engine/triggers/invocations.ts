// Asks a worker what a trigger's functions say.
import { decodeErrorValue } from "@sluice/protocol";
import type { InvokedMessage, WireError } from "@sluice/protocol";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { EngineParts } from "../parts.ts";

/** The worker's own limit strikes first; this is how much later it is given up here. */
const graceMs = 2_000;

interface Pending {
  readonly worker: string;
  readonly settle: (answer: Result<InvokedMessage>) => void;
}

export class Invocations {
  readonly #parts: EngineParts;
  readonly #pending = new Map<string, Pending>();
  #requests = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** What the functions of a deployed workflow's trigger say; `value` is encoded. */
  async ask(p: {
    readonly workflow: string;
    readonly trigger: number;
    readonly value: Uint8Array;
    readonly ms: number;
  }): Promise<Result<InvokedMessage>> {
    const { deployments, clock, send } = this.#parts;
    const worker = deployments.forCurrent(p.workflow);
    if (worker === undefined) return noWorker(p.workflow, "is up");
    const request = `t${++this.#requests}`;
    const answered = await new Promise<Result<InvokedMessage>>((resolve) => {
      const settle = (answer: Result<InvokedMessage>): void => {
        cancel();
        this.#pending.delete(request);
        resolve(answer);
      };
      const cancel = clock.after(p.ms + graceMs, () => settle(noWorker(p.workflow, "has answered")));
      this.#pending.set(request, { worker: worker.link.id, settle });
      send(worker.link.id, { type: "invoke", request, ...p });
    });
    if (!answered.ok || answered.value.error === undefined) return answered;
    const { name, message } = decodeErrorValue(answered.value.error);
    const error: WireError = {
      code: "trigger_failed",
      message: `A function of a trigger of ${p.workflow} failed: ${name}: ${message}`,
      hint: "Its code threw this; the worker's log has more.",
    };
    return fail(error);
  }

  answered(message: InvokedMessage): void {
    this.#pending.get(message.request)?.settle(ok(message));
  }

  /** Nobody is to be asked any more. */
  giveUp(): void {
    for (const pending of this.#pending.values()) pending.settle(noWorker("this workflow", "is up any more"));
  }

  /** A worker is gone: what it was asked is answered by nobody. */
  lost(worker: string): void {
    for (const pending of this.#pending.values()) {
      if (pending.worker === worker) pending.settle(noWorker("this workflow", "is up any more"));
    }
  }
}

function noWorker(workflow: string, what: string): Result<never> {
  return fail({
    code: "no_worker",
    message: `No worker ${what} to call the functions of a trigger of ${workflow}.`,
    hint: "Try again in a moment; `sluice doctor` says why no worker is up.",
  });
}
