// LOCK_*: mutual exclusion between workers. A lock is a row of shared state in a scope of its own, with a time to live: its version
// only grows, whatever happens to server and owner, and is the fence.
import { decodeValue, durationMsMax, encodeValue } from "@sluice/protocol";
import type { Clock } from "../kernel/clock.ts";
import { attempt, fail, guarded, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor, RunStore } from "../kernel/run-store.ts";

/** Not one of the scopes that workflows, tokens or routes can name. */
const scope = "lock";
const nameCharsMax = 1_024;
const by: Actor = { kind: "system", id: "locks" };

export interface HeldLock {
  readonly token: string;
  /** Grows with every owner. */
  readonly fence: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** What the row says besides its version; the fence is that of the first version, which a renewal carries on. */
interface Kept {
  readonly token: string;
  readonly fence?: number;
}

interface Waiter {
  readonly wake: () => void;
}

export interface LocksOptions {
  readonly store: Pick<RunStore, "getState" | "setState" | "deleteState">;
  readonly clock: Clock;
  readonly newToken: () => string;
}

export class Locks {
  readonly #options: LocksOptions;
  /** Those who wait, first come first. */
  readonly #waiting = new Map<string, Waiter[]>();

  constructor(options: LocksOptions) {
    this.#options = options;
  }

  /** Takes a lock, waiting for it at most `waitMs`. `lock_held` when it was not free in time, or `signal` is aborted. */
  async acquire(p: {
    readonly resource: string;
    readonly ttlMs: number;
    readonly waitMs: number;
    readonly signal: AbortSignal;
  }): Promise<Result<HeldLock>> {
    const wrong = refusalOf(p);
    if (wrong !== undefined) return wrong;
    const deadline = this.#options.clock.now() + p.waitMs;
    let turn: Waiter | undefined;
    try {
      for (;;) {
        const woken = Promise.withResolvers<void>();
        // In line before looking: a release between looking and waiting wakes it.
        if (p.waitMs > 0) turn = this.#queue(p.resource, turn, woken.resolve);
        const behind = this.#isBehind(p.resource, turn);
        const taken = behind ? held() : await guarded(() => this.#take(p.resource, p.ttlMs));
        if (taken.ok || taken.error.code !== "lock_held") return taken;
        if (p.signal.aborted || this.#options.clock.now() >= deadline) return taken;
        const until = behind ? undefined : await this.#freeAt(p.resource);
        await this.#pause({ woken, at: Math.min(deadline, until ?? deadline), signal: p.signal });
      }
    } finally {
      if (turn !== undefined) this.#leave(p.resource, turn);
    }
  }

  /** Puts the end of a lock off. `lock_lost` when the token is not that of the one who has it. */
  renew(p: { readonly resource: string; readonly token: string; readonly ttlMs: number }): Promise<Result<HeldLock>> {
    return guarded(async () => {
      const wrong = refusalOf(p);
      if (wrong !== undefined) return wrong;
      const mine = await this.#mine(p);
      if (mine === undefined) return lost();
      const fence = mine.kept.fence ?? mine.version;
      const expires = this.#options.clock.now() + Math.ceil(p.ttlMs);
      const written = await this.#write(p.resource, { token: p.token, fence }, { ifVersion: mine.version, expires });
      return written === undefined ? lost() : ok({ token: p.token, fence, expires });
    });
  }

  /** Gives a lock back. `lock_lost` when the token is not that of the one who has it. */
  release(p: { readonly resource: string; readonly token: string }): Promise<Result<void>> {
    return guarded(async () => {
      const mine = await this.#mine(p);
      if (mine === undefined) return lost();
      const { clock, store } = this.#options;
      const { version: ifVersion } = mine;
      const { outcome } = await store.deleteState({ by, scope, key: p.resource, ifVersion, now: clock.now() });
      if (outcome !== "ok") return lost();
      this.#waiting.get(p.resource)?.[0]?.wake();
      return ok(undefined);
    });
  }

  async #take(resource: string, ttlMs: number): Promise<Result<HeldLock>> {
    const token = this.#options.newToken();
    const expires = this.#options.clock.now() + Math.ceil(ttlMs);
    const fence = await this.#write(resource, { token }, { ifVersion: 0, expires });
    return fence === undefined ? held() : ok({ token, fence, expires });
  }

  /** The version of what was written; undefined when somebody was there first. */
  async #write(
    resource: string,
    kept: Kept,
    p: { readonly ifVersion: number; readonly expires: number },
  ): Promise<number | undefined> {
    const { clock, store } = this.#options;
    const { outcome, version } = await store.setState({
      by,
      scope,
      key: resource,
      value: encodeValue(kept),
      expiresAt: p.expires,
      ifVersion: p.ifVersion,
      now: clock.now(),
    });
    return outcome === "ok" ? version : undefined;
  }

