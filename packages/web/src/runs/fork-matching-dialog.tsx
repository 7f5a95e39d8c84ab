// Forking every run that the filters match: counted first, then forked one after the other, because each fork is a new run.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { formatCount } from "../ui/time-format.ts";
import { doToEach, idsOf } from "./bulk.ts";
import type { BulkOutcome } from "./bulk.ts";
import { MatchedWords, runsWord } from "./bulk-words.tsx";
import { filterOf } from "./run-filter.ts";
import type { RunFilter, RunSearch } from "./run-filter.ts";

/** Forks made in one go. */
export const forksMax = 1_000;
const pageRows = 200;

interface ForkMatchingDialogProps {
  readonly search: RunSearch;
  readonly onClose: () => void;
  readonly onDone: (outcome: BulkOutcome) => void;
}

export function ForkMatchingDialog({ search, onClose, onDone }: ForkMatchingDialogProps) {
  const client = useQueryClient();
  // What comes into being while one reads, the forks themselves included, is not meant.
  const [filter] = useState((): RunFilter => {
    const chosen = filterOf(search, Date.now());
    return { ...chosen, to: chosen.to ?? Date.now() };
  });
  const [progress, setProgress] = useState<number>();
  const matching = useQuery({
    queryKey: ["forkMatching", filter],
    queryFn: async () => readMatching(filter),
    gcTime: 0,
  });
  const found = matching.data;
  const isPossible = found !== undefined && !found.more && found.ids.length > 0;
  const run = async (ids: readonly string[]): Promise<void> => {
    setProgress(0);
    const outcome = await doToEach("fork", ids, { onProgress: setProgress });
    await client.invalidateQueries({ queryKey: ["listRuns"] });
    onDone(outcome);
  };
  const words = isPossible ? `Fork ${runsWord(found.ids.length)}` : "Fork";
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={found === undefined ? "Fork runs" : isPossible ? words : found.more ? "Too many to fork" : "Nothing to do"}
      confirm={progress === undefined ? (isPossible ? words : "Close") : `${progress} of ${found?.ids.length ?? 0}`}
      busy={progress !== undefined}
      onConfirm={() => (isPossible ? void run(found.ids) : onClose())}
    >
      {matching.error !== null ? (
        <ErrorState error={matching.error} onRetry={() => void matching.refetch()} />
      ) : found === undefined ? (
        <Skeleton className="w-2/3" />
      ) : found.more ? (
        <p>
          More than {formatCount(forksMax)} runs match. Narrow the filters: that many forks at once would be a load of
          its own.
        </p>
      ) : (
        <MatchedWords action="fork" matched={found.ids.length} filter={filter} />
      )}
    </ConfirmDialog>
  );
}

async function readMatching(filter: RunFilter) {
  const { status, ...rest } = filter;
  return idsOf(
    async (cursor) => api("listRuns", { query: { ...rest, status: status ?? null, cursor, limit: pageRows } }),
    forksMax,
  );
}
