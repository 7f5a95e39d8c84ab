// Slows down guessing: the more sign-ins to an account or from an address failed, the longer the next one has to wait.
import type { Clock } from "../../kernel/clock.ts";
import { hashOf } from "../keys/secrets.ts";

export interface ThrottleLimits {
  readonly accountFailuresFree: number;
  readonly addressFailuresFree: number;
  readonly signInDelayMs: number;
  readonly accountDelayMsMax: number;
  readonly addressDelayMsMax: number;
  readonly failuresForgottenMs: number;
  readonly throttleEntriesMax: number;
}

/** A sign-in that was let through. It counts as failed until it is said that it was not: many at once cannot all be free. */
export interface Attempt {
  /** It went well: the account's failures are forgotten. Those of the address stay, or one's own account would clear them. */
  succeeded(): void;
  /** It neither failed nor went well, as when a second factor has yet to be asked for. */
  undecided(): void;
}

export type Admission =
  | { readonly admitted: true; readonly attempt: Attempt }
  /** `first`: since the last attempt that was let through; the only one worth noting. */
  | { readonly admitted: false; readonly retryAfterMs: number; readonly first: boolean };

interface Failures {
  count: number;
  /** Of the last failure. */
  at: number;
  /** No attempt before. */
  until: number;
  told: boolean;
}

interface Rule {
  readonly free: number;
  readonly delayMsMax: number;
}

export class Throttle {
  readonly #clock: Clock;
  readonly #limits: ThrottleLimits;
  readonly #accounts = new Map<string, Failures>();
  readonly #addresses = new Map<string, Failures>();

  constructor(clock: Clock, limits: ThrottleLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** `account`: what was given as name, whether there is one or not. */
  admit(account: string, address: string | undefined): Admission {
    const { accountDelayMsMax, accountFailuresFree, addressDelayMsMax, addressFailuresFree } = this.#limits;
    // Hashed: a key takes as much memory however long the name was.
    const accountKey = hashOf(account.toLowerCase());
    const addressKey = address === undefined ? undefined : networkOf(address);
    const known = [
      this.#known(this.#accounts, accountKey),
      addressKey === undefined ? undefined : this.#known(this.#addresses, addressKey),
    ].filter((failures) => failures !== undefined);
    const now = this.#clock.now();
    const waiting = known.filter(({ until }) => until > now);
    if (waiting.length > 0) {
      const first = waiting.some(({ told }) => !told);
      for (const failures of waiting) failures.told = true;
      return { admitted: false, first, retryAfterMs: Math.max(...waiting.map(({ until }) => until - now)) };
    }
    const takeBack = [
      this.#fail(this.#accounts, accountKey, { free: accountFailuresFree, delayMsMax: accountDelayMsMax }),
    ];
    if (addressKey !== undefined) {
      takeBack.push(
        this.#fail(this.#addresses, addressKey, { free: addressFailuresFree, delayMsMax: addressDelayMsMax }),
      );
    }
    return { admitted: true, attempt: this.#attempt(accountKey, takeBack) };
  }

  #attempt(accountKey: string, takeBack: (() => void)[]): Attempt {
    const undecided = (): void => {
      for (const once of takeBack.splice(0)) once();
    };
    return {
      undecided,
      succeeded: () => {
        undecided();
        this.#accounts.delete(accountKey);
      },
    };
  }

  /** Failures that are not forgotten by now. */
  #known(failed: Map<string, Failures>, key: string): Failures | undefined {
    const failures = failed.get(key);
    if (failures === undefined) return undefined;
    if (this.#clock.now() < Math.max(failures.until, failures.at + this.#limits.failuresForgottenMs)) return failures;
    failed.delete(key);
    return undefined;
  }

  /** Counts a failure; answers how to take it back. */
  #fail(failed: Map<string, Failures>, key: string, rule: Rule): () => void {
    const before = failed.get(key);
    const failures = before ?? { count: 0, at: 0, until: 0, told: false };
    const { at, count, until } = failures;
    failures.count++;
    failures.told = false;
    failures.at = this.#clock.now();
    failures.until = failures.at + this.#delayMs(failures.count, rule);
    // Set again so that the order of the map is that of the last failures.
    failed.delete(key);
    failed.set(key, failures);
    const oldest = failed.keys().next();
    if (failed.size > this.#limits.throttleEntriesMax && oldest.done !== true) failed.delete(oldest.value);
    return () => {
      failures.count--;
      if (failures.count === count) Object.assign(failures, { at, until });
      else failures.until = failures.at + this.#delayMs(failures.count, rule);
      if (failures.count === 0 && failed.get(key) === failures) failed.delete(key);
    };
  }

  #delayMs(count: number, { delayMsMax, free }: Rule): number {
    return count <= free ? 0 : Math.min(delayMsMax, this.#limits.signInDelayMs * 2 ** (count - free - 1));
  }
}

/** An IPv4 address itself, of an IPv6 address the /64: a subscriber has all of it. */
export function networkOf(address: string): string {
  const lower = address.toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(lower)?.[1];
  if (mapped !== undefined) return mapped;
  if (!lower.includes(":")) return lower;
  const [head = "", tail] = lower.replace(/%.*$/, "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  const whole = [...groups, ...Array.from({ length: zeros }, () => "0"), ...last];
  return whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