  async #mine(p: {
    readonly resource: string;
    readonly token: string;
  }): Promise<{ readonly kept: Kept; readonly version: number } | undefined> {
    const { clock, store } = this.#options;
    const entry = await store.getState({ scope, key: p.resource, now: clock.now() });
    if (entry === undefined) return undefined;
    const kept = decodeValue(entry.value) as Kept;
    return kept.token === p.token ? { kept, version: entry.version } : undefined;
  }

  async #freeAt(resource: string): Promise<number | undefined> {
    const { clock, store } = this.#options;
    const entry = await attempt(() => store.getState({ scope, key: resource, now: clock.now() }));
    return entry.ok ? entry.value?.expiresAt : undefined;
  }

  /** Whether others came before: a newcomer does not take the lock from under those who wait. */
  #isBehind(resource: string, turn: Waiter | undefined): boolean {
    const first = this.#waiting.get(resource)?.[0];
    return first !== undefined && first !== turn;
  }

  /** Keeps one's place, with another way to be woken. */
  #queue(resource: string, turn: Waiter | undefined, wake: () => void): Waiter {
    const waiting = this.#waiting.get(resource) ?? [];
    const next = { wake };
    const at = turn === undefined ? -1 : waiting.indexOf(turn);
    if (at < 0) waiting.push(next);
    else waiting[at] = next;
    this.#waiting.set(resource, waiting);
    return next;
  }

  #leave(resource: string, turn: Waiter): void {
    const waiting = this.#waiting.get(resource) ?? [];
    const first = waiting[0] === turn;
    const left = waiting.filter((each) => each !== turn);
    if (left.length === 0) this.#waiting.delete(resource);
    else this.#waiting.set(resource, left);
    // Whoever is first now looks whether it is free.
    if (first) left[0]?.wake();
  }

  async #pause(p: {
    readonly woken: PromiseWithResolvers<void>;
    readonly at: number;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { clock } = this.#options;
    const stop = clock.after(Math.max(0, p.at - clock.now()), p.woken.resolve);
    const wake = (): void => p.woken.resolve();
    p.signal.addEventListener("abort", wake, { once: true });
    await p.woken.promise;
    // The signal lives as long as its worker's connection: nothing of a wait that is over may stay with it.
    p.signal.removeEventListener("abort", wake);
    stop();
  }
}

/** What is stored has its limits: a name as a key of state has them, a time as any duration. */
function refusalOf(p: { readonly resource: string; readonly ttlMs: number }): Result<never> | undefined {
  if (p.resource.length > nameCharsMax) {
    return fail({ code: "bad_request", message: `A lock's name has at most ${nameCharsMax} characters.` });
  }
  if (p.ttlMs > durationMsMax) {
    return fail({ code: "invalid_duration", message: "ttl_ms is longer than the longest duration, 100 years." });
  }
  return undefined;
}

function held(): Result<never> {
  return fail({ code: "lock_held", message: "Another holds the lock.", hint: "Wait longer with wait_ms." });
}

function lost(): Result<never> {
  return fail({ code: "lock_lost", message: "The lock is not held with this token: it was released, or has run out." });
}
