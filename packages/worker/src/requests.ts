// Questions to the engine that one answer belongs to, and that are given up when none comes.
import { decodeErrorValue, SluiceError } from "@sluice/protocol";
import type { ErrorCode, WorkerToEngine } from "@sluice/protocol";
import type { WorkerClock } from "./clock.ts";

/** An engine that has not answered by then will not. */
const answerTimeoutMs = 30_000;

/** An answer, as far as it is looked at here. */
interface Answer {
  readonly request: string;
  readonly error?: Uint8Array | undefined;
}

/** Asks and remembers what was asked. */
export class Requests<A extends Answer> {
  readonly #send: (message: WorkerToEngine) => void;
  readonly #clock: WorkerClock;
  readonly #asked = new Map<string, (answer: A | undefined) => void>();
  #count = 0;

  constructor(send: (message: WorkerToEngine) => void, clock: WorkerClock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** The answer. Rejects with the error that it holds, or `unavailable` when there is none; `what` says what it was about. */
  async ask(what: string, message: (request: string) => WorkerToEngine): Promise<A> {
    const request = String(++this.#count);
    const answer = await new Promise<A | undefined>((resolve) => {
      const cancel = this.#clock.after(answerTimeoutMs, () => resolve(undefined));
      this.#asked.set(request, (given) => {
        cancel();
        resolve(given);
      });
      this.#send(message(request));
    });
    this.#asked.delete(request);
    if (answer === undefined)
      throw new SluiceError({ code: "unavailable", message: `The engine did not answer for ${what}.` });
    if (answer.error === undefined) return answer;
    const { code, message: text, hint } = decodeErrorValue(answer.error);
    throw new SluiceError({
      code: (code ?? "internal") as ErrorCode,
      message: text,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  answered(answer: A): void {
    this.#asked.get(answer.request)?.(answer);
  }
}
