// One run in components: the run, its journal, its logs and its children, current without being asked for again. The live
// stream only says that there is something new; what it is comes from the journal, so that nothing depends on having heard
// every message.
import { isFinalStatus } from "@sluice/protocol";
import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo, useRef } from "react";
import { api } from "../api.ts";
import type { ApiError } from "../api.ts";
import { useLive, useLiveState } from "../live/use-live.ts";
import { apiKey, useApi } from "../query.ts";
import { emptyJournal, readJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { Refresher } from "./refresher.ts";
import type { RunJournal } from "./timeline-rows.ts";
import type { ListedRun, LogLine, Run } from "./words.ts";

const pageRows = 200;
const childrenMax = 200;
const refreshMs = 200;
/** How often to look while the live stream is not there. */
const pollMs = 2_000;

/** Without its large values, which are read one by one. */
export function useRun(run: string) {
  return useApi("getRun", { params: { run }, query: { small: true, stacks: true } });
}

/** `attempt` and `generation` of what is read: a retry takes entries away, so the journal is another one then. */
function journalQuery(run: string, attempt: number) {
  const queryKey = [...apiKey("listSteps", { params: { run } }), "journal", attempt] as const;
  return {
    queryKey,
    queryFn: async ({ client, signal }: { client: QueryClient; signal: AbortSignal }): Promise<Journal> =>
      readJournal(
        client.getQueryData<Journal>(queryKey) ?? emptyJournal,
        async (cursor) =>
          api("listSteps", { params: { run }, query: { limit: pageRows, cursor, small: true, stacks: true }, signal }),
        (journal) => client.setQueryData(queryKey, journal),
      ),
    structuralSharing: false,
  };
}

export interface ReadJournal {
  readonly journal: Journal | undefined;
  readonly error: ApiError | null;
}

export function useJournal(run: string, attempt: number | undefined): ReadJournal {
  const query = useQuery<Journal, ApiError>({
    ...journalQuery(run, attempt ?? 0),
    enabled: attempt !== undefined,
    placeholderData: (before, previous) =>
      previous?.queryKey[1] === undefined ? undefined : sameRun(previous.queryKey, run, before),
  } as Parameters<typeof useQuery<Journal, ApiError>>[0]);
  return { journal: query.data, error: query.error };
}

/** What was shown of the same run before it was retried. */
function sameRun(key: readonly unknown[], run: string, journal: Journal | undefined): Journal | undefined {
  const { params } = key[1] as { readonly params?: { readonly run?: string } };
  return params?.run === run ? journal : undefined;
}

function childrenOptions(run: string) {
  return {
    queryKey: apiKey("listRuns", { query: { parent: run, limit: childrenMax } }),
    queryFn: async () => api("listRuns", { query: { parent: run, limit: childrenMax } }),
  };
}

/** Journals of the run and of those child runs that are open, by id. */
export function useJournals(
  run: Run,
  root: Journal | undefined,
  open: readonly string[],
): ReadonlyMap<string, RunJournal> {
  const children = useQuery(childrenOptions(run.id)).data?.runs;
  const inside = useQueries({ queries: open.map((id) => childrenOptions(id)) });
  const known = [...(children ?? []), ...inside.flatMap(({ data }) => data?.runs ?? [])];
  const attempts = new Map(known.map((each) => [each.id, each.attempt]));
  const journals = useQueries({ queries: open.map((id) => journalQuery(id, attempts.get(id) ?? 1)) });
  const parts = [root, children, ...inside.map(({ data }) => data), ...journals.map(({ data }) => data)];
  return useMemo(
    () => {
      const found = new Map<string, RunJournal>();
      if (root !== undefined) found.set(run.id, { journal: root, children: children ?? [] });
      for (const [index, id] of open.entries()) {
        const journal = journals[index]?.data;
        if (journal !== undefined) found.set(id, { journal, children: inside[index]?.data?.runs ?? [] });
      }
      return found;
      // `parts` is everything that it is made of.
    },
    parts.concat([run.id as never, open.join("\n") as never]),
  );
}

export function useChildren(run: string): readonly ListedRun[] {
  return useQuery(childrenOptions(run)).data?.runs ?? [];
}

/** Every line, read on from the last one that is known. */
export function useLogs(run: string, enabled = true) {
  const queryKey = [...apiKey("listLogs", { params: { run } }), "lines"] as const;
  return useQuery<readonly LogLine[], ApiError>({
    queryKey,
    enabled,
    structuralSharing: false,
    queryFn: async ({ client, signal }) => {
      let lines = client.getQueryData<readonly LogLine[]>(queryKey) ?? [];
      const isFirst = lines.length === 0;
      for (;;) {
        const after = lines.at(-1)?.line ?? null;
        const page = await api("listLogs", { params: { run }, query: { limit: pageRows, after }, signal });
        if (page.logs.length > 0) lines = lines.concat(page.logs);
        if (page.next === null) return lines;
        if (isFirst) client.setQueryData(queryKey, lines);
      }
    },
  });
}

/** Keeps everything of a run current while the component is there. */
export function useRunUpdates(run: Run | undefined, journal: Journal | undefined): void {
  const client = useQueryClient();
  const { status } = useLiveState();
  const id = run?.id;
  const refresher = useRef<Refresher>(undefined);
  const isFinal = run !== undefined && isFinalStatus(run.status);
  const read = useEffectEvent(async () => {
    if (id === undefined) return;
    await Promise.all(
      (["getRun", "listSteps", "listLogs"] as const).map(async (route) =>
        client.refetchQueries({ queryKey: apiKey(route), type: "active" }, { cancelRefetch: false }),
      ),
    );
  });
  useEffect(() => {
    const made = new Refresher(async () => read(), refreshMs);
    refresher.current = made;
    return () => made.stop();
  }, [id]);
  const last = journal?.settled.at(-1)?.order ?? 0;
  const topic = id === undefined || journal?.complete !== true ? undefined : (`run:${id}` as const);
  useLive(
    topic,
    (message) => {
      if (message.type === "refused") return;
      refresher.current?.ask();
      if (message.type === "run" && (message.event === "step" || message.event === "end")) {
        void client.invalidateQueries({ queryKey: childrenOptions(id ?? "").queryKey }, { cancelRefetch: false });
      }
    },
    last,
  );
  useEffect(() => {
    if (status === "open" || isFinal || id === undefined) return undefined;
    const timer = setInterval(() => refresher.current?.ask(), pollMs);
    return () => clearInterval(timer);
  }, [status, isFinal, id]);
}
