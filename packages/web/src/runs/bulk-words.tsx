// What is said before and after something is done to many runs.
import { runStatusLooks } from "../ui/badge.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";
import { actionWords } from "./bulk.ts";
import type { BulkAction } from "./bulk.ts";
import { describeFilter } from "./run-filter.ts";
import type { RunFilter } from "./run-filter.ts";

export const runsWord = (count: number) => `${formatCount(count)} ${count === 1 ? "run" : "runs"}`;

/** What follows from it, where the verb alone does not say. */
export const consequences: Readonly<Record<BulkAction, string>> = {
  cancel: "What they have done is undone where the workflow says how. This cannot be taken back.",
  retry: "Each goes on from the step that failed, with the current code.",
  pause: "Steps that are running finish; nothing new begins until they are resumed.",
  resume: "They go on where they stopped.",
  delete: "Their journals, logs and values are gone for good.",
  fork: "Each gets a new run that begins from the start with the same input.",
};

interface MatchedWordsProps {
  readonly action: BulkAction;
  readonly matched: number;
  readonly filter: RunFilter | undefined;
}

export function MatchedWords({ action, matched, filter }: MatchedWordsProps) {
  const words = filter === undefined ? "" : describeFilter(filter, (status) => runStatusLooks[status].label);
  if (matched === 0) return <p>No run that matches the filters can be {actionWords[action].done.toLowerCase()}.</p>;
  return (
    <>
      <p>
        <strong className="tabular text-ink">{runsWord(matched)}</strong> <Text>{words}</Text>.
      </p>
      <p>{consequences[action]}</p>
    </>
  );
}
