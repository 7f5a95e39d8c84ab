// The query that holds a list of runs: the route begins to read it before the page itself is loaded.
import type { QueryClient } from "@tanstack/react-query";
import { api } from "../api.ts";
import { filterOf } from "./run-filter.ts";
import type { RunSearch } from "./run-filter.ts";
import { RunList } from "./run-list.ts";

/** Read by the route just now, it is not read again by the page. */
const freshMs = 2_000;

/** Options of the query that holds a list, so that a link can read it before it is opened. */
export function runListQuery(search: RunSearch, seen: ReadonlySet<string> = new Set()) {
  return {
    queryKey: ["listRuns", "rows", search] as const,
    queryFn: async ({ client }: { client: QueryClient }) => {
      const known = client.getQueryData<RunList>(["listRuns", "rows", search]);
      if (known !== undefined) {
        await known.refresh(seen);
        return known;
      }
      const filter = filterOf(search, Date.now());
      const { status, ...rest } = filter;
      const list = new RunList(filter, async (cursor, limit) =>
        api("listRuns", { query: { ...rest, status: status ?? null, cursor, limit } }),
      );
      await list.load();
      return list;
    },
    structuralSharing: false,
    staleTime: freshMs,
  };
}
