// Identifiers: sortable by time so that new rows land at the end of an index, unguessable where they are capabilities.
import type { Clock } from "./clock.ts";

/** Source of randomness; the simulation's is seeded. */
export interface Random {
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const timeCharacters = 9;
const poolBytes = 1024;
const prefix = "run_";
const idPattern = /^run_[0-9a-hjkmnp-tv-z]{25}$/;

/** Makes identifiers: `run_` + 9 characters of milliseconds + 4 of a counter + 12 random ones (60 bits), Crockford base 32. */
export class Ids {
  #lastMs = 0;
  #counter = 0;
  #prefix = base32(0, timeCharacters);
  #pool: Uint8Array = new Uint8Array(0);
  #used = 0;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  run(): string {
    return `${prefix}${this.#ordered()}${this.#characters(12)}`;
  }

  /** Of a build: sortable by time, as those of runs. */
  build(): string {
    return `bld_${this.#ordered()}${this.#characters(12)}`;
  }

  /** Of a plan, and of the operation that carries one out: sortable by time. */
  plan(): string {
    return `plan_${this.#ordered()}${this.#characters(12)}`;
  }

  operation(): string {
    return `op_${this.#ordered()}${this.#characters(12)}`;
  }

  /** Of a failover or a drill: sortable by time. */
  failover(): string {
    return `fail_${this.#ordered()}${this.#characters(12)}`;
  }

  /** 160 random bits: possession is permission. */
  token(): string {
    return `tok_${this.#characters(32)}`;
  }

  task(): string {
    return `task_${this.#ordered()}${this.#characters(12)}`;
  }

  /** Of a terminal: sortable by time, as those of runs. */
  terminal(): string {
    return `term_${this.#ordered()}${this.#characters(12)}`;
  }

  #ordered(): string {
    const now = Math.max(this.#clock.now(), this.#lastMs);
    this.#counter = now === this.#lastMs ? this.#counter + 1 : 0;
    if (now !== this.#lastMs) this.#prefix = base32(now, timeCharacters);
    this.#lastMs = now;
    return this.#prefix + base32(this.#counter, 4);
  }

  #characters(count: number): string {
    if (this.#used + count > this.#pool.length) {
      this.#pool = this.#random.bytes(poolBytes);
      this.#used = 0;
    }
    let text = "";
    for (let i = 0; i < count; i++) text += alphabet[(this.#pool[this.#used++] ?? 0) & 31];
    return text;
  }
}

/** True for the id of a task, as `Ids` makes it. */
export function isTaskId(id: string): boolean {
  return id.startsWith("task_");
}

/** When a run with an id made by `Ids` was created, in milliseconds since 1970; undefined for an id that somebody chose. */
export function createdAtOf(run: string): number | undefined {
  if (!idPattern.test(run)) return undefined;
  let ms = 0;
  for (let i = prefix.length; i < prefix.length + timeCharacters; i++) ms = ms * 32 + alphabet.indexOf(run[i] ?? "");
  return ms;
}

function base32(value: number, length: number): string {
  let text = "";
  let rest = value;
  for (let i = 0; i < length; i++) {
    text = (alphabet[rest % 32] ?? "0") + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
