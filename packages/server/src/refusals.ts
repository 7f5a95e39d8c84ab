// Refusals in the audit trail: who was turned away at the door, in bounds that no flood can break.
import type { Actor, Clock, Logger } from "@sluice/core";
import { callerOf } from "./address.ts";

/** One refusal. */
export interface Refusal {
  readonly by: Actor;
  /** The permission that was missing, or what was not let in: `request:authenticate`, `request:accept`. */
  readonly action: string;
  /** As `route:NAME`. */
  readonly target: string;
  readonly workflow?: string | undefined;
  /** Code of the error. */
  readonly reason: string;
}

/** The part of the audit trail that is needed; rows are durable when it answers. */
export interface RefusalTrail {
  recordAudit(p: {
    readonly note: Refusal & { readonly at: number; readonly outcome: "refused"; readonly after?: string };
  }): Promise<unknown>;
}

export interface RefusalOptions {
  readonly trail: RefusalTrail;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rows of one caller in a minute; what is more is told as a number at the minute's end. */
  readonly perMinuteMax: number;
  /** Callers told apart in a minute; all further ones count as one. */
  readonly callersMax: number;
}

interface Count {
  written: number;
  more: number;
  readonly address: string | undefined;
}

const minuteMs = 60_000;

export class RefusalLog {
  readonly #options: RefusalOptions;
  readonly #counts = new Map<string, Count>();
  readonly #writing = new Set<Promise<void>>();
  #stopTimer: (() => void) | undefined;

  constructor(options: RefusalOptions) {
    this.#options = options;
  }

  /** Writes it, or counts it. */
  note(refusal: Refusal): void {
    const count = this.#countOf(refusal.by.origin?.address);
    if (count.written >= this.#options.perMinuteMax) {
      count.more++;
      return;
    }
    count.written++;
    this.#write(refusal);
  }

  /** Writes what was counted; resolves when everything is written. */
  async close(): Promise<void> {
    this.#stopTimer?.();
    this.#endMinute();
    await Promise.all(this.#writing);
  }

  #countOf(address: string | undefined): Count {
    const caller = address === undefined ? "" : callerOf(address);
    const known = this.#counts.get(caller);
    if (known !== undefined) return known;
    this.#stopTimer ??= this.#options.clock.after(minuteMs, () => this.#endMinute());
    const others = this.#counts.size >= this.#options.callersMax;
    const shared = others ? this.#counts.get("others") : undefined;
    if (shared !== undefined) return shared;
    const count = { written: 0, more: 0, address: others ? undefined : address };
    this.#counts.set(others ? "others" : caller, count);
    return count;
  }

  #endMinute(): void {
    this.#stopTimer = undefined;
    for (const { more, address } of this.#counts.values()) {
      if (more === 0) continue;
      const by: Actor = { kind: "system", id: "edge", origin: address === undefined ? {} : { address } };
      this.#write({ by, action: "request:accept", target: "route:*", reason: "too_many_requests" }, more);
    }
    this.#counts.clear();
  }

  #write(refusal: Refusal, count?: number): void {
    const { trail, clock, log } = this.#options;
    const after = count === undefined ? {} : { after: JSON.stringify({ refusals: count }) };
    const written = trail.recordAudit({ note: { ...refusal, at: clock.now(), outcome: "refused", ...after } }).then(
      () => undefined,
      (error: unknown) => log("error", "a refusal could not be written to the audit trail", { error: String(error) }),
    );
    const writing = written.finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}
