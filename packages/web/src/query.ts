// What the server said, kept for a while and read through hooks: `useApi`, `usePages`, `useCall`.
import {
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type { QueryKey, UseMutationResult, UseQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { api, ApiError } from "./api.ts";
import type { Answer, ApiArgs, ApiOptions, ApiRoute } from "./api.ts";
import { useToasts } from "./parts.ts";

const staleMs = 5_000;
const keptMs = 5 * 60_000;
const retriesMax = 3;

/** Worth another try: nobody answered, or the server said that it is busy or starting. */
function passes(error: unknown): boolean {
  return error instanceof ApiError && (error.code === "unreachable" || error.status === 429 || error.status === 503);
}

/** `onError` hears of every failure, whoever else handles it. */
export function createQueryClient(onError: (error: unknown) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: staleMs,
        gcTime: keptMs,
        retry: (count, error) => count < retriesMax && passes(error),
        refetchOnWindowFocus: false,
      },
      mutations: { retry: false },
    },
  });
}

/** The key of a route's answer. Without options: of all its answers, to invalidate them. */
export function apiKey<R extends ApiRoute>(route: R, options?: Partial<ApiOptions<R>>): QueryKey {
  return options === undefined ? [route] : [route, { params: options.params ?? null, query: options.query ?? null }];
}

/** A GET route as options of TanStack Query, for loaders and prefetching. */
export function apiQuery<R extends ApiRoute>(route: R, ...args: ApiArgs<R>) {
  const options = (args[0] ?? {}) as ApiOptions<R>;
  return queryOptions<Answer<R>, ApiError>({
    queryKey: apiKey(route, options),
    queryFn: async ({ signal }) => {
      const call = { ...options, signal } as ApiOptions<R>;
      return api(route, ...([call] as unknown as ApiArgs<R>));
    },
  });
}

export interface Reading {
  readonly enabled?: boolean | undefined;
  /** Asks again after this long. */
  readonly refetchMs?: number | undefined;
  /** Shows the answer for the options before, until the one for these is there. */
  readonly keepPrevious?: boolean | undefined;
  readonly staleMs?: number | undefined;
}

/** Reads a GET route; a change of the options reads anew. */
export function useApi<R extends ApiRoute>(
  route: R,
  options: ApiOptions<R>,
  reading: Reading = {},
): UseQueryResult<Answer<R>, ApiError> {
  return useQuery<Answer<R>, ApiError>({
    ...apiQuery(route, ...([options] as unknown as ApiArgs<R>)),
    enabled: reading.enabled ?? true,
    refetchInterval: reading.refetchMs ?? false,
    ...(reading.staleMs === undefined ? {} : { staleTime: reading.staleMs }),
    ...(reading.keepPrevious === true ? { placeholderData: keepPreviousData<Answer<R> | undefined> } : {}),
  } as Parameters<typeof useQuery<Answer<R>, ApiError>>[0]);
}

/** Routes that answer a page with the cursor of the next one. */
type PagedRoute = { [R in ApiRoute]: Answer<R> extends { nextCursor: string | null } ? R : never }[ApiRoute];

export interface Pages<Row> {
  /** Of all pages so far, in the order of the server. */
  readonly rows: readonly Row[];
  readonly error: ApiError | null;
  /** Nothing is there yet. */
  readonly isPending: boolean;
  readonly isFetching: boolean;
  readonly hasMore: boolean;
  /** Reads the next page; nothing happens while one is being read. */
  readonly more: () => void;
  readonly refetch: () => void;
}

/** Reads a paged route page by page. `rowsOf` has to stay the same function. */
export function usePages<R extends PagedRoute, Row>(
  route: R,
  options: ApiOptions<R>,
  p: { readonly rowsOf: (page: Answer<R>) => readonly Row[] } & Reading,
): Pages<Row> {
  const query = useInfiniteQuery<Answer<R>, ApiError, readonly Row[], QueryKey, string | null>({
    queryKey: [...apiKey(route, options), "pages"],
    queryFn: async ({ signal, pageParam }) => {
      const call = { ...options, query: { ...options.query, cursor: pageParam }, signal } as unknown as ApiOptions<R>;
      return api(route, ...([call] as unknown as ApiArgs<R>));
    },
    initialPageParam: null,
    getNextPageParam: (page) => (page as { nextCursor: string | null }).nextCursor,
    select: useCallback(({ pages }: { pages: Answer<R>[] }) => pages.flatMap(p.rowsOf), [p.rowsOf]),
    enabled: p.enabled ?? true,
    refetchInterval: p.refetchMs ?? false,
    ...(p.keepPrevious === true ? { placeholderData: keepPreviousData } : {}),
  } as Parameters<typeof useInfiniteQuery<Answer<R>, ApiError, readonly Row[], QueryKey, string | null>>[0]);
  const { data, error, isPending, isFetching, hasNextPage, fetchNextPage, refetch } = query;
  return useMemo(
    () => ({
      rows: data ?? [],
      error,
      isPending,
      isFetching,
      hasMore: hasNextPage,
      more: () => {
        if (!isFetching && hasNextPage) void fetchNextPage();
      },
      refetch: () => void refetch(),
    }),
    [data, error, isPending, isFetching, hasNextPage, fetchNextPage, refetch],
  );
}

interface Calling<R extends ApiRoute> {
  /** Routes whose answers are read again afterwards. */
  readonly changes?: readonly ApiRoute[] | undefined;
  /** Said when it has worked. */
  readonly done?: string | ((answer: Answer<R>) => string) | undefined;
  readonly onDone?: ((answer: Answer<R>) => void) | undefined;
  /** `toast` (default) shows failures at the edge of the page; `inline` leaves them to the caller. */
  readonly failures?: "toast" | "inline" | undefined;
}

/** A call that changes something, with its failure shown and the lists it touches read again. */
export function useCall<R extends ApiRoute>(
  route: R,
  calling: Calling<R> = {},
): UseMutationResult<Answer<R>, ApiError, ApiOptions<R>> {
  const client = useQueryClient();
  const toasts = useToasts();
  return useMutation<Answer<R>, ApiError, ApiOptions<R>>({
    mutationFn: async (options) => api(route, ...([options] as unknown as ApiArgs<R>)),
    onSuccess: async (answer) => {
      const { done } = calling;
      if (done !== undefined) toasts.show({ tone: "good", title: typeof done === "function" ? done(answer) : done });
      calling.onDone?.(answer);
      await Promise.all((calling.changes ?? []).map(async (each) => client.invalidateQueries({ queryKey: [each] })));
    },
    onError: (error) => {
      if (calling.failures !== "inline") toasts.fail(error);
    },
  });
}
