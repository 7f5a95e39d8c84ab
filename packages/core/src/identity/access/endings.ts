// Tells open sockets and streams when the session or token they came with ends, or may do something else than before.
import type { Clock } from "../../kernel/clock.ts";
import { timerDelayMsMax } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Principal } from "./principal.ts";

export type EndedReason =
  | "signed_out"
  | "revoked"
  | "reused"
  | "disabled"
  | "password_changed"
  | "expired"
  | "access_changed";

/** Whose sockets and streams are meant; a watch that fits one of what is named ends. */
export interface EndedScope {
  readonly sessions?: readonly string[] | undefined;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  /** Every user, and every token that has an owner. */
  readonly users?: boolean | undefined;
  /** Who came with the token of the first start. */
  readonly bootstrap?: boolean | undefined;
}

interface Watch {
  readonly principal: Principal;
  readonly listener: (why: EndedReason) => void;
  stopTimer: () => void;
}

export interface EndingsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether anything has changed since the principal was made. */
  readonly isCurrent: (principal: Principal) => boolean;
  /** Until when it is good as things stand; undefined is for ever. A time that has passed: it is good no more. */
  readonly goodUntil: (principal: Principal) => Promise<number | undefined>;
}

/** A deadline is looked at again after this long when it could not be read. */
const retryMs = 10_000;

export class Endings {
  readonly #options: EndingsOptions;
  readonly #watches = new Set<Watch>();

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /** How many are listened for. */
  get size(): number {
    return this.#watches.size;
  }

  /** Calls back once; answers how to stop listening. Never calls back before it has answered. */
  watch(principal: Principal, listener: (why: EndedReason) => void): () => void {
    const watch: Watch = { principal, listener, stopTimer: () => {} };
    this.#watches.add(watch);
    if (this.#options.isCurrent(principal)) {
      if (mayExpire(principal)) this.#arm(watch);
    } else {
      // Something changed between being let in and listening: whoever it was for comes in again as things are now.
      queueMicrotask(() => this.#end(watch, "access_changed"));
    }
    return () => this.#drop(watch);
  }

  ended(scope: EndedScope, why: EndedReason): void {
    for (const watch of this.#watches) {
      if (isMeant(watch.principal, scope)) this.#end(watch, why);
    }
  }

  /** Stops every timer; nobody is told. */
  close(): void {
    for (const watch of this.#watches) this.#drop(watch);
  }

  #drop(watch: Watch): void {
    this.#watches.delete(watch);
    watch.stopTimer();
  }

  #end(watch: Watch, why: EndedReason): void {
    if (!this.#watches.has(watch)) return;
    this.#drop(watch);
    watch.listener(why);
  }

  #arm(watch: Watch): void {
    this.#options.goodUntil(watch.principal).then(
      (until) => {
        if (!this.#watches.has(watch) || until === undefined) return;
        const leftMs = until - this.#options.clock.now();
        if (leftMs <= 0) this.#end(watch, "expired");
        else this.#armIn(watch, Math.min(leftMs, timerDelayMsMax));
      },
      (error: unknown) => {
        this.#options.log("warn", "It could not be read when a session ends; it is read again.", {
          error: String(error),
        });
        if (this.#watches.has(watch)) this.#armIn(watch, retryMs);
      },
    );
  }

  #armIn(watch: Watch, delayMs: number): void {
    watch.stopTimer = this.#options.clock.after(delayMs, () => this.#arm(watch));
  }
}

function mayExpire(principal: Principal): boolean {
  return principal.session !== undefined || principal.token !== undefined;
}

function isMeant(principal: Principal, scope: EndedScope): boolean {
  if (scope.users === true && principal.user !== undefined) return true;
  if (scope.bootstrap === true && principal.kind === "bootstrap") return true;
  if (scope.user !== undefined && principal.user?.id === scope.user) return true;
  if (scope.token !== undefined && principal.token === scope.token) return true;
  return principal.session !== undefined && scope.sessions?.includes(principal.session) === true;
}
