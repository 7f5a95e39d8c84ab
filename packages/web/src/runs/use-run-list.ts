// The list of runs in components: kept while one looks at a run and comes back, read again where it is looked at after a
// gap, and fed by the live stream a few times a second.
import type { LiveMessage, LiveRun } from "@sluice/protocol";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import { useLive } from "../live/use-live.ts";
import type { RunSearch } from "./run-filter.ts";
import type { RunList } from "./run-list.ts";
import { runListQuery } from "./run-list-query.ts";

const flushMs = 250;
const probeMs = 1_000;
const seenMs = 100;

interface ShownRuns {
  readonly list: RunList | undefined;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly retry: () => void;
  /** To be called by each row that comes in sight; returns what to call when it leaves. */
  readonly see: (id: string) => () => void;
}

export function useRunList(search: RunSearch): ShownRuns {
  const seen = useRef(new Set<string>());
  const query = useQuery(runListQuery(search, seen.current));
  const list = query.data;
  useSyncExternalStore(
    useCallback((listener: () => void) => list?.subscribe(listener) ?? (() => {}), [list]),
    () => list?.version ?? -1,
  );
  useLiveRuns(list, query.refetch);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const see = useCallback(
    (id: string) => {
      seen.current.add(id);
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        // A page that cannot be read stays as it is, and the header says that the server does not answer.
        list?.freshen(seen.current).catch(() => {});
      }, seenMs);
      return () => void seen.current.delete(id);
    },
    [list],
  );
  return {
    list,
    error: query.error,
    isPending: query.isPending,
    retry: useCallback(() => void query.refetch(), [query.refetch]),
    see,
  };
}

/** Hands bursts of changes over in one go, and asks the server at most once a second for what only it can tell. */
function useLiveRuns(list: RunList | undefined, refetch: () => Promise<unknown>): void {
  const waiting = useRef(new Map<string, LiveRun>());
  const flush = useRef<ReturnType<typeof setTimeout>>(undefined);
  const probe = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(
    () => () => {
      clearTimeout(flush.current);
      clearTimeout(probe.current);
      flush.current = undefined;
      probe.current = undefined;
    },
    [list],
  );
  useLive(list === undefined ? undefined : "runs", (message: LiveMessage) => {
    if (list === undefined) return;
    if (message.type === "lagged") void refetch();
    if (message.type !== "runs") return;
    for (const run of message.runs) waiting.current.set(run.id, run);
    flush.current ??= setTimeout(() => {
      flush.current = undefined;
      list.take([...waiting.current.values()]);
      waiting.current.clear();
      if (!list.isUndecided) return;
      probe.current ??= setTimeout(() => {
        probe.current = undefined;
        list.probe().catch(() => {});
      }, probeMs);
    }, flushMs);
  });
}
