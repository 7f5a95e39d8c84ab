// What a limit of the workflow holds back, of any trigger and of schedules.
import type { Answer } from "../api.ts";
import { Time } from "../ui/time.tsx";
import { formatCount } from "../ui/time-format.ts";

/** A row for `KeyValue`; null while nothing waits. */
export function waitingPair(waiting: Answer<"listTriggers">["triggers"][number]["waiting"]) {
  if (waiting === null) return null;
  return {
    name: "Wait for the rate limit",
    value: (
      <>
        {formatCount(waiting.count)}, asked again <Time at={waiting.retryAt} />
      </>
    ),
  };
}
