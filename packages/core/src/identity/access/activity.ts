// When sessions and tokens were last used: noted in memory with every request, written together now and then.
import type { Clock } from "../../kernel/clock.ts";
import type { IdentityStore } from "../../kernel/identity-store.ts";
import type { Logger } from "../../kernel/log.ts";

export interface ActivityOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: { readonly touchMs: number; readonly principalsCachedMax: number };
}

export class Activity {
  readonly #options: ActivityOptions;
  /** Last use by id; kept after being written, as the store may be behind. */
  readonly #sessions = new Map<string, number>();
  readonly #tokens = new Map<string, number>();
  #dirtySessions = new Set<string>();
  #dirtyTokens = new Set<string>();
  #stopTimer: (() => void) | undefined;

  constructor(options: ActivityOptions) {
    this.#options = options;
  }

  sessionUsed(id: string): void {
    this.#used(this.#sessions, this.#dirtySessions, id);
  }

  tokenUsed(id: string): void {
    this.#used(this.#tokens, this.#dirtyTokens, id);
  }

  /** Of a session: `stored`, or later. */
  seenAt(session: string, stored: number): number {
    return Math.max(stored, this.#sessions.get(session) ?? stored);
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const sessions = uses(this.#dirtySessions, this.#sessions);
    const tokens = uses(this.#dirtyTokens, this.#tokens);
    if (sessions.length + tokens.length === 0) return;
    this.#dirtySessions = new Set();
    this.#dirtyTokens = new Set();
    try {
      await this.#options.store.touch({ sessions, tokens });
    } catch (error) {
      // It only tells when something was used last; the next use writes it again.
      this.#options.log("warn", "Last uses of sessions and tokens could not be written.", { error: String(error) });
    }
  }

  #used(last: Map<string, number>, dirty: Set<string>, id: string): void {
    const now = this.#options.clock.now();
    if (last.get(id) === now) return;
    if (!last.has(id) && last.size >= this.#options.limits.principalsCachedMax) last.clear();
    last.set(id, now);
    dirty.add(id);
    this.#stopTimer ??= this.#options.clock.after(this.#options.limits.touchMs, () => {
      this.#stopTimer = undefined;
      void this.flush();
    });
  }
}

function uses(dirty: ReadonlySet<string>, last: ReadonlyMap<string, number>): { id: string; at: number }[] {
  return [...dirty].flatMap((id) => {
    const at = last.get(id);
    return at === undefined ? [] : [{ id, at }];
  });
}
