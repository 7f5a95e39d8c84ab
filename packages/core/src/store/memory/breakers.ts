// Circuit breakers in plain memory.
import type { BreakerMark } from "@sluice/protocol";
import type { BreakerAnswer, BreakerRecord } from "../../kernel/breaker-store.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import { breakersMax, closed, enter, leave } from "../breaker-rules.ts";

export class Breakers {
  readonly #rows = new Map<string, BreakerRecord>();

  enter({ plan, now }: Parameters<RunStore["enterBreaker"]>[0]): BreakerAnswer {
    const before = this.#rows.get(plan.name);
    const { answer, row } = enter(before, plan, now);
    const fits = before !== undefined || this.#rows.size < breakersMax;
    if (row !== undefined && fits) this.#rows.set(plan.name, row);
    return answer;
  }

  /** What an attempt behind a breaker came to. */
  record(mark: BreakerMark, p: { readonly error: string | undefined; readonly now: number }): void {
    const row = leave(this.#rows.get(mark.name), { mark, ...p });
    if (row !== undefined) this.#rows.set(mark.name, row);
  }

  reset({ name, now }: { readonly name: string; readonly now: number }): { readonly outcome: "ok" | "not_found" } {
    const row = this.#rows.get(name);
    if (row === undefined) return { outcome: "not_found" };
    this.#rows.set(name, closed(row, now));
    return { outcome: "ok" };
  }

  list(): readonly BreakerRecord[] {
    return [...this.#rows.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
