// The traces that begin here: which of them are exported is decided by their ids, so that everybody who sees one decides the same.
import { formatTraceparent, spanIdOf, traceIdOf } from "@sluice/protocol";

const bits = 32;

/** Whether a trace is among the share of those that are exported; `share`: from 0 to 1. */
export function isSampled(traceId: string, share: number): boolean {
  return Number.parseInt(traceId.slice(-bits / 4), 16) < share * 2 ** bits;
}

/** The span of a run that nobody else's began, as a `traceparent`. */
export function rootTrace(share: number): (run: string) => string {
  return (run) => {
    const traceId = traceIdOf(run);
    return formatTraceparent({ traceId, spanId: spanIdOf(run), sampled: isSampled(traceId, share) });
  };
}
