// A flood of sign-ins with wrong passwords, from many addresses and for many names, so that neither the limit of an address
// nor that of an account holds it back: only the bounded queue of passwords to be hashed does.

import { HttpClient } from "../http-client.ts";
import { arrive } from "./open-loop.ts";

const LOGIN = "/api/v1/auth/login";
const CONNECTIONS_EACH_MAX = 4;
/** Fewer than what one address may get wrong before it has to wait. */
const ATTEMPTS_EACH_MAX = 10;
const FILL_MS_MAX = 15_000;

/** What the sign-ins of a flood were answered with. */
export interface FloodCount {
  /** 401: the password was hashed, and wrong. */
  readonly hashed: number;
  /** 429: the queue was full. */
  readonly turnedAway: number;
}

export interface FloodOptions {
  readonly port: number;
  readonly perSecond: number;
  /** How long it lasts at most, without the time until the queue is full. */
  readonly seconds: number;
}

export class Flood {
  readonly #clients: readonly HttpClient[];
  readonly #stop = new AbortController();
  readonly #full = Promise.withResolvers<void>();
  readonly #over: Promise<void>;
  #hashed = 0;
  #turnedAway = 0;

  constructor({ port, perSecond, seconds }: FloodOptions) {
    const count = Math.ceil(perSecond * (seconds + FILL_MS_MAX / 1_000));
    this.#clients = Array.from({ length: Math.ceil(count / ATTEMPTS_EACH_MAX) }, (_, index) => {
      const headers = { "x-forwarded-for": `10.1.${index >> 8}.${index & 255}` };
      return new HttpClient({ port, connectionsMax: CONNECTIONS_EACH_MAX, headers });
    });
    const ask = async (index: number): Promise<void> => this.#signIn(index);
    this.#over = arrive({ perSecond, count, ask, signal: this.#stop.signal });
    this.#over.then(
      () => this.#full.reject(new Error("The queue of passwords never was full")),
      (error: unknown) => this.#full.reject(error as Error),
    );
    // Whoever waits for it learns it; nobody has to.
    this.#full.promise.catch(() => {});
  }

  /** Resolves when the first one was turned away. */
  get full(): Promise<void> {
    return this.#full.promise;
  }

  /** Resolves when all that were sent are answered. */
  async stop(): Promise<FloodCount> {
    this.#stop.abort();
    try {
      await this.#over;
    } finally {
      for (const client of this.#clients) client.close();
    }
    return { hashed: this.#hashed, turnedAway: this.#turnedAway };
  }

  async #signIn(index: number): Promise<void> {
    const client = this.#clients[index % this.#clients.length];
    const wrong = { name: `nobody-${index}`, password: `a wrong password ${index}` };
    const answer = await client?.request("POST", LOGIN, wrong);
    if (answer?.status === 401) this.#hashed += 1;
    else if (answer?.status === 429) {
      this.#turnedAway += 1;
      this.#full.resolve();
    } else throw new Error(`POST ${LOGIN}: ${answer?.status} ${answer?.body.slice(0, 300)}`);
  }
}
