// Stored events, newest first, page by page; what has come since waits until one asks for it.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api, asApiError } from "../api.ts";
import type { Answer, ApiError } from "../api.ts";
import { useLive } from "../live/use-live.ts";
import { apiKey } from "../query.ts";

export type StoredEvent = Answer<"listEvents">["events"][number];
type Page = Answer<"listEvents">;

const pageEvents = 100;

export interface Events {
  readonly rows: readonly StoredEvent[];
  readonly isPending: boolean;
  readonly error: ApiError | null;
  readonly hasMore: boolean;
  readonly more: () => void;
  /** Published since, up to a page. */
  readonly newCount: number;
  readonly showNew: () => void;
}

export function useEvents(name: string | undefined): Events {
  const client = useQueryClient();
  const [news, setNews] = useState({ name, count: 0 });
  const queryKey = [...apiKey("listEvents", { query: { name } }), "newest"];
  const query = useInfiniteQuery({
    queryKey,
    queryFn: async ({ signal, pageParam }): Promise<Page> =>
      api("listEvents", { query: { name, order: "newest", after: pageParam, limit: pageEvents }, signal }),
    initialPageParam: 0,
    getNextPageParam: (page: Page) => page.next,
  });
  const { data, error, isPending, hasNextPage, isFetching, fetchNextPage } = query;
  const rows = data?.pages.flatMap((page) => page.events) ?? [];
  const newest = rows[0]?.id ?? 0;
  const showNew = useCallback(() => {
    setNews({ name, count: 0 });
    // From the first page on: what was read of later ones is read again when one scrolls there.
    void client.resetQueries({ queryKey: [...apiKey("listEvents", { query: { name } }), "newest"] });
  }, [client, name]);
  useLive("events", ({ type }) => {
    if ((type !== "changed" && type !== "lagged") || data === undefined) return;
    if (newest === 0) return showNew();
    // What cannot be counted now is counted with the next event; the header says that the server is gone.
    void api("listEvents", { query: { name, after: newest, limit: pageEvents } }).then(
      ({ events }) => setNews({ name, count: events.length }),
      () => {},
    );
    return undefined;
  });
  return {
    rows,
    isPending,
    error: error === null ? null : asApiError(error),
    hasMore: hasNextPage,
    more: () => {
      if (!isFetching && hasNextPage) void fetchNextPage();
    },
    newCount: news.name === name ? news.count : 0,
    showNew,
  };
}
