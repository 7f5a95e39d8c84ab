// What each verb of circuit breakers that changes something does to their table.
import type { BreakerStore } from "../../../kernel/breaker-store.ts";
import { breakersMax, closed, enter } from "../../breaker-rules.ts";
import type { Tables } from "../tables.ts";

type Params<Verb extends keyof BreakerStore> = Parameters<BreakerStore[Verb]>[0];
type Answer<Verb extends keyof BreakerStore> = Awaited<ReturnType<BreakerStore[Verb]>>;

export function enterBreaker({ breakers }: Tables, { plan, now }: Params<"enterBreaker">): Answer<"enterBreaker"> {
  const before = breakers.get(plan.name);
  const { answer, row } = enter(before, plan, now);
  const fits = before !== undefined || breakers.count() < breakersMax;
  if (row !== undefined && fits) breakers.put(row);
  return answer;
}

export function resetBreaker({ breakers }: Tables, { name, now }: Params<"resetBreaker">): Answer<"resetBreaker"> {
  const row = breakers.get(name);
  if (row === undefined) return { outcome: "not_found" };
  breakers.put(closed(row, now));
  return { outcome: "ok" };
}
