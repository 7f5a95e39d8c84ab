// State: by the beginning of a key, of everybody and of workflows. What belongs to a run is found with the run.
import { pageAt } from "./source.ts";
import type { SearchParts, SearchSource } from "./source.ts";

export function stateSearch({ engine, clock }: SearchParts): SearchSource {
  return {
    noun: "state",
    async search({ text, limit, principal }) {
      const workflows = principal.patterns("workflow:read");
      const found = await engine.store.searchStateKeys({
        text,
        limit,
        keys: principal.patterns("state:read"),
        access: workflows === undefined ? undefined : { workflows },
        now: clock.now(),
      });
      const hits = found.keys.map(({ scope, key }) => ({
        id: `${scope} ${key}`,
        title: key,
        detail: scope,
        page: pageAt(["state"], { scope, key }),
        status: null,
        at: null,
      }));
      return { hits, more: found.more };
    },
  };
}
