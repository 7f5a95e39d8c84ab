// Events: by a piece of their name, each name once.
import { pageAt } from "./source.ts";
import type { SearchParts, SearchSource } from "./source.ts";

export function eventSearch({ engine }: SearchParts): SearchSource {
  return {
    noun: "events",
    async search({ text, limit, principal }) {
      const seen = principal.patterns("event:read");
      const { names, more } = await engine.store.searchEventNames({ text, limit, names: seen });
      const hits = names.map((name) => ({
        id: name,
        title: name,
        detail: null,
        page: pageAt(["events"], { name }),
        status: null,
        at: null,
      }));
      return { hits, more };
    },
  };
}
