// What comes to runs from outside: events, and answers to approvals and callbacks. Durable before it is acknowledged.
import { attempt, fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor, TokenOutcome } from "../kernel/run-store.ts";
import type { EngineParts } from "./parts.ts";
import { sealOfRun } from "./sealing.ts";
import { tokenRefusal } from "./token-refusals.ts";

/** An event to be stored; `payload` is an encoded value. */
export interface Emission {
  readonly by: Actor;
  readonly name: string;
  readonly payload: Uint8Array;
  /** Waits that name a key take only events with this one. */
  readonly key?: string | undefined;
  /** A second event with the same id is acknowledged and ignored. */
  readonly id?: string | undefined;
}

/** The answer to an approval or a callback; `value` is an encoded value. */
export interface Answer {
  readonly by: Actor;
  readonly token: string;
  readonly kind: "approval" | "callback";
  readonly value: Uint8Array;
  /** Who decides, as a person: nobody decides twice in one approval. */
  readonly person?: string | undefined;
}

export class Signals {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Stores an event and settles what waits for it. */
  async emit(p: Emission): Promise<Result<{ readonly event: number; readonly duplicate: boolean }>> {
    const { clock, store, count, route, events, sealer } = this.#parts;
    return attempt(async () => {
      const { refusal } = events;
      if (refusal !== undefined) throw refusal;
      const sealed = sealer.events?.seal({ run: "", field: "payload" }, p.payload) ?? p.payload;
      const stored = await this.#keeping("The payload", sealed, (payload) => {
        const content = payload === p.payload ? {} : { content: p.payload };
        return store.emitEvent({ ...p, payload, ...content, now: clock.now() });
      });
      const { event, duplicate, effects } = stored;
      if (!duplicate) events.added(1);
      count("events");
      route(effects);
      return { event, duplicate };
    });
  }

  /** Settles the wait behind a token. */
  async answer(p: Answer): Promise<Result<{ readonly run: string }>> {
    const { store, clock, route, sealer } = this.#parts;
    const settle = (sealed: Uint8Array): Promise<TokenOutcome> =>
      this.#keeping("The answer", sealed, (value) => store.completeToken({ ...p, value, now: clock.now() }));
    const answered = await attempt(() => (sealer.active ? this.#sealed(p).then(settle) : settle(p.value)));
    if (!answered.ok) return answered;
    const { value: answer } = answered;
    if (answer.outcome !== "ok") return fail(tokenRefusal(answer.outcome, p.kind));
    route(answer.effects);
    return ok({ run: answer.run });
  }

  /** The answer as the run has its values. */
  async #sealed({ token, value }: Answer): Promise<Uint8Array> {
    const { run } = (await this.#parts.store.getToken({ token })) ?? {};
    const seal = run === undefined ? undefined : await sealOfRun(this.#parts, run);
    return run === undefined || seal === undefined ? value : seal.seal({ run, field: "answer" }, value);
  }

  /** Stores a value that is not too large, in a blob where it must be. */
  async #keeping<T>(what: string, value: Uint8Array, store: (stored: Uint8Array) => Promise<T>): Promise<T> {
    const { values } = this.#parts;
    if (value.length > values.payloadBytesMax) throw values.tooLarge(what, value);
    const { stored, release } = await values.keep(value);
    try {
      return await store(stored);
    } finally {
      release();
    }
  }
}
